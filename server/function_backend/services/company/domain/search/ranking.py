"""Ordering what was found: how well each name answers the query, from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from function_backend.services.company.domain.search.query import Meanings
from function_backend.services.company.domain.search.terms import FORM_SEPARATOR, NAME_SEPARATOR, NameTerms

# How much of the score hangs on the name having no words besides those asked for.
_COMPLETENESS = 0.15
_OTHER_FORM = 0.985
_OTHER_ORDER = 0.995
_OTHER_READING = 0.97
_DIGITS = 6


class Rank(NamedTuple):
    """How well a company answers, and by which of its names: 0 is the legal name."""

    score: float
    name: int


class Ranking:
    """Scores names against one query."""

    def __init__(self, readings: Sequence[NameTerms], meanings: Mapping[str, Meanings]) -> None:
        self._readings = [_Reading(terms, [meanings[word] for word in terms.words]) for terms in readings]

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
        first, *others = self._readings
        score = first.score(words, form)
        for other in others:
            score = max(score, _OTHER_READING * other.score(words, form))
        return round(score, _DIGITS)


class _Reading:
    """One way to understand the query."""

    def __init__(self, terms: NameTerms, words: Sequence[Meanings]) -> None:
        # The words that tell most choose first which word of the name they mean.
        self._words = [
            (place, word.weight, word.asked.similarity)
            for place, word in sorted(enumerate(words), key=lambda item: -item[1].weight)
        ]
        self._total = sum(word.weight for word in words) or 1.0
        self._form = terms.form

    def score(self, words: Sequence[str], form: str) -> float:
        """How well a name of these words and this legal form answers."""
        matched = 0.0
        places: list[int] = []
        taken = 0
        for position, weight, similarity in self._words:
            best, place = 0.0, -1
            for i, word in enumerate(words):
                if not taken >> i & 1:
                    found = similarity(word)
                    if found > best:
                        best, place = found, i
            if place >= 0:
                taken |= 1 << place
                matched += weight * best
                places.append(position - place)
        if not places:
            return 0.0
        score = matched / self._total * (1.0 - _COMPLETENESS * (1.0 - len(places) / len(words)))
        if places.count(places[0]) != len(places):
            score *= _OTHER_ORDER
        if self._form and form != self._form:
            score *= _OTHER_FORM
        return score
