"""A place in the feed of a tenant."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Place(NamedTuple):
    """Behind an event, or behind what there was at a moment."""

    position: int
    """The number of the last event before it; 0 before the first one."""
    moment: datetime
    """When that was recorded, or a later moment before that of the next event."""


class Beginning(NamedTuple):
    """Where somebody wants to begin: at a place, at a moment, with the oldest event, or, with none of them, now."""

    place: Place | None = None
    moment: datetime | None = None
    oldest: bool = False
