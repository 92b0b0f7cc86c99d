"""Values of the contract that are no text: enums, booleans, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from google.protobuf.descriptor import FieldDescriptor

from function_backend_cli.importing.faults import UNREADABLE_VALUE, MappingError, RowFault, nearest
from function_backend_cli.importing.readers import Row
from function_backend_client.display import enum_text

Fields: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[Row, list[RowFault]], Any]
"""Reads one field of a row, None when it says nothing. Faults that may be dropped go into the list."""

_TRUE: Final = frozenset({"true", "yes", "y", "1", "t"})
_FALSE: Final = frozenset({"false", "no", "n", "0", "f"})


def enum_reader(field: FieldDescriptor, read: Callable[[Row], str], where: str, *, constant: bool) -> Read:
    """Reads a value of an enum by its short name. Raises MappingError for a constant that is none."""
    enum = field.enum_type
    if enum is None:
        raise TypeError(field.full_name)
    numbers = {enum_text(field, value.number): value.number for value in enum.values if value.number}
    if constant:
        name = read(()).upper()
        if name not in numbers:
            known = [known.lower() for known in numbers]
            raise MappingError(f"{where}: there is no {enum.name} '{name.lower()}'{nearest(name.lower(), known)}")

    def number(row: Row, _: list[RowFault]) -> int | None:
        text = read(row)
        if not text:
            return None
        found = numbers.get(text.upper())
        if found is None:
            raise RowFault(UNREADABLE_VALUE, f"'{text}' is not one of {', '.join(numbers)}")
        return found

    return number


def boolean(text: str) -> bool | None:
    """What the word means; None for no word."""
    word = text.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if not word:
        return None
    raise RowFault(UNREADABLE_VALUE, f"'{text}' is neither true nor false")


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise RowFault(UNREADABLE_VALUE, f"'{text}' is no number") from None


TYPES: Final[Mapping[str, Callable[[str], Any]]] = {
    "text": str,
    "number": _number,
    "boolean": boolean,
}
"""What turns text into a value of each type of attribute."""
