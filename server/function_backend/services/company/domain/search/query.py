"""From what was typed to what is looked up: the words, the words of names they may mean, and how rare those are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product

from function_backend.services.company.domain.search.folding import is_ideographic, second_spelling
from function_backend.services.company.domain.search.legal_forms import resembles_form
from function_backend.services.company.domain.search.ranking import word_weight
from function_backend.services.company.domain.search.similarity import similarity
from function_backend.services.company.domain.search.terms import NameTerms, name_terms, whole_name

# Beyond these a query is a text and not a name.
_MOST_WORDS = 12
_MOST_MEANINGS = 16
_MOST_MEANINGS_IN_WHOLE_NAMES = 4
_MOST_WHOLE_NAMES = 64
_MOST_REORDERED_WORDS = 3
_LEAST_SIMILARITY = 0.5
# Meanings nearly as likely as the best one say how frequent the word is.
_NEARLY = 0.12
_UNKNOWN_WEIGHT = 0.8
_FORM_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Meanings:
    """The words of names that a query word may mean, most alike first."""

    asked: str
    words: Sequence[str]
    names: int
    """In how many names they are, all together and roughly."""
    weight: float


class SearchQuery:
    """A query as the search understands it."""

    def __init__(self, text: str) -> None:
        terms = name_terms(text)
        self.terms = NameTerms(terms.words[:_MOST_WORDS], terms.form)
        spelled = second_spelling(text)
        others = [] if spelled is None else name_terms(spelled).words[:_MOST_WORDS]
        self._words = list(dict.fromkeys(self.terms.words))
        self._spellings = [word for word in dict.fromkeys(others) if word not in self._words]

    @property
    def words(self) -> list[str]:
        """The words to look up, each with its second spelling where it has one."""
        return self._words + self._spellings

    @property
    def beginnings(self) -> list[str]:
        """The words long enough to be looked up as beginnings of others."""
        return [word for word in self.words if len(word) > 1 or is_ideographic(word)]

    def meanings(self, frequencies: Mapping[str, int]) -> list[Meanings]:
        """For each different word what it may mean among the words given, with the number of names that have them."""
        return [self._meanings(word, frequencies) for word in self._words]

    def whole_names(self, meanings: Sequence[Meanings]) -> list[str]:
        """The names that would consist of just these words, as `SearchTerms.whole_names` has them."""
        by_word = {item.asked: [item.asked, *item.words[:_MOST_MEANINGS_IN_WHOLE_NAMES]] for item in meanings}
        choices = [list(dict.fromkeys(by_word[word])) for word in self.terms.words]
        return list(dict.fromkeys(islice(_whole_names(choices), _MOST_WHOLE_NAMES)))

    def _meanings(self, asked: str, frequencies: Mapping[str, int]) -> Meanings:
        found = sorted(
            (
                (alike, frequency, word)
                for word, frequency in frequencies.items()
                if (alike := similarity(asked, word)) >= _LEAST_SIMILARITY
            ),
            key=lambda item: (-item[0], -item[1], item[2]),
        )[:_MOST_MEANINGS]
        if not found:
            return Meanings(asked, (), 0, _FORM_WEIGHT if resembles_form(asked) else _UNKNOWN_WEIGHT)
        likely = max(frequency for alike, frequency, _ in found if alike >= found[0][0] - _NEARLY)
        return Meanings(asked, [word for _, _, word in found], sum(item[1] for item in found), word_weight(likely))


def _whole_names(choices: Sequence[Sequence[str]]) -> Iterable[str]:
    reordered = len(choices) <= _MOST_REORDERED_WORDS
    for chosen in product(*choices):
        for words in permutations(chosen) if reordered else (chosen,):
            yield whole_name(words)
