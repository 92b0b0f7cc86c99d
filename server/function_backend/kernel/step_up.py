"""How a person must have signed in for what asks for more than a permission (RFC 9470)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta

SECOND_FACTOR = "mfa"
"""The authentication method (RFC 8176) that says that there was a second factor."""


class SignIn(Protocol):
    """A caller, as far as the way counts in which it has signed in; a `Principal` is one."""

    @property
    def kind(self) -> str:
        """What it is, such as `user`."""

    @property
    def authentication_methods(self) -> frozenset[str]:
        """How the person signed in."""

    @property
    def authenticated_at(self) -> datetime | None:
        """When the person signed in; None for the credentials of services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """How a person must have signed in for a method, or for what a role grants."""

    second_factor: bool
    max_age: timedelta | None
    """How long ago at most; None for no bound."""

    def is_met(self, caller: SignIn, *, now: datetime) -> bool:
        """Whether the caller has signed in so. Nobody signs in with the credential of a service, so they all have."""
        if caller.kind != "user":
            return True
        if self.second_factor and SECOND_FACTOR not in caller.authentication_methods:
            return False
        return self.max_age is None or signed_in_within(caller, self.max_age, now=now)


def signed_in_within(caller: SignIn, age: timedelta, *, now: datetime) -> bool:
    """Whether the caller has signed in, and at most so long ago."""
    return caller.authenticated_at is not None and now - caller.authenticated_at <= age
