"""Real companies by the tens of thousands, where the files are there; they are no part of the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.command_line import RunCommand
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

_ROOT = Path(__file__).parents[2]
_DATA = _ROOT.parent / "shared" / "data"
_MAPPINGS = _ROOT / "examples" / "mappings"
# In the order of their dates: a state of 2021 cannot be written below a company known only since 2023.
_SEC_FILES = (
    "sec_companies_2021q1",
    "sec_company_tickers_2023",
    "sec_company_tickers_2024",
    "sec_company_tickers_2026",
    "sec_registrants_sample",
)

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not _DATA.is_dir(), reason=f"the files to try this with are not in {_DATA}"),
]


def imported(command: RunCommand, name: str, path: Path, *more: str) -> dict[str, Any]:
    done = command("import", "--mapping", _MAPPINGS / f"{name}.toml", path, "--json", *more)
    assert done.status == 0, done.err
    return done.lines[0]


def without_times(path: Path) -> list[dict[str, Any]]:

    own = ("create_time", "update_time", "revision", "etag")
    return [
        {name: value for name, value in json.loads(line).items() if name not in own}
        for line in path.read_text().splitlines()
    ]


@pytest.mark.soak  # tests/e2e/test_sec_files.py does it with a part of the files
def test_the_sec_s_companies_come_in_are_found_and_go_out_again(
    command: RunCommand, server: RunningServer, here: Path
) -> None:
    created = 0
    for name in _SEC_FILES:
        done = imported(command, name, _DATA / f"{name}.csv.gz")
        assert done["rejected"] == 0
        created += done["created"]
    assert created > 35_000
    again = imported(command, _SEC_FILES[0], _DATA / f"{_SEC_FILES[0]}.csv.gz")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, again["rows"])
    for query, name in (
        ("microsft corp", "MICROSOFT CORP"),
        ("berkshir hataway inc", "BERKSHIRE HATHAWAY INC"),
        ("alphabeth", "Alphabet Inc."),
        ("nvdia", "NVIDIA CORP"),
        ("proctor and gambel", "PROCTER & GAMBLE Co"),
    ):
        (best,) = command("company", "search", query, "--limit", "1", "--json").lines
        assert best["company"]["legal_name"].casefold() == name.casefold(), query
    assert command("export", "here.jsonl").status == 0
    fresh = {"FUNCTION_BACKEND_API_KEY": make_tenant(server)}
    assert command("import", "--profile", "jsonl", "here.jsonl", environment_more=fresh).status == 0
    assert command("export", "there.jsonl", environment_more=fresh).status == 0
    assert without_times(here / "there.jsonl") == without_times(here / "here.jsonl")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("cleanco_companies", "cleanco_companies/companies.csv"),
        ("financedatabase_equities", "financedatabase/equities.csv.gz"),
    ],
)
def test_files_without_a_public_identifier_come_in_as_well(command: RunCommand, name: str, path: str) -> None:
    done = imported(command, name, _DATA / path, "--limit", "5000")
    assert done["created"] + done["rejected"] == done["rows"]
    assert done["rejected"] < done["rows"] * 0.01
    again = imported(command, name, _DATA / path, "--limit", "5000")
    assert (again["created"], again["updated"]) == (0, 0)
