"""What the search keeps of a company's names, and what it reads out of a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from function_backend.services.company.domain.search.folding import (
    fold_words,
    is_ideographic,
    one_spelling,
    second_spelling,
)
from function_backend.services.company.domain.search.legal_forms import (
    damaged_form,
    split_form,
    split_ideographic_form,
    usual_form,
)

# They say nothing about a company, and stand in many names; those that join only where they join: `E.T. Trading`.
_LEFT_OUT = frozenset({"the", "of"})
_JOINING = frozenset({"and", "und", "et"})
_SMALL_WORDS = _LEFT_OUT | _JOINING
_LONGEST_WORD = 64
_MOST_WORDS = 64
_MOST_WORDS_OF_ALL_NAMES = 512
NAME_SEPARATOR = "\n"
FORM_SEPARATOR = "|"


class NameTerms(NamedTuple):
    """One name as the search sees it."""

    words: list[str]
    form: str

    @property
    def text(self) -> str:
        """As it is stored: `muller maschinenbau|gmbh`."""
        return f"{' '.join(self.words)}{FORM_SEPARATOR}{self.form}" if self.form else " ".join(self.words)


class SearchTerms(NamedTuple):
    """The names of one company as the search keeps them."""

    names: str
    """The names in their order, one a line, to compare a query with."""
    words: list[str]
    """The different words of all names, and the second spellings of those with umlauts, to find them by."""
    whole_names: list[str]
    """Each name as one word: finds names that consist of common words only, or that a query splits otherwise."""


def name_terms(name: str) -> NameTerms:
    """The words of the name and its legal form."""
    folded = fold_words(name)
    if not folded:
        return NameTerms([], "")
    words, form = split_form(folded)
    if form and _SMALL_WORDS.issuperset(words):
        # `The Limited Company` is called by its legal form.
        words, form = folded, ""
    return _kept(words, form, name)


def other_reading(name: str) -> NameTerms | None:
    """The name if its end is a legal form with a typing error; None when that cannot be."""
    folded = fold_words(name)
    damaged = damaged_form(folded)
    if damaged is None:
        return None
    length, form = damaged
    return _kept(folded[:-length], form, name)


def search_terms(names: Sequence[str], *, written_form: str = "") -> SearchTerms:
    """What to keep of the names of one company.

    The first is the legal name; `written_form` is its legal form where that is not part of it.
    """
    if len(names) == 1 and names[0].isascii():
        # Nine names in ten, and the import of a million waits for each of them.
        terms = _with_form(name_terms(names[0]), written_form)
        return SearchTerms(terms.text, list(dict.fromkeys(terms.words)), [whole_name(terms.words)])
    lines: list[str] = []
    words: dict[str, None] = {}
    whole_names: dict[str, None] = {}
    for name in names:
        terms = name_terms(name) if lines else _with_form(name_terms(name), written_form)
        lines.append(terms.text)
        words.update(dict.fromkeys(terms.words))
        whole_names[whole_name(terms.words)] = None
        spelled = second_spelling(name)
        if spelled is not None:
            words.update(dict.fromkeys(name_terms(spelled).words))
    return SearchTerms(NAME_SEPARATOR.join(lines), list(words)[:_MOST_WORDS_OF_ALL_NAMES], list(whole_names))


def whole_name(words: Iterable[str]) -> str:
    """The words as one, in the form in which names are the same: `pay pal` and `paypal`, `mueller` and `muller`."""
    return one_spelling("".join(words))


def _kept(words: list[str], form: str, name: str) -> NameTerms:
    if not _SMALL_WORDS.isdisjoint(words):
        joined = [word for word in words[1:-1] if word not in _JOINING]
        words = [word for word in (words[0], *joined, *words[1:][-1:]) if word not in _LEFT_OUT] or words
    if not name.isascii():
        words, form = _without_spaces(words, form)
    if len(name) > _LONGEST_WORD:
        words = [word[:_LONGEST_WORD] for word in words[:_MOST_WORDS]]
    return NameTerms(words, form)


def _with_form(terms: NameTerms, written: str) -> NameTerms:
    return NameTerms(terms.words, usual_form(fold_words(written))) if written and not terms.form else terms


def _without_spaces(words: list[str], form: str) -> tuple[list[str], str]:
    """Takes words apart that are written without spaces between them, once their legal form is off."""
    if "".join(words).isascii():
        return words, form
    words, written_form = split_ideographic_form(words)
    return [part for word in words for part in _parts(word)], f"{form} {written_form}".strip()


def _parts(word: str) -> Iterable[str]:
    """The word as it is, or each two neighbouring characters of a script that puts no spaces between words."""
    run = ""
    for character in word:
        if run and is_ideographic(character) != is_ideographic(run[0]):
            yield from _pairs(run)
            run = ""
        run += character
    yield from _pairs(run)


def _pairs(run: str) -> Iterable[str]:
    if len(run) <= 2 or not is_ideographic(run[0]):  # noqa: PLR2004 - A pair.
        return (run,)
    return (run[i : i + 2] for i in range(len(run) - 1))
