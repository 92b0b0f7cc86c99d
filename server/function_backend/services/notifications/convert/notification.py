"""Notifications on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from function.notifications.v1 import notification_pb2 as wire
from function.notifications.v1 import notification_service_pb2, preference_pb2
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.notifications.convert.variables import read_variables
from function_backend.services.notifications.domain.addresses import (
    CHAT,
    EMAIL,
    SMS,
    AddressError,
    checked_address,
    holder_digest,
    user_digest,
)
from function_backend.services.notifications.domain.notification import Notification, NotificationState
from function_backend.services.notifications.errors import RecipientInvalidError
from function_backend.services.notifications.ports import ChannelAdapter
from function_backend.services.notifications.repository.notification import NotificationFilter
from function_backend.services.notifications.service.sending import Recipient, Wish, field_of
from function_backend.timestamps import read_optional_moment, timestamp

_STATES: Mapping[NotificationState, wire.NotificationState.ValueType] = {
    state: wire.NotificationState.Value(f"NOTIFICATION_STATE_{state.name}") for state in NotificationState
}
_BY_NUMBER = {number: state for state, number in _STATES.items()}
_FIELDS = ("email", "phone", "chat", "other")
_CHANNEL_OF = {"email": EMAIL, "phone": SMS, "chat": CHAT, "other": ""}


def wish(message: wire.NotificationWish, place: str) -> Wish:
    """What is to be told to whom; `place` is where it stands in the request, such as `notification.`."""
    recipient = message.recipient
    send_at, expires_at = (
        read_optional_moment(message, "send_time", place),
        read_optional_moment(message, "expire_time", place),
    )
    if send_at is not None and expires_at is not None and expires_at <= send_at:
        raise invalid_fields(FieldViolation(f"{place}expire_time", "must be after send_time"))
    return Wish(
        recipient=Recipient(
            addresses={name: value for name in _FIELDS if (value := getattr(recipient, name))},
            user_id=UUID(recipient.user_id) if recipient.user_id else None,
            display_name=recipient.display_name,
            language=recipient.language,
        ),
        template=message.template,
        variables=read_variables(message.variables, f"{place}variables"),
        key=message.key,
        channel=message.channel,
        send_at=send_at,
        expires_at=expires_at,
    )


def notification(value: Notification, *, with_address: bool = True) -> wire.Notification:
    """The notification as callers see it; in events without the address."""
    addressee = value.addressee
    recipient = wire.Recipient(
        user_id="" if addressee.user_id is None else str(addressee.user_id), language=addressee.language
    )
    if with_address:
        recipient.display_name = addressee.display_name
        setattr(recipient, field_of(value.channel), addressee.address)
    return wire.Notification(
        id=str(value.id),
        key=value.key,
        recipient=recipient,
        template=value.template,
        template_version=value.template_version,
        language=value.language,
        category=value.category,
        channel=value.channel,
        state=_STATES[value.state],
        failure=value.failure,
        attempts=value.attempts,
        provider_id=value.provider_id,
        digest_id="" if value.digest_id is None else str(value.digest_id),
        create_time=timestamp(value.created_at),
        due_time=timestamp(value.due_at),
        sent_time=timestamp(value.sent_at),
        end_time=timestamp(value.ended_at),
        expire_time=timestamp(value.expires_at),
        creator=value.creator,
    )


def channel(name: str, adapter: ChannelAdapter) -> wire.Channel:
    """The channel as callers see it."""
    return wire.Channel(name=name, adapter=adapter.name, idempotent=adapter.idempotent)


def wanted(request: notification_service_pb2.ListNotificationsRequest) -> NotificationFilter:
    """Which notifications are listed."""
    user_id, addressed = None, None
    if request.HasField("recipient"):
        field, channel_name, value = _holder(request.recipient, "recipient")
        if field == "user_id":
            user_id = UUID(value)
        else:
            addressed = (channel_name, value)
    return NotificationFilter(
        states=frozenset(_BY_NUMBER[each].value for each in request.states),
        template=request.template,
        category=request.category,
        channel=request.channel,
        key=request.key,
        user_id=user_id,
        addressed=addressed,
    )


def holder(message: preference_pb2.PreferenceHolder, channel_name: str = "") -> bytes:
    """Who has a preference, by the digest; of the addresses of the operator's channels, the channel is a part."""
    field, usual, value = _holder(message, "holder")
    if field == "user_id":
        return user_digest(UUID(value))
    if field == "other" and not channel_name:
        raise RecipientInvalidError("holder.other", "needs the channel, since each has addresses of its own")
    return holder_digest(usual or channel_name, value)


def _holder(message: preference_pb2.PreferenceHolder, place: str) -> tuple[str, str, str]:
    """The field that is set, its channel, and its value in the usual form."""
    field = message.WhichOneof("holder") or "user_id"
    value: str = getattr(message, field)
    if field == "user_id":
        return field, "", value
    try:
        return field, _CHANNEL_OF[field], checked_address(_CHANNEL_OF[field], value)
    except AddressError as error:
        raise RecipientInvalidError(f"{place}.{field}", str(error)) from None
