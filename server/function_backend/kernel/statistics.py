"""Numbers that a component keeps about itself, for whoever shows them."""

from __future__ import annotations

from typing import Protocol


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
