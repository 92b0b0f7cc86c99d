"""The steps that a mapping can take a value through."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any, Final

from function_backend_cli.importing.faults import UNREADABLE_VALUE, MappingError, RowFault, nearest
from function_backend_cli.importing.lookups import Lookup
from function_backend_cli.importing.readers import Step

_CASES: Final[Mapping[str, Step]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": string.capwords,
}
_UNKNOWN: Final = ("fault", "keep", "drop")


def look_up(name: str, table: Lookup, unknown: object, where: str) -> Step:
    """A step that looks the value up; `unknown` says what becomes of one that the table does not have."""
    if unknown not in _UNKNOWN:
        raise MappingError(f"{where}: unknown = {unknown!r}{nearest(str(unknown), _UNKNOWN)}")

    def step(text: str) -> str:
        found = table.get(text.casefold())
        if found is not None:
            return found
        if unknown == "fault":
            raise RowFault(UNREADABLE_VALUE, f"'{text}' is not in the look-up table '{name}'")
        return text if unknown == "keep" else ""

    return step


def listed(value: object, where: str) -> list[Any]:
    """A list of the mapping. Raises MappingError for anything else and for an empty one."""
    if not isinstance(value, list) or not value:
        raise MappingError(f'{where}: a list in brackets is needed, such as ["a", "b"]')
    return value


def _empty(words: object, where: str) -> Step:
    empty = frozenset(str(word).casefold() for word in listed(words, where))
    return lambda text: "" if text.casefold() in empty else text


def _remove(characters: object, _: str) -> Step:
    table = str.maketrans("", "", str(characters))
    return lambda text: text.translate(table).strip()


def _case(name: object, where: str) -> Step:
    if name not in _CASES:
        raise MappingError(f"{where}: there is no case {name!r}{nearest(str(name), _CASES)}")
    return _CASES[str(name)]


def _pad(width: object, where: str) -> Step:
    digits = _whole(width, where)
    return lambda text: text.zfill(digits)


def _length(longest: object, where: str) -> Step:
    kept = _whole(longest, where)
    return lambda text: text[:kept]


def _prefix(start: object, _: str) -> Step:
    added = str(start)
    return lambda text: text if text.startswith(added) else added + text


def _suffix(end: object, _: str) -> Step:
    added = str(end)
    return lambda text: text + added


def _whole(number: object, where: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise MappingError(f"{where}: {number!r} is not a whole number above 0")
    return number


STEPS: Final[Mapping[str, Callable[[Any, str], Step]]] = {
    "empty": _empty,
    "remove": _remove,
    "case": _case,
    "pad": _pad,
    "length": _length,
    "prefix": _prefix,
    "suffix": _suffix,
}
"""What makes each step of its argument, by its name in a mapping."""
