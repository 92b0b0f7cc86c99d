"""What an access token says, as values: who it is for, what it may be used for, and how its subject signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class SubjectKind(StrEnum):
    """Who can stand behind a credential. The value is the first half of an actor such as `user:01938d2e-…`."""

    USER = "user"
    SERVICE_ACCOUNT = "service_account"
    API_KEY = "api_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """The claims of an access token (RFC 9068), read and checked."""

    token_id: UUID
    """`jti`."""
    tenant_id: UUID
    """`tenant`: whose token it is; a token is good for one tenant alone."""
    subject_kind: SubjectKind
    subject_id: UUID
    """With the kind before it and a colon between, `sub`."""
    client_id: str
    audience: tuple[str, ...]
    scopes: frozenset[str]
    """`scope`: permission patterns that the token is narrowed to; none means everything that the subject may do."""
    issued_at: datetime
    expires_at: datetime
    session_id: UUID | None = None
    """`sid`: the session it belongs to; None for grants without one."""
    actors: tuple[str, ...] = ()
    """`act`, outermost first: who acts for the subject (RFC 8693)."""
    authentication_methods: frozenset[str] = frozenset()
    """`amr`, by the names of RFC 8176."""
    authenticated_at: datetime | None = None
    """`auth_time`."""

    @property
    def subject(self) -> str:
        """`sub`, such as `user:01938d2e-…`."""
        return f"{self.subject_kind.value}:{self.subject_id}"
