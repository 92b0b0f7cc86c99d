"""What an evaluation asks of the stored relationships, and the bounds it keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from function_backend.services.auth.domain.relations.closure import Membership
from function_backend.services.auth.domain.relations.plan import Key
from function_backend.services.auth.domain.relations.references import Tuple

WIDEST = 32
"""Relationships of an object that is read as a whole; one that has more is asked for what is needed."""


FARTHEST = 8
"""Steps from a wanted object to those that come with it."""


class TooComplex(Exception):  # noqa: N818 - Not yet an error of the service; the use case makes it one.
    """A bound was reached: which, and what it counts."""

    def __init__(self, limit: int, what: str) -> None:
        super().__init__(f"more than {limit} {what}")
        self.limit = limit
        self.what = what


@dataclass(slots=True)
class Wants:
    """What a level asks for."""

    whole: list[tuple[str, str]] = field(default_factory=list)
    """Objects of which all relationships are wanted."""
    onward: list[tuple[str, str]] = field(default_factory=list)
    """Types, and relations of them whose objects will be wanted as a whole next; they may come with these already."""
    direct: list[Tuple] = field(default_factory=list)
    """Relationships that may exist."""
    sets: list[Key] = field(default_factory=list)
    """Relations whose sets are wanted, such as `group:eng#member`."""
    objects: list[Key] = field(default_factory=list)
    """Relations whose objects are wanted."""
    memberships: list[Membership] = field(default_factory=list)
    """Subjects, and relations in which they may stand, of which the resources are wanted."""

    def __bool__(self) -> bool:
        return bool(self.whole or self.direct or self.sets or self.objects or self.memberships)


@dataclass(slots=True)
class Found:
    """What a level was given; numbers are places in the lists of the wants."""

    count: int = 0
    """How many relationships there are in it."""
    whole: list[tuple[str, str, str | None, str, str, str]] = field(default_factory=list)
    """Object, relation and subject; more than WIDEST of an object need not be complete. An object that was not wanted
    but comes with those that were has a relation None where it has no relationships."""
    direct: list[int] = field(default_factory=list)
    sets: list[tuple[int, str, str, str]] = field(default_factory=list)
    objects: list[tuple[int, str, str]] = field(default_factory=list)
    memberships: list[tuple[int, str]] = field(default_factory=list)
    """Resources; more than MOST_OF_ONE of a membership need not be complete."""


def beside(wanted: int) -> int:
    """How many objects may come with so many that are wanted."""
    return 2 * wanted + 500


class TupleSource(Protocol):
    """Where relationships come from."""

    def load(self, wants: Wants, *, at_most: int) -> Found:
        """What there is of what is wanted; more than `at_most` relationships need not be complete."""
