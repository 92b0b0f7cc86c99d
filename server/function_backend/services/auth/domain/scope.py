"""Scopes: permission patterns that a token is narrowed to, as OAuth writes them, with spaces between."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from function_backend.kernel.identity import PermissionSet

MOST_SCOPES = 100

_PATTERN = re.compile(r"([*]|[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)*([.][*])?)")
_LONGEST = 128


class ScopeError(ValueError):
    """The text is no list of permissions; the message names what is wrong."""


def read_scopes(text: str) -> frozenset[str]:
    """The patterns of the text; none for the empty text, which narrows nothing. Raises ScopeError."""
    names = [name for name in text.split(" ") if name]
    if len(names) > MOST_SCOPES:
        raise ScopeError(f"holds more than {MOST_SCOPES} permissions")
    for name in names:
        if len(name) > _LONGEST or not _PATTERN.fullmatch(name):
            raise ScopeError("holds something that is no permission")
    return frozenset(names)


def write_scopes(scopes: Iterable[str]) -> str:
    """The patterns as OAuth writes them."""
    return " ".join(sorted(scopes))


def is_narrower(wanted: frozenset[str], held: frozenset[str]) -> bool:
    """Whether a token narrowed to what is wanted may do nothing that one narrowed to what is held may not.

    No scopes at all narrow nothing, so they are as wide as can be.
    """
    if not held:
        return True
    if not wanted:
        return False
    limit = PermissionSet(held)
    return all(limit.covers(pattern) for pattern in wanted)


def narrowed(wanted: frozenset[str], held: frozenset[str]) -> frozenset[str] | None:
    """What is wanted, or what is held when nothing in particular is; None when it is wider than what is held."""
    if not wanted:
        return held
    return wanted if is_narrower(wanted, held) else None


def narrowed_audience(wanted: Collection[str], held: tuple[str, ...]) -> tuple[str, ...] | None:
    """Likewise for audiences."""
    if not wanted:
        return held
    return tuple(sorted(set(wanted))) if set(wanted) <= set(held) else None
