"""Where the cells of a decision table stand in its CSV file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PATH = re.compile(r"table\.(?:rows\[(?P<row>\d+)\](?:\.(?P<part>cells|outputs)\[(?P<cell>\d+)\])?|(?P<head>\w+))?")
_KINDS = {"cells": "input ", "outputs": "output "}
_FIELD = re.compile(r'"(?:[^"]|"")*"?|[^,"\r\n][^,\r\n]*|')


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a record: where it starts, and where its text does, which may be behind a quote."""

    line: int
    column: int
    text: str
    quoted: bool


@dataclass(slots=True)
class CsvPlaces:
    """The records of a CSV file with the places of their fields. For files that have been read without a problem."""

    text: str
    header: list[_Field] = field(default_factory=list)
    rows: list[list[_Field]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Takes the records apart."""
        for record in _records(self.text.removeprefix("\ufeff")):
            if record[0].text.startswith("#"):
                continue
            if self.header:
                self.rows.append(record)
            else:
                self.header = record

    def place(self, path: str, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file of a place inside the text of a field, by its path from the definition's root."""
        found = _PATH.match(path)
        if found is None or found["row"] is None or int(found["row"]) >= len(self.rows):
            return (self.header[0].line, 1) if self.header else (1, 1)
        record = self.rows[int(found["row"])]
        if found["part"] is None:
            return record[0].line, record[0].column
        kind = _KINDS[found["part"]]
        numbers = [number for number, each in enumerate(self.header) if each.text.startswith(kind)]
        if int(found["cell"]) >= len(numbers) or numbers[int(found["cell"])] >= len(record):
            return record[0].line, record[0].column
        place = record[numbers[int(found["cell"])]]
        if line != 1 or (place.quoted and '"' in place.text):
            return place.line, place.column
        return place.line, place.column + place.quoted + column - 1


def field_place(text: str, line: int, number: int) -> tuple[int, int]:
    """Line and column of a field by the line where its record begins and its number, both from 1."""
    for record in _records(text.removeprefix("\ufeff")):
        if record[0].line == line:
            place = record[min(number, len(record)) - 1]
            return place.line, place.column
    return line, 1


def _records(text: str) -> list[list[_Field]]:
    records: list[list[_Field]] = []
    record: list[_Field] = []
    at, line, start = 0, 1, 0
    while at <= len(text):
        found = _FIELD.match(text, at)
        written = found[0] if found is not None else ""
        quoted = written.startswith('"')
        inner = written[1:].removesuffix('"').replace('""', '"') if quoted else written
        record.append(_Field(line, at - start + 1, inner, quoted))
        if "\n" in written:
            line += written.count("\n")
            start = at + written.rindex("\n") + 1
        at += len(written)
        if text.startswith(",", at):
            at += 1
            continue
        end = _end_of_line(text, at)
        if len(record) > 1 or record[0].text or record[0].quoted:
            records.append(record)
        record, line, start = [], line + 1, end
        if end >= len(text):
            break
        at = end
    return records


def _end_of_line(text: str, at: int) -> int:
    """Behind the next end of a line; what stands before it has been taken, or is wrong."""
    for number in range(at, len(text)):
        if text[number] == "\n":
            return number + 1
        if text[number] == "\r":
            return number + 1 + text.startswith("\n", number + 1)
    return len(text)
