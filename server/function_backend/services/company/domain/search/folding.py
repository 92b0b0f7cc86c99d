"""Names as plain words: without case, accents and punctuation, in Latin letters where the script has an alphabet.

`fold` is what both a stored name and a query go through, so that `Müller`, `MÜLLER` and `Muller` are one word, and
`Газпром` is `gazprom`. Chinese, Japanese and Korean writing keeps its characters. It never fails, and folding twice
changes nothing.
"""

from __future__ import annotations

import unicodedata

from anyascii import anyascii

# Written without a space or a stop of their own: L'Oréal is one word, McDonald's too.
_JOINERS = frozenset("'`´ʼʻ’‘‛′·‧・")
# NFKC would turn them into letters that stick to the word before.
_MARKS = str.maketrans(dict.fromkeys("™℠®©ª", " "))
# The other way to write them, which no accent rule gives.
_SECOND_SPELLING = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
# One spelling for all of them. It also shortens words that only look like it (`blue`), which is why it compares
# words and never stores them.
_DIGRAPHS = ("ae", "oe", "ue", "aa")
_IDEOGRAPHIC = (
    (0x3005, 0x3007),  # Iteration mark and zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Small Katakana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),  # Hangul
    (0x20000, 0x3FFFF),  # Han, rare
)
_FIRST_IDEOGRAPHIC = 0x3005
# A table of characters grows as they are met; a caller who sends all of Unicode shall not fill the memory.
_TABLE_LIMIT = 20_000


def fold(text: str) -> str:
    """The words of the text, each in one plain form, with single spaces between them."""
    return " ".join(fold_words(text))


def fold_words(text: str) -> list[str]:
    """The words of the text, each in one plain form; none when it has no letter or digit."""
    if not text.isascii():
        text = _composed(text)
    return _join_initials(text.lower().translate(_CHARACTERS).split())


def second_spelling(text: str) -> str | None:
    """The text with umlauts written as two letters (`mueller`), for `fold` to go on with; None when it has none."""
    if text.isascii():
        return None
    composed = _composed(text)
    spelled = composed.translate(_SECOND_SPELLING)
    return None if spelled == composed else spelled


def one_spelling(word: str) -> str:
    """The folded word in the form that both spellings of an umlaut share: `mueller` and `muller` are `muller`."""
    if "e" in word or "aa" in word:
        for digraph in _DIGRAPHS:
            word = word.replace(digraph, digraph[0])
    return word


def is_ideographic(character: str) -> bool:
    """Whether the folded character is of a script that writes without spaces between words."""
    code = ord(character)
    return code >= _FIRST_IDEOGRAPHIC and any(first <= code <= last for first, last in _IDEOGRAPHIC)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_MARKS)).casefold()


def _join_initials(words: list[str]) -> list[str]:
    """Joins single letters: `s p a`, as `S.p.A.` comes out, is `spa`."""
    if 1 not in map(len, words):
        return words
    joined: list[str] = []
    in_initials = False
    for word in words:
        is_initial = len(word) == 1 and "a" <= word <= "z"
        if is_initial and in_initials:
            joined[-1] += word
        else:
            joined.append(word)
        in_initials = is_initial
    return joined


class _Characters(dict[int, str]):
    """What becomes of each character; found out when it is first met."""

    def __missing__(self, code: int) -> str:
        made = _plain(chr(code))
        if len(self) < _TABLE_LIMIT:
            self[code] = made
        return made


def _plain(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else "" if character in _JOINERS else " "
    if character in _JOINERS or unicodedata.combining(character):
        return ""
    if is_ideographic(character):
        return character
    if not (character.isalnum() or unicodedata.category(character).startswith("M")):
        return " "
    decomposed = unicodedata.normalize("NFKD", character)
    if decomposed[0].isascii() and decomposed[0].isalnum():
        plain = "".join(part for part in decomposed if part.isascii())
    else:
        plain = anyascii(character)
    return "".join(part for part in plain.lower() if part.isascii() and part.isalnum())


_CHARACTERS = _Characters()
