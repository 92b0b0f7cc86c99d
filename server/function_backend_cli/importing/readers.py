"""Functions that read a value of a row, put together from others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from function_backend_cli.importing.phones import international

Row: TypeAlias = Sequence[str]
Reader: TypeAlias = Callable[[Row], str]
Step: TypeAlias = Callable[[str], str]


def stepped(read: Reader, steps: Sequence[Step]) -> Reader:
    """The value after all steps; an empty one stays empty."""
    if len(steps) == 1:
        (only,) = steps

        def read_one(row: Row) -> str:
            text = read(row)
            return only(text) if text else text

        return read_one

    def read_many(row: Row) -> str:
        text = read(row)
        for step in steps:
            if not text:
                break
            text = step(text)
        return text

    return read_many


def phoned(read: Reader, country: Reader) -> Reader:
    """A phone number, read as one of the country that another value names."""
    return lambda row: international(text, country(row)) if (text := read(row)) else ""


def defaulted(read: Reader, default: Reader) -> Reader:
    """The value, or another where it is empty."""
    return lambda row: read(row) or default(row)


def conditional(read: Reader, holds: Callable[[Row], bool]) -> Reader:
    """The value where the row fulfils a condition."""
    return lambda row: read(row) if holds(row) else ""


def joined(reads: Sequence[Reader], separator: str) -> Reader:
    """The values that are not empty, one behind the other."""
    return lambda row: separator.join([text for read in reads if (text := read(row))])


def first(reads: Sequence[Reader]) -> Reader:
    """The first value that is not empty."""

    def read_first(row: Row) -> str:
        for read in reads:
            text = read(row)
            if text:
                return text
        return ""

    return read_first


def filled(pieces: Sequence[str | Reader]) -> Reader:
    """The pieces one behind the other; empty when a value among them is."""

    def fill(row: Row) -> str:
        texts = []
        for piece in pieces:
            text = piece if isinstance(piece, str) else piece(row)
            if not text:
                return ""
            texts.append(text)
        return "".join(texts)

    return fill


TESTS: Final[Mapping[str, Callable[[Reader, Any], Callable[[Row], bool]]]] = {
    "is": lambda read, value: lambda row: read(row) == value,
    "not": lambda read, value: lambda row: read(row) != value,
    "in": lambda read, values: lambda row: read(row) in values,
    "like": lambda read, pattern: lambda row: fnmatchcase(read(row), pattern),
    "present": lambda read, wanted: lambda row: bool(read(row)) is wanted,
}
"""The conditions that a row can be held to, by their names in a mapping."""
