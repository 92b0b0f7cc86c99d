"""A mapping: what a file looks like, and which of its columns is which field of a company."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from function_backend_cli.importing.builder import Builder
from function_backend_cli.importing.dates import ISO, date_reader, seconds_of
from function_backend_cli.importing.droppable import Droppable
from function_backend_cli.importing.faults import MappingError, RowFault, nearest
from function_backend_cli.importing.readers import Row
from function_backend_cli.importing.scalars import Fields
from function_backend_cli.importing.values import Columns, Values

_SECTIONS: Final = ("input", "import", "company", "lookups")
_FORMATS: Final = ("csv", "json", "jsonl")
_IMPORT_KEYS: Final = ("match_scheme", "source", "group_by", "valid_from", "droppable")


@dataclass(frozen=True, slots=True)
class InputFormat:
    """What the file looks like."""

    format: str = "csv"
    """`csv`, `json` for an array or object of records, `jsonl` for one record on each line."""
    delimiter: str = ","
    quote: str = '"'
    """Empty when quotes mean nothing."""
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    """The names of the columns where the file has no header."""
    member: str = ""
    """The file to take out of a zip archive with several."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping as it is written, checked as far as that goes without the file."""

    name: str
    text: str
    input: InputFormat
    match_scheme: str
    company: Table[str, Any]
    source: str = ""
    group_by: str = ""
    valid_from: Any = None
    droppable: Droppable = field(default_factory=lambda: Droppable(()))
    lookups: Table[str, Table[str, str]] = field(default_factory=dict)

    def compiled(self, columns: Sequence[str] | None) -> Compiled:
        """The functions for a file with these columns; None when every name is taken. Raises MappingError."""
        known = Columns(columns)
        values = Values(known, self.lookups)
        build = Builder(values, self.droppable).company(self.company)
        valid_from = None if self.valid_from is None else _moment(values, self.valid_from)
        group = None if not self.group_by else known.find(self.group_by, "import.group_by")
        return Compiled(known.names, build, valid_from, group)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping made for one file."""

    columns: Sequence[str]
    """The columns in the order in which rows must have them."""
    build: Callable[[Row, list[RowFault]], Fields | None]
    valid_from: Callable[[Row], Fields | None] | None
    group: int | None
    """The place of the column whose equal values make rows one company."""


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises MappingError, which names the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MappingError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: is not UTF-8 text: {error.reason} at byte {error.start}") from error
    try:
        return parse_mapping(text, name=path.stem)
    except MappingError as error:
        raise MappingError(f"{path}: {error}") from error


def profile_names() -> list[str]:
    """The profiles that ship, besides `csv`, which takes a mapping, and those that read exports."""
    return sorted(entry.name.removesuffix(".toml") for entry in _profiles().iterdir() if entry.name.endswith(".toml"))


def read_profile(name: str) -> Mapping:
    """A mapping that ships. Raises MappingError for a name that is none."""
    return parse_mapping(profile_text(name), name=name)


def profile_text(name: str) -> str:
    """A mapping that ships, as it is written. Raises MappingError for a name that is none."""
    if name not in profile_names():
        raise MappingError(f"there is no profile '{name}'{nearest(name, [*profile_names(), 'csv', 'jsonl', 'binary'])}")
    return str((_profiles() / f"{name}.toml").read_text(encoding="utf-8"))


def parse_mapping(text: str, *, name: str) -> Mapping:
    """The mapping in a text. Raises MappingError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"is not TOML: {error}") from error
    _known(tables, _SECTIONS, "there is no table")
    settings = _table(tables, "import")
    _known(settings, _IMPORT_KEYS, "import: there is no setting")
    if "match_scheme" not in settings:
        raise MappingError("import.match_scheme: say by which identifier a row finds its company, such as 'lei'")
    mapping = Mapping(
        name=name,
        text=text,
        input=_input(_table(tables, "input")),
        match_scheme=str(settings["match_scheme"]),
        company=_table(tables, "company"),
        source=str(settings.get("source", name)),
        group_by=str(settings.get("group_by", "")),
        valid_from=settings.get("valid_from"),
        droppable=Droppable([str(part) for part in settings.get("droppable", [])]),
        lookups=_lookups(_table(tables, "lookups")),
    )
    # Once without a file, so that what is wrong is found before anything is opened.
    mapping.compiled(None)
    return mapping


def overridden(mapping: Mapping, **changes: Any) -> Mapping:  # noqa: ANN401  Fields of InputFormat and Mapping.
    """The mapping with other settings where the command line gives some."""
    given = {name: value for name, value in changes.items() if value is not None}
    shape = {name: given.pop(name) for name in ("delimiter", "encoding", "member") if name in given}
    return replace(mapping, input=replace(mapping.input, **shape), **given)


def _input(table: Table[str, Any]) -> InputFormat:
    known = InputFormat.__dataclass_fields__
    _known(table, known, "input: there is no setting")
    if table.get("format", "csv") not in _FORMATS:
        raise MappingError(f"input.format: there is no format {table['format']!r}{nearest(table['format'], _FORMATS)}")
    if len(table.get("delimiter", ",")) != 1:
        raise MappingError("input.delimiter: one character is needed, such as ';' or '\\t'")
    given: dict[str, Any] = {key: tuple(value) if key == "columns" else value for key, value in table.items()}
    return InputFormat(**given)


def _moment(values: Values, spec: object) -> Callable[[Row], Fields | None]:
    parse = date_reader(spec.get("date", ISO) if isinstance(spec, dict) else ISO, "import.valid_from.date")
    read = values.reader(spec, "import.valid_from")
    # Days repeat: a file has a few of them.
    moment = lru_cache(maxsize=4096)(lambda text: seconds_of(parse(text)))
    return lambda row: moment(text) if (text := read(row)) else None


def _lookups(tables: Table[str, Any]) -> Table[str, Table[str, str]]:
    for name, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
            raise MappingError(f"lookups.{name}: a table from text to text is needed")
    return tables


def _table(tables: Table[str, Any], name: str) -> Table[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise MappingError(f"{name}: [{name}] is a table")
    if not table and name in {"import", "company"}:
        raise MappingError(f"the table [{name}] is missing")
    return table


def _known(table: Table[str, Any], known: Any, message: str) -> None:  # noqa: ANN401  Any container of names.
    for name in table:
        if name not in known:
            raise MappingError(f"{message} '{name}'{nearest(name, known)}")


def _profiles() -> Any:  # noqa: ANN401  A Traversable; its module moves between Python versions.
    return resources.files(__package__) / "profiles"
