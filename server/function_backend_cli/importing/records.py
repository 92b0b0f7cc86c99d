"""Records of an input file: opened, unpacked, decoded, one by one with their line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

from function_backend_cli.importing.faults import UNREADABLE_ROW, MappingError, RowFault
from function_backend_cli.importing.mapping import InputFormat

_LONGEST_FIELD: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK\x03\x04"


class Record(NamedTuple):
    """One record: where it begins, its fields, and what is wrong with it, if anything."""

    line: int
    fields: Sequence[str]
    fault: RowFault | None = None


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """An input file, unpacked."""

    content: IO[bytes]
    raw: IO[bytes]
    """The file on disk; its position tells how far the reading is."""
    size: int
    """Its size in bytes; 0 when it cannot be known."""

    def position(self) -> int:
        """Bytes of the file on disk that have been read."""
        return 0 if self.size == 0 else self.raw.tell()


@contextmanager
def opened(path: Path | None, *, member: str = "") -> Iterator[OpenedFile]:
    """Opens a file, packed by gzip or zip or not at all; None is the standard input."""
    if path is None:
        yield OpenedFile(_unpacked_stream(sys.stdin.buffer), sys.stdin.buffer, 0)
        return
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        size = path.stat().st_size
        if start == _ZIP_MAGIC:
            with zipfile.ZipFile(raw) as archive, archive.open(_member(archive, member)) as content:
                yield OpenedFile(content, raw, size)
        elif start[:2] == _GZIP_MAGIC:
            with gzip.open(raw, "rb") as content:
                yield OpenedFile(cast("IO[bytes]", content), raw, size)
        else:
            yield OpenedFile(raw, raw, size)


def csv_columns_and_records(content: IO[bytes], form: InputFormat) -> tuple[list[str], Iterator[Record]]:
    """The names of the columns and the records. Raises MappingError when there is no header."""
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(
        _text(content, form.encoding),
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
    )
    if form.columns:
        return list(form.columns), _csv_records(reader, len(form.columns))
    try:
        header = next(reader, None)
    except (csv.Error, UnicodeDecodeError) as error:
        raise MappingError(f"the header cannot be read: {error}") from error
    if not header:
        raise MappingError("the file is empty: there is no header")
    return [name.strip() for name in header], _csv_records(reader, len(header))


def json_records(content: IO[bytes], encoding: str, columns: Sequence[str]) -> Iterator[Record]:
    """The records of a JSON array or object of records, as fields in the order given. It is read as a whole."""
    try:
        whole = json.load(_text(content, encoding))
    except ValueError as error:
        raise MappingError(f"the file is not JSON: {error}") from error
    if not isinstance(whole, dict | list):
        raise MappingError("the file is JSON, but neither an array nor an object of records")
    items = whole.values() if isinstance(whole, dict) else whole
    for number, item in enumerate(items, start=1):
        yield _record(number, item, columns)


def json_line_records(content: IO[bytes], encoding: str, columns: Sequence[str]) -> Iterator[Record]:
    """The records of a file with one JSON object on each line."""
    for number, line in enumerate(_text(content, encoding), start=1):
        if not line.strip():
            continue
        try:
            yield _record(number, json.loads(line), columns)
        except ValueError as error:
            yield Record(number, [line.strip()], RowFault(UNREADABLE_ROW, f"the line is not JSON: {error}"))


def _record(number: int, item: Any, columns: Sequence[str]) -> Record:  # noqa: ANN401  Whatever JSON holds.
    if not isinstance(item, dict):
        return Record(number, [json.dumps(item)], RowFault(UNREADABLE_ROW, "is not a record with named fields"))
    return Record(number, [_plain(item.get(name)) for name in columns])


def _plain(value: Any) -> str:  # noqa: ANN401  Whatever JSON holds.
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv_records(reader: Any, width: int) -> Iterator[Record]:  # noqa: ANN401  csv's reader has no public type.
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            yield Record(line, [], RowFault(UNREADABLE_ROW, f"the line cannot be read: {error}"))
            continue
        if fields is None:
            return
        if len(fields) == width:
            yield Record(line, fields)
        elif fields:
            described = f"has {len(fields)} fields where the header has {width}"
            yield Record(line, fields, RowFault(UNREADABLE_ROW, described))


def _text(content: IO[bytes], encoding: str) -> io.TextIOWrapper:
    # utf-8-sig drops a byte order mark and reads text without one as well. Bytes that are no text become surrogates:
    # their row is refused, and the ones around it are not.
    name = "utf-8-sig" if encoding.replace("_", "-").casefold() in {"utf-8", "utf8"} else encoding
    try:
        return io.TextIOWrapper(content, encoding=name, errors="surrogateescape", newline="")
    except LookupError as error:
        raise MappingError(f"there is no encoding '{encoding}'") from error


def _member(archive: zipfile.ZipFile, wanted: str) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if wanted:
        found = [name for name in names if name == wanted or name.endswith(f"/{wanted}")]
        if not found:
            raise MappingError(f"the archive has no '{wanted}'; it has {', '.join(names[:10])}")
        return found[0]
    if len(names) != 1:
        raise MappingError(f"the archive has {len(names)} files; say which with --member: {', '.join(names[:10])}")
    return names[0]


def _unpacked_stream(stream: IO[bytes]) -> IO[bytes]:
    buffered = io.BufferedReader(cast("Any", stream))
    packed = buffered.peek(2)[:2] == _GZIP_MAGIC
    return cast("IO[bytes]", gzip.GzipFile(fileobj=buffered) if packed else buffered)
