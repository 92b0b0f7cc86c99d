"""Tags of languages (BCP 47), and in which order templates are looked for."""

from __future__ import annotations

_SCRIPT = 4
_REGION = 2


def canonical_language(tag: str) -> str:
    """The tag in the usual way of writing: `de-AT`, `zh-Hant-TW` (RFC 5646 section 2.1.1); empty for none."""
    first, *rest = tag.strip().split("-")
    return "-".join([first.lower(), *map(_canonical_part, rest)])


def language_chain(wanted: str, usual: str) -> tuple[str, ...]:
    """The languages in which a text is looked for, the best first: `de-AT`, `de`, and the usual one with its own."""
    found: list[str] = []
    for tag in (canonical_language(wanted), canonical_language(usual)):
        parts = tag.split("-") if tag else []
        found += ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys(found))


def _canonical_part(part: str) -> str:
    if len(part) == _SCRIPT and part.isalpha():
        return part.title()
    return part.upper() if len(part) == _REGION else part.lower()
