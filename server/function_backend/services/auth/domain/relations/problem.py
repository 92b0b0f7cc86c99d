"""What is wrong with a schema, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

_FURTHEST = 3
_LONGEST_LINE = 120


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text, both from 1."""

    line: int
    column: int


class SchemaProblem(ValueError):  # noqa: N818 - Not yet an error of the service; the use case makes it one.
    """The schema cannot be used: what is wrong at which place, in the order of the text."""

    def __init__(self, complaints: Iterable[tuple[Place, str]]) -> None:
        self.complaints = tuple(sorted(complaints, key=lambda each: (each[0].line, each[0].column)))
        place, what = self.complaints[0]
        super().__init__(f"line {place.line}, column {place.column}: {what}")


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean '…'?` with the name that is written most like this one; empty when none comes close."""
    found = process.extractOne(name, sorted(known), scorer=OSA.distance, score_cutoff=min(_FURTHEST, len(name) // 2))
    return "" if found is None else f"; did you mean '{found[0]}'?"


def shown(text: str, place: Place) -> tuple[str, str]:
    """The line that the place is in, and a line with a caret to be written below it."""
    # Not splitlines, which also splits where the grammar does not count a line.
    line = text.split("\n")[place.line - 1].replace("\t", " ").rstrip("\r")
    begin = max(0, place.column - 1 - _LONGEST_LINE // 2)
    return line[begin : begin + _LONGEST_LINE] or "(empty line)", " " * (place.column - 1 - begin) + "^"
