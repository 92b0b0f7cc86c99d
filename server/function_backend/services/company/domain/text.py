"""Text as it is kept: trimmed, composed (Unicode NFC), on one line."""

from __future__ import annotations

import unicodedata

from function_backend.services.company.domain.checks import Checks

# Cc: controls. Cs: halves of surrogate pairs. Zl and Zp: the line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def line(checks: Checks, path: str, text: str, limit: int, *, required: bool = False) -> str:
    """The text without surrounding space, in NFC; at most `limit` characters, none of them a control character."""
    # Most text is plain ASCII without anything to do, and an import checks ten of them per row.
    if text.isascii() and text.isprintable():
        cleaned = text.strip(" ")
    else:
        cleaned = unicodedata.normalize("NFC", text.strip()).strip()
        refused = _refused_character(cleaned)
        if refused is not None:
            checks.refuse(path, f"has the control character U+{ord(refused):04X}; remove it")
            return text
    if len(text) > limit or len(cleaned) > limit:
        checks.refuse(path, f"has {max(len(text), len(cleaned))} characters; at most {limit} are allowed")
        return text
    if required and not cleaned:
        checks.refuse(path, "must not be empty")
    return cleaned


def fold(text: str) -> str:
    """The text in the form in which names are ordered and looked for: without regard to case."""
    return text.casefold()


def _refused_character(text: str) -> str | None:
    if text.isprintable():
        return None
    for character in text:
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            return character
    return None
