"""`audit`: the trail of a tenant read, exported and verified by commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.command_line import RunCommand, run_command


@pytest.fixture(autouse=True)
def companies(command: RunCommand) -> None:
    for number in range(3):
        assert command("company", "create", "--name", f"Company {number}").status == 0


@pytest.fixture
def key(command: RunCommand) -> str:
    """The public key, as somebody would note it."""
    (found, *_) = command("audit", "keys", "--json").lines
    return str(found["public_key"])


def test_records_are_listed_the_newest_first_and_shown_one_by_one(command: RunCommand) -> None:
    listed = command("audit", "list", "--filter", "event_type:CompanyCreated", "--json").lines
    assert [record["seq"] for record in listed] == sorted((record["seq"] for record in listed), reverse=True)
    assert len(listed) == 3
    table = command("audit", "list", "--limit", "2")
    assert "CompanyCreated" in table.out
    assert "succeeded" in table.out
    assert len(command("audit", "list", "--limit", "2", "--json").lines) == 2
    shown = command("audit", "get", listed[0]["seq"])
    assert "/function.company.v1.CompanyService/CreateCompany" in shown.out
    assert command("audit", "get", "999999").status == 1


@pytest.mark.parametrize("name", ["trail.jsonl", "trail.jsonl.gz"])
def test_an_export_is_verified_without_the_service(command: RunCommand, key: str, here: Path, name: str) -> None:
    exported = command("audit", "export", name)
    assert exported.status == 0, exported.err
    assert command("audit", "export", name).status == 2
    assert command("audit", "export", name, "--overwrite", "--json").lines[0]["records"] > 3
    nowhere = {"FUNCTION_BACKEND_ADDRESS": "127.0.0.1:1"}
    verified = run_command("audit", "verify", here / name, "--public-key", key, environment=nowhere)
    assert verified.status == 0, verified.err
    assert verified.out.startswith("Whole: ")
    (told,) = run_command("audit", "verify", name, "--public-key", key, "--json").lines
    assert (told["whole"], told["problems"]) == (True, [])


def test_a_changed_file_is_refused_with_the_record_and_what_is_wrong(command: RunCommand, key: str, here: Path) -> None:
    assert command("audit", "export", "trail.jsonl").status == 0
    trail = here / "trail.jsonl"
    trail.write_text(trail.read_text(encoding="utf-8").replace("CreateCompany", "DeleteCompany", 1), encoding="utf-8")
    refused = run_command("audit", "verify", trail, "--public-key", key)
    assert refused.status == 1
    assert "record 1 has been altered" in refused.err
    assert "Not whole" in refused.err


def test_a_file_that_was_cut_off_is_found_by_a_checkpoint_kept_before(
    command: RunCommand, key: str, here: Path
) -> None:
    assert command("audit", "export", "early.jsonl").status == 0
    assert command("company", "create", "--name", "Later").status == 0
    assert command("audit", "export", "late.jsonl").status == 0
    assert command("audit", "checkpoints", "--save", "kept.jsonl").status == 0
    assert command("audit", "checkpoints", "--save", "kept.jsonl").status == 2
    arguments = ("--public-key", key, "--checkpoint", "kept.jsonl")
    assert run_command("audit", "verify", here / "late.jsonl", *arguments).status == 0
    refused = run_command("audit", "verify", here / "early.jsonl", *arguments)
    assert refused.status == 1
    assert "its end was cut off" in refused.err


def test_checkpoints_are_listed_for_people_and_for_programs(command: RunCommand) -> None:
    assert command("audit", "checkpoints").out.strip() == "No checkpoints."
    assert command("audit", "export", "trail.jsonl").status == 0
    (checkpoint,) = command("audit", "checkpoints", "--json").lines
    assert checkpoint["seq"] in command("audit", "checkpoints").out


def test_what_cannot_be_verified_says_what_to_do(command: RunCommand, here: Path) -> None:
    assert command("audit", "export", "trail.jsonl").status == 0
    unknown = run_command("audit", "verify", "trail.jsonl", "--public-key", "nothing")
    assert unknown.status == 2
    assert "neither a key in hex or base64 nor a file" in unknown.err
    missing = run_command("audit", "verify", here / "missing.jsonl", "--public-key", "0" * 64)
    assert missing.status == 2


def test_retention_is_shown_and_decided(command: RunCommand) -> None:
    assert "First seq" in command("audit", "retention").out
    assert "90 days" in command("audit", "retention", "--days", "90").out
    assert "Keep for" not in command("audit", "retention", "--default").out
    assert command("audit", "retention", "--days", "5").status == 1
    assert command("audit", "retention", "--days", "90", "--default").status == 2


def test_a_key_cannot_be_rotated_by_a_tenant(command: RunCommand) -> None:
    refused = command("audit", "rotate-key")
    assert refused.status == 1
    assert "audit.key.rotate" in refused.err


def test_the_key_that_is_printed_is_a_line_of_its_own(command: RunCommand) -> None:
    (found, *_) = command("audit", "keys", "--json").lines
    assert found["id"] in command("audit", "keys").out
    assert json.dumps(found)
