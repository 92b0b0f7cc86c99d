"""How alike a query word and a word of a name are, from 0 to 1."""

from __future__ import annotations

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


def similarity(asked: str, word: str) -> float:
    """1 for the same word, less for each typing error and for letters that follow, 0 when it is another word."""
    if asked == word:
        return 1.0
    whole = max(_by_errors(asked, word), _by_beginning(asked, word))
    if whole == 0.0 or whole < _OTHER_SPELLING:
        plain_asked, plain_word = one_spelling(asked), one_spelling(word)
        if plain_asked != asked or plain_word != word:
            plain = 1.0 if plain_asked == plain_word else _by_errors(plain_asked, plain_word)
            whole = max(whole, _OTHER_SPELLING * plain)
    return whole


def _by_errors(asked: str, word: str) -> float:
    allowed = errors_allowed(asked)
    if not allowed:
        return 0.0
    errors = OSA.distance(asked, word, score_cutoff=allowed)
    return 0.0 if errors > allowed else 1.0 - _ERROR * errors / max(len(asked), len(word))


def _by_beginning(asked: str, word: str) -> float:
    length = len(asked)
    if length >= len(word):
        return 0.0
    share = (_BEGINNING if length > 1 else _ONE_LETTER) + (1.0 - _BEGINNING) * length / len(word)
    if word.startswith(asked):
        return share
    if length < _SHORTEST_DAMAGED_BEGINNING:
        return 0.0
    return share * max(_by_errors(asked, word[: length + more]) for more in (0, -1, 1))
