"""How a word with typing errors finds the word that was meant.

Leave letters out of two words that differ by an error or two, and some of what remains is the same. So a word is stored
with a number for each way to leave out one letter (two of a longer word), a query word asks for the numbers of what
remains of itself, and whatever shares one is compared letter by letter. This is the symmetric deletion of SymSpell with
fewer stored forms: those of one length per word, because the query can ask for several lengths at no cost to writers.

Unlike trigrams it misses no word within the distance, however short, and reads few that are not; the figures are in
docs/adr/0008-search.md. Only the beginning of a long word is shortened, so a word that begins alike is found too.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from zlib import crc32

# Two errors in four letters leave too little to know the word by.
_ONE_ERROR_FROM = 3
_TWO_ERRORS_FROM = 5
_BEGINNING = 7
_SIGN = 0x8000_0000

# By the length of the word, up to the length of a beginning: how many letters remain in what is stored of it.
_STORED = {0: (0,), 1: (1,), 2: (2,), 3: (2, 3), 4: (3, 4), 5: (4,), 6: (4,), _BEGINNING: (5,)}
# The same of a query word: of each word that it may mean it asks for at least one length. A longer word asks as the
# last.
_ASKED = {0: (), 1: (1,), 2: (2,), 3: (2, 3), 4: (3, 4), 5: (4, 5), 6: (4, 5), 7: (4, 5), 8: (4, 5), 9: (5,)}
_LONGEST_ASKED = 9


def errors_allowed(word: str) -> int:
    """How many typing errors the query word may have."""
    length = len(word)
    return 0 if length < _ONE_ERROR_FROM else 1 if length < _TWO_ERRORS_FROM else 2


def stored_numbers(word: str, *, seed: int) -> list[int]:
    """What a word of the dictionary is found by.

    The seed makes the numbers the tenant's own, so that no tenant reads through the words of another.
    """
    return _numbers(word, _STORED[min(len(word), _BEGINNING)], seed)


def asked_numbers(word: str, *, seed: int) -> list[int]:
    """What to ask for to find the words that differ from this one by no more than `errors_allowed`.

    It finds all of them, except that a word of five letters with two errors in them is found only when it was longer.
    """
    return _numbers(word, _ASKED[min(len(word), _LONGEST_ASKED)], seed)


def number_of(text: str, *, seed: int) -> int:
    """The text as a signed number of 32 bits. Two texts may share one: what is found by it is compared afterwards."""
    return (crc32(text.encode(), seed) ^ _SIGN) - _SIGN


def _numbers(word: str, lengths: Iterable[int], seed: int) -> list[int]:
    beginning = word[:_BEGINNING]
    if beginning.isascii():
        # A byte is a letter here, and bytes are put together faster.
        letters = beginning.encode()
        shortened = {bytes(left) for length in lengths for left in combinations(letters, length)}
    else:
        shortened = {"".join(left).encode() for length in lengths for left in combinations(beginning, length)}
    return [(crc32(left, seed) ^ _SIGN) - _SIGN for left in shortened]
