"""Value specifications of a mapping, compiled into functions that read one value of a row.

A specification is a constant (a string, number or boolean) or a table with one source and any number of steps:

    { column = "cik" }                                   one column
    { join = ["street1", "street2"], separator = ", " }  several columns, the empty ones left out
    { template = "US-{state}" }                          empty when a column in it is empty
    { first = [ … ] }                                    the first specification that gives something
    { constant = "x" }                                   always the same

The steps are applied in the order of `STEP_ORDER`, to values that are not empty.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from function_backend_cli.importing.faults import MappingError, nearest
from function_backend_cli.importing.lookups import find_lookup
from function_backend_cli.importing.readers import (
    TESTS,
    Reader,
    Row,
    Step,
    conditional,
    defaulted,
    filled,
    first,
    joined,
    phoned,
    stepped,
)
from function_backend_cli.importing.steps import STEPS, listed, look_up

SOURCES: Final = ("column", "join", "template", "first", "constant")
STEP_ORDER: Final = ("empty", "remove", "case", "pad", "length", "lookup", "prefix", "suffix")
OTHER: Final = ("separator", "optional", "unknown", "phone", "default", "when", "date", "type", "split")
_KEYS: Final = frozenset((*SOURCES, *STEP_ORDER, *OTHER))


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
        steps = [self._step(name, spec, f"{where}.{name}") for name in STEP_ORDER if name in spec]
        if steps:
            read = stepped(read, steps)
        if "phone" in spec:
            read = phoned(read, self.reader(spec["phone"], f"{where}.phone"))
        if "default" in spec:
            read = defaulted(read, self.reader(spec["default"], f"{where}.default"))
        if "when" in spec:
            read = conditional(read, self.condition(spec["when"], f"{where}.when"))
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
        if len(tests) != 1 or tests[0] not in TESTS:
            raise MappingError(f"{where}: one of {', '.join(sorted(TESTS))} belongs beside 'column'")
        read = self.reader({key: spec[key] for key in ("column", "optional") if key in spec}, where)
        return TESTS[tests[0]](read, spec[tests[0]])

    def _step(self, name: str, spec: Mapping[str, Any], where: str) -> Step:
        if name != "lookup":
            return STEPS[name](spec[name], where)
        table = find_lookup(str(spec[name]), self._lookups, where)
        return look_up(str(spec[name]), table, spec.get("unknown", "fault"), where)

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
            reads = [self._column(name, where, optional=optional) for name in listed(spec["join"], where)]
            return joined(reads, str(spec.get("separator", " ")))
        if source == "template":
            return self._template(spec["template"], where, optional=optional)
        if source == "first":
            reads = [self.reader(part, f"{where}.first[{n}]") for n, part in enumerate(listed(spec["first"], where))]
            return first(reads)
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
        return filled(pieces)


def _constant(value: object, where: str) -> Reader:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str | int | float):
        text = str(value)
    else:
        raise MappingError(f'{where}: {value!r} is neither a constant nor a table such as {{ column = "…" }}')
    return lambda row: text  # noqa: ARG005  A reader like the others.
