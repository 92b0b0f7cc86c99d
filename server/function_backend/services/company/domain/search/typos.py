"""How a word with typing errors finds the word that was meant.

Two words that differ by two edits become equal when up to two letters are left out of each (symmetric deletion, as in
SymSpell). So a word is stored with a number for each of its shortened forms, a query word asks for the numbers of its
own, and whatever shares one is compared letter by letter. Unlike trigrams this misses no word within the distance,
however short, and reads few that are not. Only the beginning of a long word is shortened: the index stays small, and a
word that begins alike is found too.
"""

from __future__ import annotations

from itertools import combinations
from zlib import crc32

# Two errors in five letters leave too little to know the word by.
_ONE_ERROR_FROM = 3
_TWO_ERRORS_FROM = 6
_BEGINNING = 7
_SIGN = 0x8000_0000


def errors_allowed(word: str) -> int:
    """How many typing errors the query word may have."""
    length = len(word)
    return 0 if length < _ONE_ERROR_FROM else 1 if length < _TWO_ERRORS_FROM else 2


def shortened(word: str, *, seed: int) -> tuple[int, ...]:
    """The numbers of the word's beginning with up to as many letters left out as it may have errors, ascending.

    The seed makes them the tenant's own, so that no tenant reads through the words of another.
    """
    beginning = word[:_BEGINNING].encode()
    length = len(beginning)
    return tuple(
        sorted(
            {
                (crc32(bytes(form), seed) ^ _SIGN) - _SIGN
                for missing in range(errors_allowed(word) + 1)
                for form in combinations(beginning, length - missing)
            }
        )
    )


def number_of(text: str, *, seed: int) -> int:
    """The text as a signed number of 32 bits. Two texts may share one: what is found by it is compared afterwards."""
    return (crc32(text.encode(), seed) ^ _SIGN) - _SIGN
