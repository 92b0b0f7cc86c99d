"""Text as it is kept: trimmed, composed (Unicode NFC), on one line."""

from __future__ import annotations

import unicodedata

from function_backend.services.company.domain.checks import Checks

# Cc: controls. Cs: halves of surrogate pairs. Zl and Zp: the line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def line(checks: Checks, parent: str, field: str, text: str, limit: int, *, required: bool = False) -> str:
    """The text without surrounding space, in NFC; at most `limit` characters, none of them a control character.

    `parent` and `field` name it in a fault; they are joined only then, for an import checks ten texts per row.
    """
    # Most text is plain ASCII without anything to do.
    if text.isascii() and text.isprintable():
        cleaned = text.strip(" ")
    else:
        cleaned = unicodedata.normalize("NFC", text.strip()).strip()
        refused = _refused_character(cleaned)
        if refused is not None:
            checks.refuse_field(parent, field, f"has the control character U+{ord(refused):04X}; remove it")
            return text
    if len(text) > limit or len(cleaned) > limit:
        length = max(len(text), len(cleaned))
        checks.refuse_field(parent, field, f"has {length} characters; at most {limit} are allowed")
        return text
    if required and not cleaned:
        checks.refuse_field(parent, field, "must not be empty")
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
