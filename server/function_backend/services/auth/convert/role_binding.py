"""Role bindings on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from function.auth.v1 import role_binding_events_pb2, role_binding_pb2, role_binding_service_pb2
from function_backend.kernel.conditions import ALWAYS
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.role_condition import condition, read_condition, read_scope, scope
from function_backend.services.auth.convert.values import optional_id
from function_backend.services.auth.domain.role_binding import BindingWish, Holder, HolderKind, RoleBinding
from function_backend.services.auth.events.role_binding import RoleBindingCreated, RoleBindingDeleted
from function_backend.services.auth.repository.role_binding import BindingFilter
from function_backend.timestamps import read_moment, timestamp

_KINDS: Mapping[int, HolderKind] = {
    role_binding_pb2.ROLE_SUBJECT_KIND_USER: HolderKind.USER,
    role_binding_pb2.ROLE_SUBJECT_KIND_SERVICE_ACCOUNT: HolderKind.SERVICE_ACCOUNT,
    role_binding_pb2.ROLE_SUBJECT_KIND_GROUP: HolderKind.GROUP,
}
_WIRE_KINDS = {
    HolderKind.USER: role_binding_pb2.ROLE_SUBJECT_KIND_USER,
    HolderKind.SERVICE_ACCOUNT: role_binding_pb2.ROLE_SUBJECT_KIND_SERVICE_ACCOUNT,
    HolderKind.GROUP: role_binding_pb2.ROLE_SUBJECT_KIND_GROUP,
}


def binding_wish(request: role_binding_service_pb2.CreateRoleBindingRequest) -> BindingWish:
    """What the request wants to grant."""
    return BindingWish(
        role_id=parse_id(request.role_id),
        holder=_holder(request.subject),
        scope=read_scope(request.scope),
        condition=read_condition(request.condition) if request.HasField("condition") else ALWAYS,
        expires_at=read_moment(request.expire_time, "expire_time") if request.HasField("expire_time") else None,
        reason=request.reason,
    )


def binding_filter(request: role_binding_service_pb2.ListRoleBindingsRequest) -> BindingFilter:
    """Which bindings the request is about."""
    return BindingFilter(
        holder=_holder(request.subject) if request.HasField("subject") else None,
        role_id=optional_id(request.role_id),
        scope=(read_scope(request.scope),) if request.HasField("scope") else None,
    )


def role_binding(value: RoleBinding) -> role_binding_pb2.RoleBinding:
    """The binding as callers see it."""
    wish = value.wish
    return role_binding_pb2.RoleBinding(
        id=str(value.id),
        role_id=str(wish.role_id),
        subject=role_binding_pb2.RoleSubject(kind=_WIRE_KINDS[wish.holder.kind], id=str(wish.holder.id)),
        scope=scope(wish.scope),
        expire_time=timestamp(wish.expires_at),
        condition=condition(wish.condition),
        reason=wish.reason,
        granter=value.granter,
        create_time=timestamp(value.created_at),
        delete_time=timestamp(value.deleted_at),
        deleter=value.deleter,
        delete_reason=value.delete_reason,
    )


def role_binding_created(event: RoleBindingCreated) -> bytes:
    """The event's message."""
    message = role_binding_events_pb2.RoleBindingCreated(role_binding=role_binding(event.binding))
    return message.SerializeToString()


def role_binding_deleted(event: RoleBindingDeleted) -> bytes:
    """The event's message."""
    message = role_binding_events_pb2.RoleBindingDeleted(role_binding=role_binding(event.binding))
    return message.SerializeToString()


def _holder(message: role_binding_pb2.RoleSubject) -> Holder:
    return Holder(_KINDS[message.kind], parse_id(message.id))
