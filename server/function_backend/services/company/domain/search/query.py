"""From what was typed to what is looked up: the words, the words of names they may mean, and how rare those are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product
from math import log10

from function_backend.services.company.domain.search.folding import is_ideographic, second_spelling
from function_backend.services.company.domain.search.similarity import AskedWord
from function_backend.services.company.domain.search.terms import (
    NameTerms,
    name_terms,
    other_reading,
    whole_name,
)

# Beyond these a query is a text and not a name.
_MOST_WORDS = 12
_MOST_CONTINUED = 24
_MOST_MISTYPED = 48
_MOST_MEANINGS_IN_WHOLE_NAMES = 4
_MOST_WHOLE_NAMES = 64
_MOST_REORDERED_WORDS = 3
_LEAST_SIMILARITY = 0.5
# Meanings nearly as likely as the best one say how frequent the word is.
_NEARLY = 0.12
# A word that no name has tells little about what is meant.
_UNKNOWN_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Meanings:
    """The words of names that a query word may mean, most alike first."""

    asked: AskedWord
    words: Sequence[str]
    names: int
    """In how many names they are, all together and roughly."""
    weight: float


class SearchQuery:
    """A query as the search understands it."""

    def __init__(self, text: str) -> None:
        read = [name_terms(text), other_reading(text)]
        self.readings = [NameTerms(terms.words[:_MOST_WORDS], terms.form) for terms in read if terms is not None]
        """The query as it stands; and, where its end looks like a mistyped legal form, the query without that."""
        spelled = second_spelling(text)
        others = [] if spelled is None else name_terms(spelled).words[:_MOST_WORDS]
        self._words = list(dict.fromkeys(word for terms in self.readings for word in terms.words))
        self._spellings = [word for word in dict.fromkeys(others) if word not in self._words]

    @property
    def words(self) -> list[str]:
        """The words to look up, and the second spellings of those with umlauts."""
        return self._words + self._spellings

    @property
    def beginnings(self) -> list[str]:
        """The words long enough to be looked up as beginnings of others."""
        return [word for word in self.words if len(word) > 1 or is_ideographic(word)]

    def meanings(self, frequencies: Mapping[str, int]) -> dict[str, Meanings]:
        """What each word may mean among the words given with the number of names that have them."""
        return {word: _meanings(word, frequencies) for word in self._words}


def whole_names(meanings: Sequence[Meanings]) -> list[str]:
    """The names that would consist of just these words, as `SearchTerms.whole_names` has them."""
    choices = [list(dict.fromkeys((item.asked.text, *item.words[:_MOST_MEANINGS_IN_WHOLE_NAMES]))) for item in meanings]
    return list(dict.fromkeys(islice(_whole_names(choices), _MOST_WHOLE_NAMES)))


def _meanings(text: str, frequencies: Mapping[str, int]) -> Meanings:
    asked = AskedWord(text)
    alike = [(asked.similarity(word), frequencies[word], word) for word in asked.alike(frequencies)]
    found = sorted(
        (item for item in alike if item[0] >= _LEAST_SIMILARITY), key=lambda item: (-item[0], -item[1], item[2])
    )
    if not found:
        return Meanings(asked, (), 0, _UNKNOWN_WEIGHT)
    likely = max(frequency for similarity, frequency, _ in found if similarity >= found[0][0] - _NEARLY)
    # Separate places, because a short word is the beginning of so many that those it was mistyped for would find none.
    continued = [item for item in found if item[2].startswith(text)][:_MOST_CONTINUED]
    mistyped = [item for item in found if not item[2].startswith(text)][:_MOST_MISTYPED]
    kept = sorted(continued + mistyped, key=lambda item: -item[0])
    return Meanings(asked, [word for _, _, word in kept], sum(item[1] for item in kept), _weight(likely))


def _weight(frequency: int) -> float:
    """How much a word tells: 1 when hardly a name has it, a third when tens of thousands do.

    Frequencies count by powers of two, so that the order of results does not move while companies are added.
    """
    rounded = 1 << max(frequency, 1).bit_length() - 1
    return 1.0 / (1.0 + 0.5 * log10(1.0 + rounded / 10.0))


def _whole_names(choices: Sequence[Sequence[str]]) -> Iterable[str]:
    reordered = len(choices) <= _MOST_REORDERED_WORDS
    for chosen in product(*choices):
        for words in permutations(chosen) if reordered else (chosen,):
            yield whole_name(words)
