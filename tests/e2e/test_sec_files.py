"""Real companies, from the files of the SEC through the command line into the service, found, and moved elsewhere.

The files lie beside the repository and are no part of it. `make test` imports a good part of them, `make soak` all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from function_backend_client import connect
from tests.fixtures.serve import Serve

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
MAPPINGS = ROOT / "examples" / "mappings"
PART = 1_000

# Rows and new companies of each file, when they are imported whole and in this order.
FILES = {
    "sec_companies_2021q1": (5_762, 5_762),
    "sec_company_tickers_2023": (8_872, 3_904),
    "sec_company_tickers_2024": (7_919, 557),
    "sec_company_tickers_2026": (7_992, 1_698),
    "sec_registrants_sample": (27_340, 26_778),
}
MISSPELT = {
    "Aple Inc": "0000320193",
    "mircosoft corp": "0000789019",
    "amazon.con inc": "0001018724",
    "coca coal co": "0000021344",
    "Johnson & Jonson": "0000200406",
    "Tesla Motrs": "0001318605",
}

pytestmark = pytest.mark.skipif(
    not all((DATA / f"{name}.csv.gz").is_file() for name in FILES),
    reason="the files of the SEC are not beside the repository, in ../shared/data",
)


@dataclass(frozen=True)
class CommandLine:
    """`function-backend` as a process of its own, with the key of one tenant."""

    folder: Path
    address: str
    key: str

    def __call__(self, *arguments: str | Path) -> list[dict[str, Any]]:
        """Runs it and returns the JSON lines that it prints."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FUNCTION_BACKEND_")}
        done = subprocess.run(
            [sys.executable, "-m", "function_backend_cli", *map(str, arguments), "--json"],
            env={
                **kept,
                "FUNCTION_BACKEND_ADDRESS": self.address,
                "FUNCTION_BACKEND_API_KEY": self.key,
                "XDG_STATE_HOME": str(self.folder / "state"),
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    def import_file(self, name: str, limit: int | None) -> dict[str, Any]:
        """Imports one of the files and returns the summary."""
        limits = [] if limit is None else ["--limit", str(limit)]
        [summary] = self("import", "--mapping", MAPPINGS / f"{name}.toml", DATA / f"{name}.csv.gz", *limits)
        return summary

    def export_to(self, name: str) -> Path:
        """Exports everything and returns the file."""
        file = self.folder / name
        self("export", file)
        return file


@pytest.mark.timeout(300)
def test_a_part_of_the_files_is_imported_found_and_moved(serve: Serve, tmp_path: Path) -> None:
    _import_find_and_move(serve, tmp_path, PART)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_all_the_files_are_imported_found_and_moved(serve: Serve, tmp_path: Path) -> None:
    _import_find_and_move(serve, tmp_path, None)


def _import_find_and_move(serve: Serve, folder: Path, part: int | None) -> None:
    service = serve("--workers", "2")
    address = f"127.0.0.1:{service.port}"
    command = CommandLine(folder, address, service.admin_key)

    total = sum(_import(command, name, part) for name in FILES)
    assert part or total > 35_000

    with connect(address, api_key=service.admin_key) as client:
        for query, cik in MISSPELT.items():
            best = next(iter(client.companies.search(query))).company
            assert cik in {each.value for each in best.identifiers}, f"{query}: {best.legal_name}"
        elsewhere = CommandLine(folder, address, client.tenants.create("elsewhere").secret)

    exported = command.export_to("all.jsonl")
    assert exported.read_bytes().count(b"\n") == total
    # Once more, and not one byte differs: no revision, no etag and no time has moved.
    last = list(FILES)[-1]
    again = command.import_file(last, part)
    assert _counts(again) == (0, 0, again["rows"])
    assert command.export_to("again.jsonl").read_bytes() == exported.read_bytes()

    [summary] = elsewhere("import", "--profile", "jsonl", exported)
    assert (summary["rows"], *_counts(summary)) == (total, total, 0, 0)
    assert _companies(elsewhere.export_to("elsewhere.jsonl")) == _companies(exported)


def _import(command: CommandLine, name: str, part: int | None) -> int:
    """Imports a file and returns how many companies are new."""
    rows, new = FILES[name]
    whole = part is None or name == "sec_companies_2021q1"
    summary = command.import_file(name, None if whole else part)
    assert summary["rejected"] == 0
    assert summary["rows"] == sum(_counts(summary)) == (rows if whole else part)
    if whole:
        assert summary["created"] == new
    created: int = summary["created"]
    return created


def _counts(summary: dict[str, Any]) -> tuple[int, int, int]:
    return summary["created"], summary["updated"], summary["unchanged"]


def _companies(file: Path) -> list[str]:
    """The companies without what the service decides anew: etag, times and revision."""
    told_anew = {"etag", "create_time", "update_time", "revision"}
    with file.open(encoding="utf-8") as lines:
        parsed = (json.loads(line) for line in lines)
        return sorted(
            json.dumps({key: value for key, value in each.items() if key not in told_anew}, sort_keys=True)
            for each in parsed
        )
