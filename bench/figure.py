"""What a benchmark says: figures, each with the bar it must reach, and the rounds they were made from."""

from __future__ import annotations

import enum
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class Verdict(enum.StrEnum):
    """How a figure stands to its bar."""

    MET = "met"
    MISSED = "missed"
    NOT_JUDGED = "n.a."
    """It has a bar, but not on this machine; the figure says why."""
    REPORTED = "–"
    """It has no bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that was found, in words and against its bar."""

    name: str
    value: float
    unit: str
    """`×` for a ratio to the reference, otherwise what is counted."""
    reference: str = ""
    """What the ratio is to, measured in the same rounds."""
    absolute: str = ""
    """The quantities behind a ratio, such as `5,510 of 7,640 calls/s`."""
    at_least: float | None = None
    at_most: float | None = None
    exempt: str = ""
    """Why a bar that is not met does not count on this machine; empty when it counts."""
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the bar is met."""
        reach = self.reach
        if reach is None:
            return Verdict.REPORTED
        if reach >= 1:
            return Verdict.MET
        return Verdict.NOT_JUDGED if self.exempt else Verdict.MISSED

    @property
    def reach(self) -> float | None:
        """How far it comes: 1 is the bar itself, more is better; None without a bar."""
        if self.at_least is not None:
            return self.value / self.at_least
        if self.at_most is not None:
            return self.at_most / self.value if self.value > 0 else float("inf")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one row of the table came to."""

    figures: Sequence[Figure]
    rounds: Mapping[str, Sequence[Mapping[str, float]]]
    """Every round of every contestant as it was measured, in order."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """How it was measured, as far as the figures do not say."""


def median_of(rounds: Sequence[Mapping[str, float]], quantity: str) -> float:
    """The median of a quantity over the rounds."""
    return statistics.median(measured[quantity] for measured in rounds)


def median_ratio(
    rounds: Sequence[Mapping[str, float]], references: Sequence[Mapping[str, float]], quantity: str
) -> float:
    """The median of the ratios of each round to the round of the reference beside it.

    Not the ratio of the medians: what slows the machine down for a while slows both halves of a round.
    """
    return statistics.median(
        measured[quantity] / reference[quantity] for measured, reference in zip(rounds, references, strict=True)
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies, by the nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]
