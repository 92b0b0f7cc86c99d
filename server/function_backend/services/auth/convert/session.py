"""Sessions on the wire."""

from __future__ import annotations

from function.auth.v1 import session_events_pb2, session_pb2
from function_backend.kernel.identity import Principal
from function_backend.services.auth.domain.session import Session, SessionEnd
from function_backend.services.auth.events.session import SessionCreated, SessionRefreshed, SessionRevoked
from function_backend.timestamps import timestamp

_ENDS = {
    SessionEnd.NOT_ENDED: session_pb2.SESSION_END_UNSPECIFIED,
    SessionEnd.SIGNED_OUT: session_pb2.SESSION_END_SIGNED_OUT,
    SessionEnd.REVOKED: session_pb2.SESSION_END_REVOKED,
    SessionEnd.TOKEN_REUSED: session_pb2.SESSION_END_TOKEN_REUSED,
}


def session(value: Session, principal: Principal | None = None) -> session_pb2.Session:
    """The session as the caller sees it."""
    return session_pb2.Session(
        id=str(value.id),
        user_id=str(value.user_id),
        client_id=value.client_id,
        device=value.device,
        address=value.address,
        authentication_methods=sorted(value.authentication_methods),
        authenticate_time=timestamp(value.authenticated_at),
        create_time=timestamp(value.created_at),
        last_use_time=timestamp(value.last_used_at),
        idle_expire_time=timestamp(value.idle_expires_at),
        expire_time=timestamp(value.expires_at),
        revoke_time=timestamp(value.revoked_at),
        end=_ENDS[value.ended_by],
        current=principal is not None and principal.session_id == value.id,
    )


def session_created(event: SessionCreated) -> bytes:
    """The event's message."""
    return session_events_pb2.SessionCreated(session=session(event.session)).SerializeToString()


def session_refreshed(event: SessionRefreshed) -> bytes:
    """The event's message."""
    return session_events_pb2.SessionRefreshed(
        session_id=str(event.session.id), user_id=str(event.session.user_id), repeated=event.repeated
    ).SerializeToString()


def session_revoked(event: SessionRevoked) -> bytes:
    """The event's message."""
    return session_events_pb2.SessionRevoked(session=session(event.session)).SerializeToString()
