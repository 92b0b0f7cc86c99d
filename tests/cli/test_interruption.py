"""An import that is ended early, by whom or what ever, goes on where it was."""

import csv
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
import pytest

from function.company.v1 import company_service_pb2
from function_backend_client import ImportRejection
from tests.clients.test_importing import rows_of
from tests.fixtures.command_line import RunCommand
from tests.fixtures.scripted import ScriptedService, refuse

MAPPING = """
[import]
match_scheme = "x-id"
droppable = ["names"]
[company]
legal_name = { column = "name" }
[[company.identifiers]]
scheme = "x-id"
value = { column = "id" }
[[company.names]]
value = { column = "other" }
"""
ROWS = 25_000
BAD = 50
"""Every so many rows one is refused, in its name or in its other name."""


class Importing:
    """Imports what it is sent; refuses rows that say so, and fails when it is told to."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.fail_after: int | None = None
        self.failing_with = "INTERNAL"
        self.half_way = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        rows = rows_of(request)
        with self._lock:
            if self.fail_after is not None and len(self.rows) >= self.fail_after:
                self.half_way.set()
                if self.failing_with:
                    refuse(context, self.failing_with)
                threading.Event().wait(0.05)
            self.rows += [row.row for row in rows]
        rejections = [
            ImportRejection(row=row.row, reason="INVALID_REQUEST", field=field, description="is bad")
            for row in rows
            for field in self._faults(row)
        ]
        return company_service_pb2.ImportCompaniesResponse(
            row_count=len(rows),
            created_count=len(rows) - len(rejections),
            rejected_count=len(rejections),
            rejections=rejections,
        )

    @staticmethod
    def _faults(row: Any) -> list[str]:
        if row.company.legal_name == "bad":
            return ["company.legal_name"]
        return ["company.names[0].value"] if row.company.names else []


@pytest.fixture
def importing(scripted: ScriptedService) -> Importing:
    answers = Importing()
    scripted.on("ImportCompanies", answers)
    return answers


@pytest.fixture(autouse=True)
def written(here: Path) -> None:
    (here / "mapping.toml").write_text(MAPPING)
    with (here / "in.csv").open("w") as file:
        file.write("id,name,other\n")
        for number in range(ROWS):
            bad = number % BAD == 0
            name, other = ("bad" if bad and number % 3 == 0 else "good", "old" if bad and number % 3 else "")
            file.write(f"{number},{name},{other}\n")


IMPORT = ("import", "--mapping", "mapping.toml", "in.csv")


def reported(here: Path) -> list[tuple[int, str]]:
    with (here / "in.csv.rejects.csv").open(newline="") as file:
        return [(int(row["reject_line"]), row["reject_outcome"]) for row in csv.DictReader(file)]


EXPECTED = [(number + 2, "rejected" if number % 3 == 0 else "dropped") for number in range(ROWS) if number % BAD == 0]


def test_in_one_go(importing: Importing, scripted_command: RunCommand, here: Path) -> None:
    (done,) = scripted_command(*IMPORT, "--json").lines
    assert (done["rows"], done["rejected"], done["dropped"]) == (ROWS, 167, 333)
    assert set(importing.rows) == set(range(2, ROWS + 2))
    assert reported(here) == EXPECTED
    assert not list((here / "state").rglob("*.json"))


def test_a_failure_of_the_service(importing: Importing, scripted_command: RunCommand, here: Path) -> None:
    importing.fail_after = 15_000
    broken = scripted_command(*IMPORT)
    assert broken.status == 1
    assert "goes on there" in broken.err
    first = set(importing.rows)
    importing.fail_after = None
    importing.rows.clear()
    (done,) = scripted_command(*IMPORT, "--json").lines
    assert done["resumed_after"] > 0
    assert min(importing.rows) == done["resumed_after"] + 1
    assert first | set(importing.rows) == set(range(2, ROWS + 2))
    # Neither lost nor there twice, though some rows had been refused before and behind the place it went on from.
    assert reported(here) == EXPECTED
    assert (done["rejected"], done["dropped"]) == (167, 333)
    assert not list((here / "state").rglob("*.json"))


def test_restart_begins_at_the_first_row(importing: Importing, scripted_command: RunCommand, here: Path) -> None:
    importing.fail_after = 15_000
    scripted_command(*IMPORT)
    importing.fail_after = None
    importing.rows.clear()
    (done,) = scripted_command(*IMPORT, "--restart", "--json").lines
    assert (done["rows"], done["resumed_after"]) == (ROWS, 0)
    assert reported(here) == EXPECTED


def test_another_file_is_another_import(importing: Importing, scripted_command: RunCommand, here: Path) -> None:
    importing.fail_after = 15_000
    scripted_command(*IMPORT)
    importing.fail_after = None
    with (here / "in.csv").open("a") as file:
        file.write("more,good,\n")
    (done,) = scripted_command(*IMPORT, "--json").lines
    assert (done["rows"], done["resumed_after"]) == (ROWS + 1, 0)


def test_a_note_that_cannot_be_read_counts_as_none(
    importing: Importing, scripted_command: RunCommand, here: Path
) -> None:
    importing.fail_after = 15_000
    scripted_command(*IMPORT)
    importing.fail_after = None
    (note,) = (here / "state").rglob("*.json")
    note.write_text('{"line": "?"}')
    (done,) = scripted_command(*IMPORT, "--json").lines
    assert done["resumed_after"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_process_that_is_told_to_end(
    importing: Importing, scripted: ScriptedService, scripted_command: RunCommand, here: Path, number: signal.Signals
) -> None:
    importing.fail_after, importing.failing_with = 10_000, ""
    # Not measured: a signal that comes while the coverage of lines holds its lock would leave it held for ever.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")} | {
        "FUNCTION_BACKEND_ADDRESS": scripted.address,
        "FUNCTION_BACKEND_API_KEY": "fbk_test",
        "XDG_STATE_HOME": str(here / "state"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "function_backend_cli", *IMPORT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert importing.half_way.wait(60)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert "nterrupted" in err
    importing.fail_after = None
    importing.rows.clear()
    (done,) = scripted_command(*IMPORT, "--json").lines
    assert reported(here) == EXPECTED
    assert set(importing.rows) == set(range(max(done["resumed_after"] + 1, 2), ROWS + 2))


def test_interrupting_what_cannot_go_on_says_so(importing: Importing, scripted_command: RunCommand, here: Path) -> None:
    importing.fail_after = 0
    done = scripted_command(*IMPORT, "--validate-only")
    assert "Importing again is safe" in done.err


STUBBORN = """
import time
from function_backend_cli.interruption import interruptible
with interruptible(patience=0.2):
    while True:
        try:
            print("waiting", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_does_not_end_by_itself_is_ended(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "without waiting" in err) == (130, True)
