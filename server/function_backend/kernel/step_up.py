"""How a person must have signed in for what asks for more than a permission (RFC 9470)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from function_backend.kernel.identity import Principal

SECOND_FACTOR = "mfa"
"""The authentication method (RFC 8176) that says that there was a second factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """How a person must have signed in for a method, or for what a role grants."""

    second_factor: bool
    max_age: timedelta | None
    """How long ago at most; None for no bound."""

    def is_met(self, principal: Principal, *, now: datetime) -> bool:
        """Whether the caller has signed in so. Nobody signs in with the credential of a service, so they all have."""
        if principal.kind != "user":
            return True
        if self.second_factor and SECOND_FACTOR not in principal.authentication_methods:
            return False
        return self.max_age is None or signed_in_within(principal, self.max_age, now=now)


def signed_in_within(principal: Principal, age: timedelta, *, now: datetime) -> bool:
    """Whether the caller has signed in, and at most so long ago."""
    return principal.authenticated_at is not None and now - principal.authenticated_at <= age
