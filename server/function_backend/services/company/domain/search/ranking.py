"""Ordering what was found: how well each name answers the query, from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import NamedTuple

from function_backend.services.company.domain.search.similarity import similarity
from function_backend.services.company.domain.search.terms import FORM_SEPARATOR, NAME_SEPARATOR, NameTerms

# How much of the score hangs on the name having no words besides those asked for.
_COMPLETENESS = 0.15
_OTHER_FORM = 0.985
_OTHER_ORDER = 0.995
_DIGITS = 6


class Rank(NamedTuple):
    """How well a company answers, and by which of its names: 0 is the legal name."""

    score: float
    name: int


@dataclass(slots=True)
class _AskedWord:
    text: str
    weight: float
    known: dict[str, float] = field(default_factory=dict)

    def similarity(self, word: str) -> float:
        found = self.known.get(word)
        if found is None:
            found = self.known[word] = similarity(self.text, word)
        return found


def word_weight(frequency: int) -> float:
    """How much a word tells: 1 when hardly a name has it, a third when tens of thousands do.

    Frequencies count by powers of two, so that the order of results does not move while companies are added.
    """
    rounded = 1 << max(frequency, 1).bit_length() - 1
    return 1.0 / (1.0 + 0.5 * log10(1.0 + rounded / 10.0))


class Ranking:
    """Scores names against one query."""

    def __init__(self, query: NameTerms, weights: Mapping[str, float]) -> None:
        words = [_AskedWord(word, weights[word]) for word in query.words]
        # The words that tell most choose first which word of the name they mean.
        self._words = sorted(enumerate(words), key=lambda item: -item[1].weight)
        self._total = sum(word.weight for word in words) or 1.0
        self._form = query.form

    def rank(self, names: str) -> Rank:
        """The best of the names, as `SearchTerms.names` has them."""
        if NAME_SEPARATOR not in names:
            return Rank(self._score(names), 0)
        scores = [self._score(name) for name in names.split(NAME_SEPARATOR)]
        best = max(scores)
        return Rank(best, scores.index(best))

    def _score(self, name: str) -> float:
        text, _, form = name.partition(FORM_SEPARATOR)
        words = text.split(" ")
        matched = 0.0
        places: list[int] = []
        taken = 0
        for position, asked in self._words:
            best, place = 0.0, -1
            for i, word in enumerate(words):
                if not taken >> i & 1:
                    found = asked.similarity(word)
                    if found > best:
                        best, place = found, i
            if place >= 0:
                taken |= 1 << place
                matched += asked.weight * best
                places.append(position - place)
        if not places:
            return 0.0
        score = matched / self._total * (1.0 - _COMPLETENESS * (1.0 - len(places) / len(words)))
        if places.count(places[0]) != len(places):
            score *= _OTHER_ORDER
        if self._form and form != self._form:
            score *= _OTHER_FORM
        return round(score, _DIGITS)


def best_first(ranks: Iterable[tuple[Rank, str]]) -> Sequence[tuple[Rank, str]]:
    """The ranked ids in the order of results: best first, equal ones in the order of their ids."""
    return sorted(ranks, key=lambda ranked: (-ranked[0].score, ranked[1]))
