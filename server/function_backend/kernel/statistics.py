"""Numbers that a component keeps about itself, for whoever shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class CacheStatistics(Protocol):
    """What a cache has done since the process began."""

    hits: int
    misses: int
    evictions: int

    def __len__(self) -> int:
        """How many entries it holds."""


class PoolStatistics(Protocol):
    """How a pool of connections is used."""

    @property
    def in_use(self) -> int:
        """Connections that are lent out."""

    @property
    def waits(self) -> int:
        """How often somebody had to wait for one since the process began."""

    @property
    def waited_seconds(self) -> float:
        """How long all of them waited together."""


class ConsumerStatistics(Protocol):
    """What a consumer of events has done since the process began, and has before it."""

    handled: int
    """Events that were handled or delivered."""
    failures: int
    """Attempts that failed."""
    set_aside: int
    """Events that were given up."""
    backlog: int
    """Events of all tenants that were not handled yet when it was last asked."""

    def lag_seconds(self) -> float:
        """How long the oldest event that is being worked at has been there; 0 while there is none."""


class Reading(NamedTuple):
    """A number that a component can say at any time."""

    help: str
    """What it says, for people."""
    read: Callable[[], float]
