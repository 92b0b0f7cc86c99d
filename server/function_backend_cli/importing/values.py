"""Value specifications of a mapping, compiled into functions that read one value of a row.

A specification is a constant (a string, number or boolean) or a table with one source and any number of steps:

    { column = "cik" }                                   one column
    { join = ["street1", "street2"], separator = ", " }  several columns, the empty ones left out
    { template = "US-{state}" }                          empty when a column in it is empty
    { first = [ … ] }                                    the first specification that gives something
    { constant = "x" }                                   always the same

The steps are applied in the order of `STEPS`, to values that are not empty.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from function_backend_cli.importing.faults import UNREADABLE_VALUE, MappingError, RowFault, nearest
from function_backend_cli.importing.lookups import find_lookup
from function_backend_cli.importing.phones import international

Row: TypeAlias = Sequence[str]
Reader: TypeAlias = Callable[[Row], str]
Step: TypeAlias = Callable[[str], str]

SOURCES: Final = ("column", "join", "template", "first", "constant")
STEPS: Final = ("empty", "remove", "case", "pad", "length", "lookup", "prefix", "suffix")
OTHER: Final = ("separator", "optional", "unknown", "phone", "default", "when", "date", "type", "split")
_KEYS: Final = frozenset((*SOURCES, *STEPS, *OTHER))
_CASES: Final[Mapping[str, Step]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": string.capwords,
}


class Columns:
    """The columns of the input by name, and which of them a mapping uses."""

    def __init__(self, names: Sequence[str] | None) -> None:
        """`names` is None while it is not known what the input has: then every name is taken."""
        self.names = list(names or ())
        self._open = names is None
        self._index = {name: index for index, name in enumerate(self.names)}

    def find(self, name: object, where: str, *, optional: bool = False) -> int | None:
        """The place of a column; None for an optional one that is not there."""
        if not isinstance(name, str):
            raise MappingError(f"{where}: {name!r} is not the name of a column")
        index = self._index.get(name)
        if index is None and self._open:
            index = self._index[name] = len(self.names)
            self.names.append(name)
        if index is None and not optional:
            raise MappingError(f"{where}: the input has no column '{name}'{nearest(name, self.names)}")
        return index


class Values:
    """Compiles value specifications of one mapping."""

    def __init__(self, columns: Columns, lookups: Mapping[str, Mapping[str, str]]) -> None:
        self._columns = columns
        self._lookups = lookups

    def reader(self, spec: object, where: str) -> Reader:
        """A function that reads the value as text; empty when there is none."""
        if not isinstance(spec, dict):
            return _constant(spec, where)
        if "split" in spec:
            raise MappingError(f"{where}: only the fields of a list's elements can be split")
        unknown = sorted(set(spec) - _KEYS)
        if unknown:
            raise MappingError(f"{where}: there is no step '{unknown[0]}'{nearest(unknown[0], _KEYS)}")
        read = self._source(spec, where)
        steps = [make(self, spec[name], spec, f"{where}.{name}") for name, make in _STEPS.items() if name in spec]
        if steps:
            read = _stepped(read, steps)
        if "phone" in spec:
            read = _phoned(read, self.reader(spec["phone"], f"{where}.phone"))
        if "default" in spec:
            read = _defaulted(read, self.reader(spec["default"], f"{where}.default"))
        if "when" in spec:
            read = _conditional(read, self.condition(spec["when"], f"{where}.when"))
        return read

    def plain_column(self, spec: object) -> int | None:
        """The place of the column when a specification is a column and nothing else."""
        if not isinstance(spec, dict) or set(spec) - {"column", "optional"}:
            return None
        return self._columns.find(spec.get("column"), "", optional=True)

    def splitter(self, spec: Mapping[str, Any], where: str) -> Callable[[Row], list[str]]:
        """A function that reads several values out of one, as its `split` says."""
        separator = spec["split"]
        if not isinstance(separator, str) or not separator:
            raise MappingError(f"{where}.split: the text between the values is needed, such as '|'")
        read = self.reader({key: value for key, value in spec.items() if key != "split"}, where)
        return lambda row: [part.strip() for part in read(row).split(separator)]

    def condition(self, spec: object, where: str) -> Callable[[Row], bool]:
        """A function that says whether a row fulfils `{ column = …, is = … | in = […] | present = true }`."""
        if not isinstance(spec, dict) or "column" not in spec:
            raise MappingError(f"{where}: write {{ column = \"…\", is = \"…\" }}, or 'in', 'not', 'like' or 'present'")
        tests = sorted(set(spec) - {"column", "optional"})
        if len(tests) != 1 or tests[0] not in _TESTS:
            raise MappingError(f"{where}: one of {', '.join(sorted(_TESTS))} belongs beside 'column'")
        read = self.reader({key: spec[key] for key in ("column", "optional") if key in spec}, where)
        return _TESTS[tests[0]](read, spec[tests[0]])

    def lookup(self, name: object, spec: Mapping[str, Any], where: str) -> Step:
        """A step that looks the value up; `unknown` says what becomes of one that the table does not have."""
        table = find_lookup(str(name), self._lookups, where)
        unknown = spec.get("unknown", "fault")
        if unknown not in {"fault", "keep", "drop"}:
            raise MappingError(f"{where}: unknown = {unknown!r}: write 'fault', 'keep' or 'drop'")

        def look_up(text: str) -> str:
            found = table.get(text.casefold())
            if found is not None:
                return found
            if unknown == "fault":
                raise RowFault(UNREADABLE_VALUE, f"'{text}' is not in the look-up table '{name}'")
            return text if unknown == "keep" else ""

        return look_up

    def _source(self, spec: Mapping[str, Any], where: str) -> Reader:
        given = [name for name in SOURCES if name in spec]
        if len(given) != 1:
            said = "there is none" if not given else f"there are {' and '.join(given)}"
            raise MappingError(f"{where}: one of {', '.join(SOURCES)} says where the value comes from; {said}")
        source = given[0]
        optional = bool(spec.get("optional", False))
        if source == "column":
            return self._column(spec["column"], where, optional=optional)
        if source == "join":
            reads = [self._column(name, where, optional=optional) for name in _list(spec["join"], where)]
            return _joined(reads, str(spec.get("separator", " ")))
        if source == "template":
            return self._template(spec["template"], where, optional=optional)
        if source == "first":
            reads = [self.reader(part, f"{where}.first[{n}]") for n, part in enumerate(_list(spec["first"], where))]
            return _first(reads)
        return _constant(spec["constant"], where)

    def _column(self, name: object, where: str, *, optional: bool) -> Reader:
        index = self._columns.find(name, where, optional=optional)
        if index is None:
            return lambda row: ""  # noqa: ARG005  A reader like the others.
        place = index
        return lambda row: row[place].strip()

    def _template(self, text: object, where: str, *, optional: bool) -> Reader:
        if not isinstance(text, str):
            raise MappingError(f"{where}: a template is text such as 'US-{{state}}'")
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError as error:
            raise MappingError(f"{where}: the template {text!r} cannot be read: {error}") from error
        pieces: list[str | Reader] = []
        for literal, column, _, _ in parts:
            if literal:
                pieces.append(literal)
            if column is not None:
                pieces.append(self._column(column, where, optional=optional))
        return _filled(pieces)


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise MappingError(f'{where}: a list in brackets is needed, such as ["a", "b"]')
    return value


def _constant(value: object, where: str) -> Reader:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str | int | float):
        text = str(value)
    else:
        raise MappingError(f'{where}: {value!r} is neither a constant nor a table such as {{ column = "…" }}')
    return lambda row: text  # noqa: ARG005  A reader like the others.


def _stepped(read: Reader, steps: Sequence[Step]) -> Reader:
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


def _phoned(read: Reader, country: Reader) -> Reader:
    return lambda row: international(text, country(row)) if (text := read(row)) else ""


def _defaulted(read: Reader, default: Reader) -> Reader:
    return lambda row: read(row) or default(row)


def _conditional(read: Reader, holds: Callable[[Row], bool]) -> Reader:
    return lambda row: read(row) if holds(row) else ""


def _joined(reads: Sequence[Reader], separator: str) -> Reader:
    return lambda row: separator.join([text for read in reads if (text := read(row))])


def _first(reads: Sequence[Reader]) -> Reader:
    def first(row: Row) -> str:
        for read in reads:
            text = read(row)
            if text:
                return text
        return ""

    return first


def _filled(pieces: Sequence[str | Reader]) -> Reader:
    def fill(row: Row) -> str:
        texts = []
        for piece in pieces:
            text = piece if isinstance(piece, str) else piece(row)
            if not text:
                return ""
            texts.append(text)
        return "".join(texts)

    return fill


_TESTS: Final[Mapping[str, Callable[[Reader, Any], Callable[[Row], bool]]]] = {
    "is": lambda read, value: lambda row: read(row) == value,
    "not": lambda read, value: lambda row: read(row) != value,
    "in": lambda read, values: lambda row: read(row) in values,
    "like": lambda read, pattern: lambda row: fnmatchcase(read(row), pattern),
    "present": lambda read, wanted: lambda row: bool(read(row)) is wanted,
}


def _empty(_: Values, words: object, __: Mapping[str, Any], where: str) -> Step:
    listed = frozenset(str(word).casefold() for word in _list(words, where))
    return lambda text: "" if text.casefold() in listed else text


def _remove(_: Values, characters: object, __: Mapping[str, Any], where: str) -> Step:  # noqa: ARG001
    table = str.maketrans("", "", str(characters))
    return lambda text: text.translate(table).strip()


def _case(_: Values, name: object, __: Mapping[str, Any], where: str) -> Step:
    if name not in _CASES:
        raise MappingError(f"{where}: there is no case {name!r}{nearest(str(name), _CASES)}")
    return _CASES[str(name)]


def _pad(_: Values, width: object, __: Mapping[str, Any], where: str) -> Step:
    digits = _whole(width, where)
    return lambda text: text.zfill(digits)


def _length(_: Values, longest: object, __: Mapping[str, Any], where: str) -> Step:
    kept = _whole(longest, where)
    return lambda text: text[:kept]


def _prefix(_: Values, start: object, __: Mapping[str, Any], where: str) -> Step:  # noqa: ARG001
    added = str(start)
    return lambda text: text if text.startswith(added) else added + text


def _suffix(_: Values, end: object, __: Mapping[str, Any], where: str) -> Step:  # noqa: ARG001
    added = str(end)
    return lambda text: text + added


def _whole(number: object, where: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise MappingError(f"{where}: {number!r} is not a whole number above 0")
    return number


_STEPS: Final[Mapping[str, Callable[[Values, Any, Mapping[str, Any], str], Step]]] = {
    "empty": _empty,
    "remove": _remove,
    "case": _case,
    "pad": _pad,
    "length": _length,
    "lookup": Values.lookup,
    "prefix": _prefix,
    "suffix": _suffix,
}
