"""Groups and their members on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from function.auth.v1 import group_events_pb2, group_pb2
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.domain.card import Card
from function_backend.services.auth.domain.group import Group, Member, MemberKind
from function_backend.services.auth.events.group import GroupEvent, GroupUpdated, MembershipEvent
from function_backend.timestamps import timestamp

_KINDS = {
    MemberKind.USER: group_pb2.MEMBER_KIND_USER,
    MemberKind.SERVICE_ACCOUNT: group_pb2.MEMBER_KIND_SERVICE_ACCOUNT,
    MemberKind.GROUP: group_pb2.MEMBER_KIND_GROUP,
}
_READ_KINDS = {wire: kind for kind, wire in _KINDS.items()}


def group_card(message: group_pb2.Group) -> Card:
    """What the caller says about the group, yet to be checked."""
    return Card(
        name=message.name,
        display_name=message.display_name,
        description=message.description,
        labels=dict(message.labels),
    )


def group(value: Group) -> group_pb2.Group:
    """The group as callers see it."""
    return group_pb2.Group(
        id=str(value.id),
        etag=value.etag,
        name=value.card.name,
        display_name=value.card.display_name,
        description=value.card.description,
        labels=value.card.labels,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
    )


def read_member(message: group_pb2.Member) -> Member:
    """The member that the message names."""
    return Member(_READ_KINDS[message.kind], parse_id(message.id))


def read_members(messages: Iterable[group_pb2.Member]) -> list[Member]:
    """The members, each once."""
    return list(dict.fromkeys(map(read_member, messages)))


def member(value: Member) -> group_pb2.Member:
    """The member as callers see it."""
    return group_pb2.Member(kind=_KINDS[value.kind], id=str(value.id))


def group_event(message: Callable[..., object]) -> Callable[[GroupEvent], bytes]:
    """A function that makes the event's message, which carries the group."""

    def write(event: GroupEvent) -> bytes:
        return message(group=group(event.group)).SerializeToString()  # type: ignore[attr-defined,no-any-return]

    return write


def group_updated(event: GroupUpdated) -> bytes:
    """The event's message."""
    message = group_events_pb2.GroupUpdated(group=group(event.group), changed_fields=event.changed_fields)
    return message.SerializeToString()


def membership_event(message: Callable[..., object]) -> Callable[[MembershipEvent], bytes]:
    """A function that makes the event's message, which carries the group and the members that it is about."""

    def write(event: MembershipEvent) -> bytes:
        made = message(group=group(event.group), members=map(member, event.members))
        return made.SerializeToString()  # type: ignore[attr-defined,no-any-return]

    return write
