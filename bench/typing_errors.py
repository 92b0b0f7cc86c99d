"""Queries with typing errors, as people make them of names they know."""

from __future__ import annotations

import random
from typing import NamedTuple

from function_backend.services.company.domain.search.terms import name_terms

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST = 2


class TypedQuery(NamedTuple):
    """What was typed, and the name that was meant."""

    text: str
    meant: str
    with_form: bool

    def is_answered_by(self, name: str) -> bool:
        """Whether the name is the one that was meant, or one that what was typed means as well."""
        meant, found = name_terms(self.meant), name_terms(name)
        if sorted(meant.words) != sorted(found.words):
            return False
        return not self.with_form or meant.form == found.form


def typed_queries(names: list[str], count: int, *, errors: tuple[int, ...] = (1, 2), seed: int = 7) -> list[TypedQuery]:
    """Queries for names drawn at random, each with one of the numbers of errors in random words of it."""
    dice = random.Random(seed)
    return [_mistyped(name, dice.choice(errors), dice) for name in dice.sample(names, count)]


def _mistyped(name: str, errors: int, dice: random.Random) -> TypedQuery:
    words = name.split()
    proper = _without_form(words)
    # Half of the people leave the legal form out.
    with_form = not proper or dice.choice((True, False))
    if not with_form:
        words = proper
    for _ in range(errors):
        places = [place for place, word in enumerate(words) if len(word) > _SHORTEST] or [0]
        place = dice.choice(places)
        words[place] = _with_error(words[place], dice)
    return TypedQuery(" ".join(words), name, with_form and bool(name_terms(name).form))


def _without_form(words: list[str]) -> list[str]:
    """The first words, as many as the name has without its legal form; none when that is not at its end."""
    terms = name_terms(" ".join(words))
    for length in range(1, len(words)):
        if name_terms(" ".join(words[:length])).words == terms.words:
            return words[:length]
    return []


def _with_error(word: str, dice: random.Random) -> str:
    """The word with a letter more, less or wrong, or two letters swapped."""
    place = dice.randrange(len(word))
    letter = dice.choice(_LETTERS)
    match dice.randrange(4):
        case 0:
            return word[:place] + letter + word[place:]
        case 1:
            return word[:place] + word[place + 1 :]
        case 2:
            return word[:place] + letter + word[place + 1 :]
        case _:
            place = max(0, min(place, len(word) - 2))
            return word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]
