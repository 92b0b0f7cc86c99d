"""How alike a query word and a word of a name are, from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from function_backend.services.company.domain.search.folding import one_spelling
from function_backend.services.company.domain.search.typos import errors_allowed

_OTHER_SPELLING = 0.99
# What one error costs in a word of one letter; in a longer word it is shared among the letters.
_ERROR = 0.9
# What a word is worth of which only the first letters are given.
_BEGINNING = 0.85
_ONE_LETTER = 0.4
# Shorter beginnings with an error in them are beginnings of anything.
_SHORTEST_DAMAGED_BEGINNING = 5


class AskedWord:
    """One word of a query. It remembers what it was compared with: the same words come in most of the names found."""

    __slots__ = ("_allowed", "_known", "_length", "_plain", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._length = len(text)
        self._allowed = errors_allowed(text)
        self._plain = one_spelling(text)
        self._known: dict[str, float] = {text: 1.0}

    def similarity(self, word: str) -> float:
        """1 for the same word, less for each typing error and for letters that follow, 0 for another word."""
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = self._compare(word)
        return found

    def alike(self, words: Iterable[str]) -> Iterable[str]:
        """Those of the words that may be similar at all; quicker than comparing with each."""
        words = list(words)
        found = {word for word in words if word.startswith(self.text)}
        plain = [one_spelling(word) for word in words]
        for choices, asked in ((words, self.text), (plain, self._plain)):
            for _, _, place in process.extract_iter(asked, choices, scorer=OSA.distance, score_cutoff=self._allowed):
                found.add(words[place])
        if self._length >= _SHORTEST_DAMAGED_BEGINNING:
            beginnings = [word[: self._length] for word in words]
            for _, _, place in process.extract_iter(
                self.text, beginnings, scorer=OSA.distance, score_cutoff=self._allowed
            ):
                found.add(words[place])
        return found

    def _compare(self, word: str) -> float:
        longer = len(word) - self._length
        found = self._by_errors(self.text, word) if -self._allowed <= longer <= self._allowed else 0.0
        if longer > 0:
            found = max(found, self._by_beginning(word))
        plain = one_spelling(word)
        if plain != word or self._plain != self.text:
            same = 1.0 if plain == self._plain else self._by_errors(self._plain, plain)
            found = max(found, _OTHER_SPELLING * same)
        return found

    def _by_errors(self, asked: str, word: str) -> float:
        errors = OSA.distance(asked, word, score_cutoff=self._allowed)
        return 0.0 if errors > self._allowed else 1.0 - _ERROR * errors / max(len(asked), len(word))

    def _by_beginning(self, word: str) -> float:
        length = self._length
        share = (_BEGINNING if length > 1 else _ONE_LETTER) + (1.0 - _BEGINNING) * length / len(word)
        if word.startswith(self.text):
            return share
        if length < _SHORTEST_DAMAGED_BEGINNING:
            return 0.0
        return share * self._by_errors(self.text, word[:length])
