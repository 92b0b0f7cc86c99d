"""What happens to sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.session import Session
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated(DomainEvent):
    """A person signed in."""

    type: ClassVar[str] = "function.auth.v1.SessionCreated"
    subject_type: ClassVar[str] = "session"
    sensitive_details: ClassVar[frozenset[str]] = frozenset({"address"})

    session: Session

    @classmethod
    def of(cls, session: Session, *, grant_type: str) -> Self:
        """The event of the session's beginning."""
        return cls(
            subject_id=session.id,
            sequence=session.revision,
            occurred_at=session.created_at,
            after_digest=state_digest(session),
            details={
                "user_id": str(session.user_id),
                "client_id": session.client_id,
                "grant_type": grant_type,
                "address": session.address,
                "amr": " ".join(sorted(session.authentication_methods)),
            },
            session=session,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRefreshed(DomainEvent):
    """A refresh token was exchanged for the next one."""

    type: ClassVar[str] = "function.auth.v1.SessionRefreshed"
    subject_type: ClassVar[str] = "session"

    session: Session
    repeated: bool

    @classmethod
    def of(cls, before: Session, after: Session, *, repeated: bool) -> Self:
        """The event of a refresh; `repeated` when the answer before was lost."""
        return cls(
            subject_id=after.id,
            sequence=after.revision,
            occurred_at=after.last_used_at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            details={"repeated": "true"} if repeated else None,
            session=after,
            repeated=repeated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(DomainEvent):
    """A session was ended before its time."""

    type: ClassVar[str] = "function.auth.v1.SessionRevoked"
    subject_type: ClassVar[str] = "session"

    session: Session

    @classmethod
    def of(cls, before: Session, after: Session, *, at: datetime) -> Self:
        """The event of the session's end."""
        return cls(
            subject_id=after.id,
            sequence=after.revision,
            occurred_at=at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            details={"user_id": str(after.user_id), "ended_by": after.ended_by.value},
            session=after,
        )
