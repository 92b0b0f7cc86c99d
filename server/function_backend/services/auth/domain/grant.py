"""What is asked of the token endpoint, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
MOST_ACTORS = 4
"""How many may act one for the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedClient:
    """How a client says who it is. Nothing of it is true yet."""

    client_id: str = ""
    secret: str = field(default="", repr=False)
    assertion_type: str = ""
    assertion: str = field(default="", repr=False)
    tenant: str = ""
    """The tenant by name, where the client belongs to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as far as it is known."""

    id: str
    """Its `client_id`."""
    tenant_id: UUID
    account_id: UUID | None
    """The service account that it has proven to be; None for the first-party client, which proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a call comes from, as far as it can be told."""

    address: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a token is to be narrowed to and whom it is to be for; empty where nothing was said."""

    scopes: frozenset[str] = frozenset()
    audience: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """What the token endpoint is asked, before anything of it was looked at."""

    grant_type: str
    client: PresentedClient
    origin: Origin = Origin()
    scope: str = ""
    audience: tuple[str, ...] = ()
    username: str = ""
    password: str = field(default="", repr=False)
    otp: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    subject_token: str = field(default="", repr=False)
    subject_token_type: str = ""
    actor_token: str = field(default="", repr=False)
    actor_token_type: str = ""
    requested_token_type: str = ""
    device_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What the token endpoint hands out."""

    access_token: str = field(repr=False)
    expires_in: int
    """Seconds."""
    scopes: frozenset[str]
    refresh_token: str = field(default="", repr=False)
    issued_token_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """What a good token says."""

    kind: str
    """`Bearer` for an access token, `refresh_token` for the other."""
    client_id: str
    subject: str
    tenant_id: UUID
    scopes: frozenset[str]
    audience: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    token_id: UUID
    session_id: UUID | None = None
    actors: tuple[str, ...] = ()
    authentication_methods: frozenset[str] = frozenset()
    authenticated_at: datetime | None = None
