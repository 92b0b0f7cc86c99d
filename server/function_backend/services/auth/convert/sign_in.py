"""Sign-ins and what changes about them, on the wire."""

from __future__ import annotations

from collections.abc import Callable

from function.auth.v1 import sign_in_events_pb2
from function_backend.services.auth.events.credential import UserCredentialEvent
from function_backend.services.auth.events.sign_in import UnknownSignInRefused, UserSignedIn, UserSignInRefused


def credential_event(message: Callable[..., object]) -> Callable[[UserCredentialEvent], bytes]:
    """A function that makes the event's message, which says of which user."""

    def write(event: UserCredentialEvent) -> bytes:
        return message(user_id=str(event.subject_id)).SerializeToString()  # type: ignore[attr-defined,no-any-return]

    return write


def user_signed_in(event: UserSignedIn) -> bytes:
    """The event's message."""
    return sign_in_events_pb2.UserSignedIn(
        user_id=str(event.subject_id),
        methods=sorted(event.methods),
        client_address=event.client_address,
        recovery_code=event.recovery_code,
    ).SerializeToString()


def user_sign_in_refused(event: UserSignInRefused) -> bytes:
    """The event's message."""
    return sign_in_events_pb2.UserSignInRefused(
        user_id=str(event.subject_id), cause=event.cause, client_address=event.client_address
    ).SerializeToString()


def unknown_sign_in_refused(event: UnknownSignInRefused) -> bytes:
    """The event's message."""
    return sign_in_events_pb2.UnknownSignInRefused(
        login_digest=event.login_digest, client_address=event.client_address
    ).SerializeToString()
