"""`import --job`, `export --job` and `transfers`: work that goes on behind the command."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.test_import import ABBOTT, APPLE, HEADER, MAPPING
from tests.fixtures.command_line import RunCommand


@pytest.fixture(autouse=True)
def written(here: Path) -> None:
    (here / "mapping.toml").write_text(MAPPING)


def rejects(path: Path) -> list[tuple[str, str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["reject_line"], row["reject_outcome"], row["reject_field"]) for row in csv.DictReader(file)]


BAD_PHONE = "1001,Bad Phone Inc.,CA,,Town,,12,"
BAD_STATE = "1002,Bad State Inc.,ZZ,,Town,,,"
BAD_DATE = "1003,Bad Date Inc.,CA,,Town,,,not a day"


class TestImport:
    def test_a_job_imports_what_the_command_would(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{BAD_PHONE}\n{BAD_STATE}\n{BAD_DATE}\n{ABBOTT}\n")
        (done,) = command("import", "--job", "--wait", "--mapping", "mapping.toml", "in.csv", "--json").lines
        told = {name: done[name] for name in ("rows", "created", "rejected", "dropped")}
        assert told == {"rows": 5, "created": 4, "rejected": 1, "dropped": 2}
        by_job = (here / "in.csv.rejects.csv").read_text()
        assert rejects(here / "in.csv.rejects.csv") == [
            ("3", "dropped", "company.contacts[0].value"),
            ("4", "rejected", "company.jurisdiction"),
            ("5", "dropped", "company.incorporation_date"),
        ]
        names = {line["legal_name"] for line in command("company", "list", "--json").lines}
        assert names == {"Apple Inc.", "Abbott Laboratories", "Bad Phone Inc.", "Bad Date Inc."}
        (again,) = command("import", "--mapping", "mapping.toml", "in.csv", "--json").lines
        assert (again["unchanged"], again["rejected"], again["dropped"]) == (4, 1, 2)
        assert (here / "in.csv.rejects.csv").read_text() == by_job

    def test_without_waiting_the_operation_and_what_to_do_are_told(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{BAD_STATE}\n{BAD_DATE}\n")
        done = command("import", "--job", "--mapping", "mapping.toml", "in.csv")
        assert done.status == 0, done.err
        assert "3 rows uploaded: operations/" in done.out
        job = done.out.partition("operations/")[2].split()[0]
        assert f"jobs wait {job}" in done.out
        assert rejects(here / "in.csv.rejects.csv") == [("4", "dropped", "company.incorporation_date")]
        assert command("jobs", "wait", job).status == 0
        (rejection,) = command("transfers", "rejections", job, "--json").lines
        assert (rejection["row"], rejection["field"]) == ("3", "company.jurisdiction")
        assert "company.jurisdiction" in command("transfers", "rejections", job).out

    def test_rows_that_are_only_checked_change_nothing(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{BAD_STATE}\n")
        done = command("import", "--job", "--wait", "--validate-only", "--mapping", "mapping.toml", "in.csv")
        assert "Nothing was changed" in done.out
        assert command("company", "list", "--json").lines == []

    def test_a_limit_counts_for_the_upload_and_afterwards(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{BAD_PHONE}\n{BAD_STATE}\n{ABBOTT}\n")
        (done,) = command(
            *("import", "--job", "--wait", "--limit", "2", "--mapping", "mapping.toml", "in.csv", "--json")
        ).lines
        assert (done["rows"], done["created"], done["rejected"]) == (2, 2, 0)

    def test_standard_input_is_refused_since_it_cannot_be_read_again(self, command: RunCommand) -> None:
        done = command("import", "--job", "--mapping", "mapping.toml", "-", stdin=f"{HEADER}\n{APPLE}\n")
        assert (done.status, "--job: name a file" in done.err) == (2, True)

    def test_rejected_rows_make_the_status_one_when_wanted(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{BAD_STATE}\n")
        wanted = ("import", "--job", "--wait", "--fail-on-rejects", "--mapping", "mapping.toml", "in.csv")
        assert command(*wanted).status == 1


class TestExport:
    @pytest.fixture(autouse=True)
    def companies(self, command: RunCommand, here: Path) -> None:
        (here / "some.csv").write_text(f"{HEADER}\n{APPLE}\n{ABBOTT}\n")
        assert command("import", "--mapping", "mapping.toml", "some.csv").status == 0

    @pytest.mark.parametrize("form", ["jsonl", "binary"])
    def test_it_writes_what_the_command_writes_without_a_job(self, command: RunCommand, here: Path, form: str) -> None:
        assert command("export", "direct", "--format", form).status == 0
        done = command("export", "behind", "--format", form, "--job", "--wait")
        assert done.status == 0, done.err
        assert "2 companies" in done.out
        assert (here / "behind").read_bytes() == (here / "direct").read_bytes()

    def test_it_is_downloaded_later(self, command: RunCommand, here: Path) -> None:
        (asked,) = command("export", "--job", "--filter", 'legal_name = "A*"', "--json").lines
        assert command("jobs", "wait", str(asked["operation"])).status == 0
        assert command("transfers", "download", str(asked["operation"]), "out.jsonl").status == 0
        assert len((here / "out.jsonl").read_text().splitlines()) == 2
        done = command("transfers", "download", str(asked["operation"]), "out.jsonl")
        assert (done.status, "--overwrite" in done.err) == (2, True)

    def test_a_file_without_waiting_is_refused(self, command: RunCommand) -> None:
        done = command("export", "out.jsonl", "--job")
        assert (done.status, "--wait" in done.err) == (2, True)

    def test_what_is_not_there_is_said_with_its_reason(self, command: RunCommand) -> None:
        done = command("transfers", "download", "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11")
        assert (done.status, "no longer kept" in done.err) == (1, True)
