"""How failed sign-ins slow down those that follow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleRules:
    """When sign-ins are delayed, and by how much."""

    delay_after: int
    """So many failures are free."""
    first_delay: timedelta
    """The delay after the next one; every further failure doubles it."""
    longest_delay: timedelta
    forget_after: timedelta
    """After so long without a failure all is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The failed sign-ins of one user, or from one address."""

    failures: int
    last_at: datetime
    blocked_until: datetime

    def wait(self, now: datetime) -> timedelta:
        """How long the next attempt has to wait; zero when it need not."""
        return max(self.blocked_until - now, timedelta())

    def counted(self, now: datetime, rules: ThrottleRules) -> Throttle:
        """With one failure more. An attempt counts as one until it has succeeded, so that many at once count all."""
        failures = 1 if now - self.last_at >= rules.forget_after else self.failures + 1
        beyond = failures - rules.delay_after
        delay = timedelta()
        if beyond > 0:
            delay = min(rules.first_delay * 2 ** min(beyond - 1, _MOST_DOUBLINGS), rules.longest_delay)
        return Throttle(failures=failures, last_at=now, blocked_until=now + delay)

    def excused(self) -> Throttle:
        """With one failure less: the attempt that was counted did not fail."""
        return replace(self, failures=max(self.failures - 1, 0), blocked_until=self.last_at)


def fresh(now: datetime) -> Throttle:
    """Of somebody who has not failed."""
    return Throttle(failures=0, last_at=now, blocked_until=now)


def key_of_user(user_id: UUID) -> bytes:
    """Under which the failures of a user are counted, whatever name was given."""
    return _key("user", str(user_id))


def key_of_login(login: str) -> bytes:
    """Under which the failures of a name that nobody has are counted, so that it looks as if somebody had it."""
    return _key("login", login)


def key_of_address(address: str) -> bytes:
    """Under which the failures from an address are counted."""
    return _key("address", address)


def _key(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}\x00{value}".encode(errors="surrogatepass")).digest()
