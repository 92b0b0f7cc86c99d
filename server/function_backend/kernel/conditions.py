"""When something that was granted counts: conditions that each call is held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from function_backend.kernel.step_up import SECOND_FACTOR, signed_in_within

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, time
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
    from zoneinfo import ZoneInfo

    from function_backend.kernel.step_up import SignIn

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a condition may ask about a call."""

    caller: SignIn
    now: datetime
    address: IPv4Address | IPv6Address | None
    """Where the call comes from; None when that has no address."""
    request: Callable[[], object] | None = None
    """The call as expressions see it; None when it is not known, as when a credential is looked at without a call."""


class Expression(Protocol):
    """A condition that somebody has written."""

    @property
    def text(self) -> str:
        """As it was written."""

    @property
    def title(self) -> str:
        """A few words on it."""

    @property
    def description(self) -> str:
        """More about it."""

    def holds(self, request: object) -> bool:
        """Whether it is true for the call. What fails or takes too long does not hold; it never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """Hours of the day on some days of the week."""

    days: frozenset[int]
    """The days on which it begins, 1 for Monday to 7 for Sunday; none stands for all."""
    begin: time
    end: time
    """No longer within it. When it is not later than the beginning, the window ends on the next day."""
    zone: ZoneInfo

    def includes(self, moment: datetime) -> bool:
        """Whether the moment lies within it, by the clocks of its zone."""
        local = moment.astimezone(self.zone)
        clock = local.time()
        if self.begin < self.end:
            return self.begin <= clock < self.end and self._begins_on(local)
        if clock >= self.begin and self._begins_on(local):
            return True
        return clock < self.end and self._begins_on(local - _DAY)

    def _begins_on(self, local: datetime) -> bool:
        return not self.days or local.isoweekday() in self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCondition:
    """When a grant counts; all that is given must hold."""

    expires_at: datetime | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """One of these holds the caller's address; none asks for nothing."""
    windows: tuple[TimeWindow, ...] = ()
    """The call falls into one of these; none asks for nothing."""
    second_factor: bool = False
    max_sign_in_age: timedelta | None = None
    expression: Expression | None = None

    def holds(self, around: Circumstances) -> bool:
        """Whether it holds for the call. What cannot be told, such as where the call comes from, does not hold."""
        if self.expires_at is not None and self.expires_at <= around.now:
            return False
        if self.networks and not any(
            around.address is not None and around.address in network for network in self.networks
        ):
            return False
        if self.windows and not any(window.includes(around.now) for window in self.windows):
            return False
        if self.second_factor and SECOND_FACTOR not in around.caller.authentication_methods:
            return False
        if self.max_sign_in_age is not None and not signed_in_within(
            around.caller, self.max_sign_in_age, now=around.now
        ):
            return False
        # Last, because it costs most.
        return self.expression is None or (around.request is not None and self.expression.holds(around.request()))


ALWAYS = GrantCondition()
"""Asks for nothing."""
