"""Records of an input file: opened, unpacked, decoded, one by one with their line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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
    size: int = 0
    """Its size in bytes; 0 when it cannot be known."""
    _texts: list[io.TextIOWrapper] = field(default_factory=list)

    def position(self) -> int:
        """Bytes of the file on disk that have been read."""
        return 0 if self.size == 0 else self.raw.tell()

    def text(self, encoding: str) -> io.TextIOWrapper:
        """The content as text. Bytes that are no text become surrogates: their row is refused, its neighbours are not.

        Raises MappingError for an encoding that does not exist.
        """
        # utf-8-sig drops a byte order mark and reads text without one as well.
        name = "utf-8-sig" if encoding.replace("_", "-").casefold() in {"utf-8", "utf8"} else encoding
        try:
            text = io.TextIOWrapper(self.content, encoding=name, errors="surrogateescape", newline="")
        except LookupError as error:
            raise MappingError(f"there is no encoding '{encoding}'") from error
        self._texts.append(text)
        return text

    def release(self) -> None:
        """Lets go of the content, which whoever opened it closes."""
        for text in self._texts:
            text.detach()
        self._texts.clear()


@contextmanager
def opened(path: Path | None, *, member: str = "") -> Iterator[OpenedFile]:
    """Opens a file, packed by gzip or zip or not at all; None is the standard input."""
    with ExitStack() as stack:
        if path is None:
            file = OpenedFile(_unpacked_stream(sys.stdin.buffer), sys.stdin.buffer)
        else:
            raw = stack.enter_context(path.open("rb"))
            file = OpenedFile(_unpacked(raw, member, stack), raw, path.stat().st_size)
        stack.callback(file.release)
        yield file


def _unpacked(raw: IO[bytes], member: str, stack: ExitStack) -> IO[bytes]:
    start = raw.read(4)
    raw.seek(0)
    if start == _ZIP_MAGIC:
        archive = stack.enter_context(zipfile.ZipFile(raw))
        return stack.enter_context(archive.open(_member(archive, member)))
    if start[:2] == _GZIP_MAGIC:
        return cast("IO[bytes]", stack.enter_context(gzip.open(raw, "rb")))
    return raw


def csv_columns_and_records(file: OpenedFile, form: InputFormat) -> tuple[list[str], Iterator[Record]]:
    """The names of the columns and the records. Raises MappingError when there is no header."""
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(
        file.text(form.encoding),
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


def json_records(file: OpenedFile, encoding: str, columns: Sequence[str]) -> Iterator[Record]:
    """The records of a JSON array or object of records, as fields in the order given. It is read as a whole."""
    try:
        whole = json.load(file.text(encoding))
    except ValueError as error:
        raise MappingError(f"the file is not JSON: {error}") from error
    if not isinstance(whole, dict | list):
        raise MappingError("the file is JSON, but neither an array nor an object of records")
    items = whole.values() if isinstance(whole, dict) else whole
    for number, item in enumerate(items, start=1):
        yield _record(number, item, columns)


def json_line_records(file: OpenedFile, encoding: str, columns: Sequence[str]) -> Iterator[Record]:
    """The records of a file with one JSON object on each line."""
    for number, line in enumerate(file.text(encoding), start=1):
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
