"""What a tenant may decide for itself: passwords, sessions, the lives of tokens, and how its callers get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

LONGEST_ACCESS_TOKEN = timedelta(hours=1)
"""No access token lives longer, whatever a tenant says: so long a signing key stays published after its last use."""
SHORTEST_ACCESS_TOKEN = timedelta(minutes=1)
LONGEST_SESSION = timedelta(days=365)
SHORTEST_SESSION = timedelta(minutes=1)
SHORTEST_PASSWORD = 8
LONGEST_MINIMUM = 128
LONGEST_HISTORY = 24


class Grant(StrEnum):
    """How a caller of a tenant may get a token. The values are the names that OAuth 2 gives them."""

    PASSWORD = "password"  # noqa: S105 - the name of a grant
    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRules:
    """What holds for a tenant: its own decisions, and the installation's where it made none."""

    password_min_length: int = 12
    second_factor_required: bool = False
    """Whether people who sign in without a second factor may do nothing but see to themselves."""
    password_history: int = 0
    """How many former passwords may not be used again."""
    session_idle_lifetime: timedelta = timedelta(hours=12)
    """A session that is not used for so long is over."""
    session_absolute_lifetime: timedelta = timedelta(days=30)
    """A session is over after so long, however much it is used."""
    access_token_lifetime: timedelta = timedelta(minutes=10)
    refresh_token_lifetime: timedelta = timedelta(days=14)
    allowed_grants: frozenset[Grant] = frozenset(Grant)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """What a tenant decided for itself; None where the installation's rule holds.

    Raises ValueError, with the name of the field, for what is out of bounds.
    """

    password_min_length: int | None = None
    second_factor_required: bool | None = None
    password_history: int | None = None
    session_idle_lifetime: timedelta | None = None
    session_absolute_lifetime: timedelta | None = None
    access_token_lifetime: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    allowed_grants: frozenset[Grant] | None = None

    def __post_init__(self) -> None:
        _within("password_min_length", self.password_min_length, SHORTEST_PASSWORD, LONGEST_MINIMUM)
        _within("password_history", self.password_history, 0, LONGEST_HISTORY)
        for name in ("session_idle_lifetime", "session_absolute_lifetime", "refresh_token_lifetime"):
            _within(name, getattr(self, name), SHORTEST_SESSION, LONGEST_SESSION)
        _within("access_token_lifetime", self.access_token_lifetime, SHORTEST_ACCESS_TOKEN, LONGEST_ACCESS_TOKEN)

    def rules(self, default: TenantRules) -> TenantRules:
        """What holds, with the installation's rules where nothing was decided."""
        return TenantRules(
            **{
                field.name: getattr(default, field.name) if (own := getattr(self, field.name)) is None else own
                for field in fields(self)
            }
        )

    def document(self) -> dict[str, object]:
        """The decisions as JSON values; what was not decided is left out."""
        return {field.name: _plain(value) for field in fields(self) if (value := getattr(self, field.name)) is not None}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> TenantSettings:
        """The decisions again; names that this release does not know are left out."""
        return cls(**{name: read(document[name]) for name, read in _READ.items() if document.get(name) is not None})


FIELDS = tuple(field.name for field in fields(TenantSettings))
"""The names of what a tenant may decide."""


def _within(name: str, value: Any, least: Any, most: Any) -> None:  # noqa: ANN401 - numbers or spans
    if value is not None and not least <= value <= most:
        raise ValueError(f"{name}: must lie between {least} and {most}")


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return sorted(value) if isinstance(value, frozenset) else value


def _span(seconds: Any) -> timedelta:  # noqa: ANN401 - a JSON number
    return timedelta(seconds=seconds)


def _grants(names: Any) -> frozenset[Grant]:  # noqa: ANN401 - a JSON list
    known = {grant.value for grant in Grant}
    return frozenset(Grant(name) for name in names if name in known)


_READ: Mapping[str, Any] = {
    "password_min_length": int,
    "second_factor_required": bool,
    "password_history": int,
    "session_idle_lifetime": _span,
    "session_absolute_lifetime": _span,
    "access_token_lifetime": _span,
    "refresh_token_lifetime": _span,
    "allowed_grants": _grants,
}
