"""Where a slice stores what is sealed, so that it can be sealed again under a newer key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """What one batch did."""

    after: str | None
    """The key of the last row looked at, to go on after; None when there are no more rows."""
    count: int
    """How many rows were sealed, or sealed anew."""
    faults: int
    """How many rows could not be: their texts do not open, or two rows stand for the same value."""


class SealedPlace(Protocol):
    """A table with sealed columns."""

    @property
    def name(self) -> str:
        """The name of the table."""

    @property
    def sealed_columns(self) -> tuple[str, ...]:
        """The columns that hold what is sealed."""

    def reseal(self, work: Any, after: str | None, *, limit: int) -> Resealed:  # noqa: ANN401 - the unit of work
        """Looks at up to so many rows of the unit of work's tenant after the key, in the order of keys.

        What is stored as it is gets sealed; what an older data key has sealed gets sealed by the newest.
        """


class SealedPlaces:
    """The places of all slices, in the order in which they are gone through: that of their names."""

    def __init__(self, places: Iterable[SealedPlace] = ()) -> None:
        self._places = {place.name: place for place in places}

    def learn(self, places: Iterable[SealedPlace]) -> None:
        """Takes over the places of a slice."""
        self._places |= {place.name: place for place in places}

    def from_name(self, name: str) -> list[SealedPlace]:
        """The place of this name and those that follow it; all of them for an empty one."""
        return [self._places[each] for each in sorted(self._places) if each >= name]
