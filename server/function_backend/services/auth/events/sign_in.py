"""Who signed in, and who did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.kernel.identifiers import new_id
from function_backend.services.auth.domain.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedIn(DomainEvent):
    """A user has signed in."""

    type: ClassVar[str] = "function.auth.v1.UserSignedIn"
    subject_type: ClassVar[str] = "user"
    sensitive_details: ClassVar[frozenset[str]] = frozenset({"client_address"})

    methods: frozenset[str]
    client_address: str
    recovery_code: bool

    @classmethod
    def of(cls, user: User, *, at: datetime, methods: frozenset[str], client_address: str, recovery_code: bool) -> Self:
        """The event of the sign-in."""
        return cls(
            subject_id=user.id,
            sequence=user.version,
            occurred_at=at,
            details={
                "methods": ",".join(sorted(methods)),
                "client_address": client_address,
                "recovery_code": str(recovery_code).lower(),
            },
            methods=methods,
            client_address=client_address,
            recovery_code=recovery_code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignInRefused(DomainEvent):
    """A sign-in as an existing user was refused. Only the audit learns why."""

    type: ClassVar[str] = "function.auth.v1.UserSignInRefused"
    subject_type: ClassVar[str] = "user"
    sensitive_details: ClassVar[frozenset[str]] = frozenset({"client_address"})

    cause: str
    client_address: str

    @classmethod
    def of(cls, user: User, *, at: datetime, cause: str, client_address: str) -> Self:
        """The event of the refusal."""
        return cls(
            subject_id=user.id,
            sequence=user.version,
            occurred_at=at,
            details={"cause": cause, "client_address": client_address},
            cause=cause,
            client_address=client_address,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSignInRefused(DomainEvent):
    """A sign-in as nobody was refused. People type passwords into the wrong field, so only a digest is kept."""

    type: ClassVar[str] = "function.auth.v1.UnknownSignInRefused"
    subject_type: ClassVar[str] = "sign_in"
    sensitive_details: ClassVar[frozenset[str]] = frozenset({"login_digest", "client_address"})

    login_digest: str
    client_address: str

    @classmethod
    def of(cls, login_digest: str, *, at: datetime, client_address: str) -> Self:
        """The event of the refusal."""
        return cls(
            subject_id=new_id(),
            sequence=1,
            occurred_at=at,
            details={"login_digest": login_digest, "client_address": client_address},
            login_digest=login_digest,
            client_address=client_address,
        )
