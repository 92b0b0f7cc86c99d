"""What a new password must be like."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from function_backend.services.auth.domain.names import fold

LONGEST_BYTES = 256

_SHORTEST_NAME = 4
_SHORTEST_CORE = 4
# What people write instead of letters, thinking nobody else does.
_DISGUISES = str.maketrans("@401!3$57", "aaoiiesst")


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that a password breaks: its name, and what to say after the name of the field."""

    name: str
    description: str


def prepared(password: str) -> str:
    """The password as it is hashed: however a keyboard composes its letters (RFC 8265), and otherwise as typed."""
    return unicodedata.normalize("NFC", password)


def broken_rules(password: str, *, min_length: int, common: AbstractSet[str], names: Iterable[str]) -> list[BrokenRule]:
    """The rules that the password breaks. `names` are those of its user: user name, e-mail address and the like."""
    text = prepared(password)
    broken = []
    if len(text) < min_length:
        broken.append(BrokenRule("TOO_SHORT", f"has fewer than {min_length} characters"))
    if len(text.encode(errors="surrogatepass")) > LONGEST_BYTES:
        broken.append(BrokenRule("TOO_LONG", f"has more than {LONGEST_BYTES} bytes"))
        return broken
    if _is_common(text, common):
        broken.append(BrokenRule("COMMON", "is one of the most common passwords, or nearly"))
    folded = fold(text)
    if any(part in folded for name in names for part in _parts(name)):
        broken.append(BrokenRule("CONTAINS_NAME", "contains the name or e-mail address of the user"))
    return broken


def _is_common(text: str, common: AbstractSet[str]) -> bool:
    """Whether the list has the password, or what is left of it without the digits and signs around a word."""
    lowered = text.casefold()
    core = lowered.strip("0123456789!@#$%^&*()-_=+.,;:?/ ")
    candidates = {lowered, lowered.translate(_DISGUISES)}
    if len(core) >= _SHORTEST_CORE:
        candidates |= {core, core.translate(_DISGUISES)}
    return len(set(lowered)) == 1 or not candidates.isdisjoint(common)


def _parts(name: str) -> set[str]:
    folded = fold(name)
    parts = {folded, folded.split("@")[0]}
    return {part for part in parts if len(part) >= _SHORTEST_NAME}
