"""Where the rows of an import come from: a file read by a mapping, or one that an export wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from typing import IO, Any, NamedTuple, Protocol

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from function.company.v1 import company_pb2
from function_backend_cli.framing import read_delimited
from function_backend_cli.importing.faults import UNREADABLE_ROW, UNREADABLE_VALUE, RowFault
from function_backend_cli.importing.mapping import Compiled, Mapping
from function_backend_cli.importing.records import (
    OpenedFile,
    Record,
    csv_columns_and_records,
    json_line_records,
    json_records,
)
from function_backend_client import Company, ImportRow


class Read(NamedTuple):
    """One record of the input: the row it became, or the fault that kept it from becoming one."""

    line: int
    fields: Sequence[str]
    """The record as it stands in the input."""
    row: ImportRow | None
    faults: Sequence[RowFault] = ()
    """Without a row: why. With one: what was left out of it."""
    is_there: bool = False
    """Whether the row is imported already, and only what was left out of it is to be noted."""


class Source(Protocol):
    """An opened input."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the fields of a record, for the rejects file."""
        ...

    def read(self, *, after: int = 0) -> Iterator[Read]:
        """The records behind a line, in the order of the input."""
        ...


class MappedSource:
    """A file of records, read by a mapping."""

    def __init__(self, file: OpenedFile, mapping: Mapping) -> None:
        """Raises MappingError when the mapping does not fit the file."""
        form = mapping.input
        if form.format == "csv":
            self.columns, self._records = csv_columns_and_records(file, form)
            self._compiled = mapping.compiled(self.columns)
        else:
            self._compiled = mapping.compiled(None)
            self.columns = list(self._compiled.columns)
            read = json_records if form.format == "json" else json_line_records
            self._records = read(file, form.encoding, self.columns)

    def read(self, *, after: int = 0) -> Iterator[Read]:
        """The records behind a line, in the order of the input; grouped ones by the first of their group."""
        if self._compiled.group is None:
            for record in self._records:
                if record.line > after:
                    yield _mapped(self._compiled, record)
            return
        for records in _groups(self._records, self._compiled.group):
            if records[0].line > after:
                yield _merged([_mapped(self._compiled, record) for record in records])


class JsonLinesSource:
    """Companies as JSON, one on each line, as `export` writes them."""

    columns = ("company",)

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content

    def read(self, *, after: int = 0) -> Iterator[Read]:
        """The companies behind a line."""
        for number, line in enumerate(self._content, start=1):
            if number <= after or not line.strip():
                continue
            text = line.decode(errors="replace").strip()
            try:
                company = json_format.Parse(line, Company())
            except (json_format.ParseError, UnicodeDecodeError) as error:
                yield Read(number, [text], None, [RowFault(UNREADABLE_ROW, f"is not a company as JSON: {error}")])
            else:
                yield _exported(number, company, [text])


class BinarySource:
    """Companies as length-delimited messages, as `export --format binary` writes them."""

    columns = ("company",)

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content

    def read(self, *, after: int = 0) -> Iterator[Read]:
        """The companies behind a place, counted from 1."""
        for number, data in enumerate(read_delimited(self._content), start=1):
            if number <= after:
                continue
            try:
                company = Company.FromString(data)
            except DecodeError:
                yield Read(number, [data.hex()], None, [RowFault(UNREADABLE_ROW, "is not a company")])
            else:
                yield _exported(number, company, [])


def _exported(number: int, company: company_pb2.Company, fields: Sequence[str]) -> Read:
    if company.HasField("delete_time"):
        fault = RowFault("COMPANY_DELETED", "is deleted; an import would bring it back", field="company.delete_time")
        return Read(number, fields or [json_format.MessageToJson(company, indent=None)], None, [fault])
    return Read(number, fields, ImportRow(row=number, company=company))


def _mapped(compiled: Compiled, record: Record) -> Read:
    line, fields, fault = record
    if fault is not None:
        return Read(line, fields, None, [fault])
    dropped: list[RowFault] = []
    try:
        company = compiled.build(fields, dropped)
        moment = None if compiled.valid_from is None else compiled.valid_from(fields)
        row = ImportRow(row=line, company=company or {}, valid_from=moment)  # type: ignore[arg-type]  # Taken as well.
    except RowFault as found:
        return Read(line, fields, None, [found.within("company")])
    except UnicodeEncodeError:
        description = "is not text in the encoding of the file; try --encoding latin-1"
        return Read(line, fields, None, [RowFault(UNREADABLE_VALUE, description)])
    return Read(line, fields, row, [fault.within("company") for fault in dropped])


def _groups(records: Iterator[Record], column: int) -> Iterator[Sequence[Record]]:
    """The records with equal values in a column, by the first of each; all are in memory until the file has ended."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        key = record.fields[column].strip() if record.fault is None else f"\x00{record.line}"
        groups.setdefault(key, []).append(record)
    yield from groups.values()


def _merged(reads: Sequence[Read]) -> Read:
    """One row for a group: lists are joined, everything else comes from its first record."""
    first = next((read for read in reads if read.row is not None), reads[0])
    if first.row is None or len(reads) == 1:
        return first
    for read in reads:
        if read.row is not None and read is not first:
            _join(first.row.company, read.row.company)
    faults = [fault for read in reads for fault in read.faults]
    return Read(first.line, first.fields, first.row, faults)


def _join(company: Company, other: Company) -> None:
    for field, value in other.ListFields():
        if not field.is_repeated or (field.message_type is not None and field.message_type.GetOptions().map_entry):
            continue
        items = getattr(company, field.name)
        items.extend(item for item in value if item not in items)


def source_of(file: OpenedFile, profile: str, mapping: Mapping | None) -> Source:
    """The source for a profile."""
    if mapping is not None:
        return MappedSource(file, mapping)
    sources: Table[str, Any] = {"jsonl": JsonLinesSource, "binary": BinarySource}
    source: Source = sources[profile](file.content)
    return source
