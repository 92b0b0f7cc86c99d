"""The words that a process knows to be in the dictionary of a tenant, so that it need not write them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

_LIMIT = 65_536
# Frequencies are written when they have grown by an eighth: searches need their size, not their value, and the row of
# a word as common as `holding` is not written with each company.
_SMALLEST_STEP = 8


class Sightings(NamedTuple):
    """What is to be written of the words just seen."""

    unknown: Mapping[str, int]
    """Words that may be missing in the dictionary, with how many names have them."""
    grown: Mapping[str, int]
    """Words that are in the dictionary, with how much their frequency has grown since it was last written."""


class KnownWords:
    """Remembers words per tenant, the recently seen ones, for as long as the process lives.

    A word is known once it was read in committed state; nothing that is rolled back can be in here. Threads may share
    it: what they may lose to each other is a few counts.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit // 2
        # Two generations instead of an order of use: when the young one is full, the old one is forgotten.
        self._young: dict[tuple[UUID, str], list[int]] = {}
        self._old: dict[tuple[UUID, str], list[int]] = {}

    def see(self, tenant_id: UUID, words: Mapping[str, int]) -> Sightings:
        """Counts the words, each with the number of names that have it, and says what is to be written."""
        unknown: dict[str, int] = {}
        grown: dict[str, int] = {}
        for word, count in words.items():
            counted = self._find((tenant_id, word))
            if counted is None:
                unknown[word] = count
                continue
            frequency, pending = counted[0], counted[1] + count
            if pending >= max(_SMALLEST_STEP, frequency >> 3):
                grown[word] = pending
                counted[0], counted[1] = frequency + pending, 0
            else:
                counted[1] = pending
        return Sightings(unknown, grown)

    def learn(self, tenant_id: UUID, frequencies: Iterable[tuple[str, int]]) -> None:
        """These words are in the dictionary, in committed state, with these frequencies."""
        for word, frequency in frequencies:
            self._remember((tenant_id, word), [frequency, 0])

    def _find(self, key: tuple[UUID, str]) -> list[int] | None:
        counted = self._young.get(key)
        if counted is None:
            counted = self._old.get(key)
            if counted is not None:
                self._remember(key, counted)
        return counted

    def _remember(self, key: tuple[UUID, str], counted: list[int]) -> None:
        if len(self._young) >= self._limit:
            self._old, self._young = self._young, {}
        self._young[key] = counted
