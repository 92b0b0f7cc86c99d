"""Input files: packed or not, with and without a header, damaged here and there."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from function_backend_cli.framing import DamagedFileError, delimited, read_delimited
from function_backend_cli.importing.faults import MappingError
from function_backend_cli.importing.mapping import InputFormat
from function_backend_cli.importing.records import (
    OpenedFile,
    Record,
    csv_columns_and_records,
    json_line_records,
    json_records,
    opened,
)

TEXT = b"name,city\nExample,Berlin\n"


def file_of(content: bytes) -> OpenedFile:
    stream = io.BytesIO(content)
    return OpenedFile(stream, stream)


def csv_of(content: bytes, form: InputFormat | None = None) -> tuple[list[str], list[Record]]:
    columns, records = csv_columns_and_records(file_of(content), form or InputFormat())
    return columns, list(records)


class TestOpening:
    def test_a_plain_file(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_bytes(TEXT)
        with opened(tmp_path / "x.csv") as file:
            assert file.content.read() == TEXT
            assert file.position() == file.size == len(TEXT)

    def test_a_file_packed_by_gzip_whatever_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_bytes(gzip.compress(TEXT))
        with opened(tmp_path / "x.csv") as file:
            assert file.content.read() == TEXT
            assert 0 < file.position() <= file.size

    def test_an_archive_with_one_file(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("inner/x.csv", TEXT)
        with opened(tmp_path / "x.zip") as file:
            assert file.content.read() == TEXT

    def test_an_archive_with_several_needs_a_name(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("sub.txt", TEXT)
            archive.writestr("num.txt", b"")
        with opened(tmp_path / "x.zip", member="sub.txt") as file:
            assert file.content.read() == TEXT
        with pytest.raises(MappingError, match="--member"), opened(tmp_path / "x.zip"):
            pass
        with (
            pytest.raises(MappingError, match=r"no 'x\.txt'; it has sub\.txt"),
            opened(tmp_path / "x.zip", member="x.txt"),
        ):
            pass


class TestCsv:
    def test_lines_are_counted_as_an_editor_does(self) -> None:
        columns, records = csv_of(b'name,city\n"Two\nlines",Berlin\nNext,Bonn\n\nLast,Ulm\n')
        assert columns == ["name", "city"]
        assert [(record.line, record.fields[0]) for record in records] == [(2, "Two\nlines"), (4, "Next"), (6, "Last")]

    def test_a_byte_order_mark_is_no_part_of_the_first_name(self) -> None:
        assert csv_of(b"\xef\xbb\xbfname\nx\n")[0] == ["name"]

    def test_another_encoding_is_read_when_named(self) -> None:
        _, records = csv_of("name\nMüller\n".encode("latin-1"), InputFormat(encoding="latin-1"))
        assert records[0].fields == ["Müller"]
        with pytest.raises(MappingError, match="no encoding 'latin-99'"):
            csv_of(TEXT, InputFormat(encoding="latin-99"))

    def test_a_file_without_a_header(self) -> None:
        columns, records = csv_of(b"Example;Germany\n", InputFormat(delimiter=";", columns=("name", "country")))
        assert columns == ["name", "country"]
        assert records == [Record(1, ["Example", "Germany"])]

    def test_quotes_may_mean_nothing(self) -> None:
        _, records = csv_of(b'a\tb\n"x\ty\n', InputFormat(delimiter="\t", quote=""))
        assert records[0].fields == ['"x', "y"]

    def test_a_ragged_line_is_a_fault_of_its_own(self) -> None:
        _, records = csv_of(b"a,b\n1\n1,2,3\n1,2\n")
        assert [record.fault is None for record in records] == [False, False, True]
        assert "has 1 fields where the header has 2" in str(records[0].fault)

    def test_a_line_that_is_no_csv_is_a_fault_of_its_own(self) -> None:
        _, records = csv_of(b"a\n" + b"x" * ((1 << 20) + 1) + b"\nnext\n")
        assert [record.fault is None for record in records] == [False, True]

    def test_bytes_that_are_no_text_stay_in_their_row(self) -> None:
        _, records = csv_of(b"a\n\xff\nnext\n")
        assert records[0].fields == ["\udcff"]
        assert records[1].fields == ["next"]

    def test_an_empty_file_is_refused(self) -> None:
        with pytest.raises(MappingError, match="empty"):
            csv_of(b"")


class TestJson:
    @pytest.mark.parametrize(
        "whole", [[{"a": 1, "b": None}, {"a": "x", "b": True}], {"0": {"a": 1}, "1": {"a": "x", "b": True}}]
    )
    def test_an_array_or_object_of_records(self, whole: object) -> None:
        records = list(json_records(file_of(json.dumps(whole).encode()), "utf-8", ["a", "b"]))
        assert records == [Record(1, ["1", ""]), Record(2, ["x", "true"])]

    @pytest.mark.parametrize("text", [b"{", b"3", b'"x"'])
    def test_what_is_neither_is_refused(self, text: bytes) -> None:
        with pytest.raises(MappingError, match="JSON"):
            list(json_records(file_of(text), "utf-8", []))

    def test_something_else_among_them_is_a_fault_of_its_own(self) -> None:
        first, second = json_records(file_of(b'[3, {"a": {"b": 1}}]'), "utf-8", ["a"])
        assert first.fault is not None
        assert second.fields == ['{"b": 1}']

    def test_one_record_on_each_line(self) -> None:
        records = list(json_line_records(file_of(b'{"a": 1}\n\nwrong\n{"a": false}\n'), "utf-8", ["a"]))
        assert [(record.line, record.fault is None) for record in records] == [(1, True), (3, False), (4, True)]


class TestDelimited:
    @pytest.mark.parametrize("size", [0, 1, 127, 128, 300, 70_000])
    def test_messages_come_back_as_they_were(self, size: int) -> None:
        data = [b"x" * size, b"y"]
        assert list(read_delimited(io.BytesIO(b"".join(map(delimited, data))))) == data

    @pytest.mark.parametrize(
        "content", [b"\x05abc", b"\x80", b"\xff" * 12, delimited(b"x" * 10)[:-1], b"\xff\xff\xff\xff\x7f"]
    )
    def test_a_damaged_file_is_noticed(self, content: bytes) -> None:
        with pytest.raises(DamagedFileError):
            list(read_delimited(io.BytesIO(content)))
