"""`company`: reading and changing companies from the command line, against the real service."""

import json
import uuid
from pathlib import Path

import pytest

from tests.fixtures.command_line import RunCommand, run_command

LEI = "529900T8BM49AURSDO55"


class TestCreate:
    def test_it_prints_what_was_stored(self, command: RunCommand) -> None:
        done = command(
            *("company", "create", "--name", "Müller Maschinenbau GmbH", "--jurisdiction", "DE", "--status", "active"),
            *("--identifier", f"lei:{LEI}", "--set", "legal_form.text=GmbH", "--set", "incorporation_date=1999-12-31"),
            *("--set", "labels.tier=gold", "--set", "attributes.source=test"),
        )
        assert done.status == 0, done.err
        for shown in ("Müller Maschinenbau GmbH", LEI, "GmbH", "1999-12-31", "tier=gold", "active", "Revision"):
            assert shown in done.out

    def test_json_has_the_names_of_the_contract(self, command: RunCommand) -> None:
        (company,) = command("company", "create", "--name", "Example", "--json").lines
        assert company["legal_name"] == "Example"
        assert uuid.UUID(company["id"]).version == 7
        assert company["revision"] == "1"

    def test_a_company_comes_from_a_file_or_standard_input(self, command: RunCommand, here: Path) -> None:
        written = {"legalName": "From a file", "industries": [{"scheme": "sic", "code": "3720"}]}
        (here / "company.json").write_text(json.dumps(written))
        (one,) = command("company", "create", "--file", "company.json", "--json").lines
        (two,) = command("company", "create", "--file", "-", "--json", stdin='{"legal_name": "From input"}').lines
        assert (one["legal_name"], one["industries"][0]["code"]) == ("From a file", "3720")
        assert two["legal_name"] == "From input"

    def test_what_is_wrong_is_said_with_its_field(self, command: RunCommand) -> None:
        done = command("company", "create", "--name", "", "--identifier", "lei:529900T8BM49AURSDO56")
        assert done.status == 1
        assert done.out == ""
        assert "INVALID_REQUEST" in done.err
        assert "company.legal_name" in done.err
        assert "company.identifiers[0].value" in done.err
        assert "request id" in done.err

    def test_for_machines_failures_are_json_as_well(self, command: RunCommand) -> None:
        done = command("company", "create", "--name", "", "--json")
        error = json.loads(done.err)["error"]
        assert error["reason"] == "INVALID_REQUEST"
        assert error["violations"][0]["field"] == "company.legal_name"

    def test_validate_only_changes_nothing(self, command: RunCommand) -> None:
        assert command("company", "create", "--name", "Nobody", "--validate-only").status == 0
        assert "No company fits." in command("company", "list").out

    def test_a_request_id_makes_a_repetition_safe(self, command: RunCommand) -> None:
        request_id = str(uuid.uuid4())
        create = ("company", "create", "--name", "Once", "--request-id", request_id, "--json")
        assert command(*create).lines == command(*create).lines
        assert len(command("company", "list", "--json").lines) == 1

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--set", "legal_nam=x"), "did you mean 'legal_name'?"),
            (("--set", "legal_name"), "FIELD=VALUE"),
            (("--set", "names=x"), "is a list"),
            (("--set", "legal_form=x"), "legal_form.text"),
            (("--set", "incorporation_date=soon"), "is not a date"),
            (("--set", "revision=3"), "cannot be set here"),
            (("--status", "activ"), "did you mean 'active'?"),
            (("--identifier", "lei"), "SCHEME:VALUE"),
            (("--file", "missing.json"), "cannot be read"),
            (("--valid-from", "yesterday"), "is not a time"),
        ],
    )
    def test_a_wrong_command_line_is_explained(
        self, command: RunCommand, arguments: tuple[str, ...], said: str
    ) -> None:
        done = command("company", "create", *arguments)
        assert done.status == 2
        assert said in done.err

    def test_a_file_that_is_no_company_is_explained(self, command: RunCommand, here: Path) -> None:
        (here / "wrong.json").write_text('{"legal_nam": "x"}')
        done = command("company", "create", "--file", "wrong.json")
        assert done.status == 2
        assert "legal_nam" in done.err


class TestReadAndChange:
    @pytest.fixture
    def company_id(self, command: RunCommand) -> str:
        (company,) = command(
            *("company", "create", "--name", "Before", "--valid-from", "2020-01-01", "--set", "labels.a=1", "--json")
        ).lines
        return str(company["id"])

    def test_only_what_is_named_changes(self, command: RunCommand, company_id: str) -> None:
        (changed,) = command("company", "update", company_id, "--name", "After", "--set", "labels.b=2", "--json").lines
        assert changed["legal_name"] == "After"
        assert changed["labels"] == {"a": "1", "b": "2"}
        assert command("company", "get", company_id, "--json").lines == [changed]

    def test_an_empty_value_clears(self, command: RunCommand, company_id: str) -> None:
        (changed,) = command("company", "update", company_id, "--set", "labels.a=", "--json").lines
        assert "labels" not in changed

    def test_nothing_to_change_is_a_wrong_command_line(self, command: RunCommand, company_id: str) -> None:
        done = command("company", "update", company_id)
        assert (done.status, "nothing to change" in done.err) == (2, True)

    def test_history_is_there_for_any_time(self, command: RunCommand, company_id: str) -> None:
        command("company", "update", company_id, "--name", "After", "--valid-from", "2022-01-01")
        (then,) = command("company", "get", company_id, "--as-of", "2021-06-01", "--json").lines
        (now,) = command("company", "get", company_id, "--json").lines
        assert (then["legal_name"], now["legal_name"]) == ("Before", "After")
        done = command("company", "revisions", company_id)
        assert [line.split()[1] for line in done.out.splitlines()[1:]] == ["updated", "created"]
        assert [line["kind"] for line in command("company", "revisions", company_id, "--json").lines] == [
            "REVISION_KIND_UPDATED",
            "REVISION_KIND_CREATED",
        ]

    def test_deleting_and_bringing_back(self, command: RunCommand, company_id: str) -> None:
        assert "Deleted" in command("company", "delete", company_id).out
        assert command("company", "list", "--json").lines == []
        assert "deleted" in command("company", "list", "--show-deleted").out
        assert command("company", "undelete", company_id).status == 0
        assert len(command("company", "list", "--json").lines) == 1

    def test_a_stale_etag_is_refused(self, command: RunCommand, company_id: str) -> None:
        done = command("company", "update", company_id, "--name", "x", "--etag", "stale")
        assert (done.status, "COMPANY_ETAG_MISMATCH" in done.err) == (1, True)

    def test_an_unknown_id_is_refused(self, command: RunCommand) -> None:
        done = command("company", "get", "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11")
        assert (done.status, "COMPANY_NOT_FOUND" in done.err) == (1, True)


class TestFind:
    @pytest.fixture(autouse=True)
    def companies(self, command: RunCommand) -> None:
        for name, jurisdiction in (("Müller Maschinenbau GmbH", "DE"), ("Berkshire Hathaway Inc", "US-DE")):
            created = command(
                *("company", "create", "--name", name, "--jurisdiction", jurisdiction, "--status", "active")
            )
            assert created.status == 0, created.err

    def test_search_forgives_typing_errors(self, command: RunCommand) -> None:
        best = command("company", "search", "mueler maschinen").out.splitlines()[1]
        assert "Müller Maschinenbau GmbH" in best
        (found, *_) = command("company", "search", "berkshire hatthaway", "--json").lines
        assert found["company"]["legal_name"] == "Berkshire Hathaway Inc"

    def test_search_is_narrowed(self, command: RunCommand) -> None:
        assert "Nothing found." in command("company", "search", "müller", "--country", "us").out
        assert "Müller" in command("company", "search", "müller", "--country", "de", "--status", "active").out

    def test_lists_are_filtered_ordered_and_limited(self, command: RunCommand) -> None:
        listed = command("company", "list", "--order-by", "legal_name desc", "--limit", "1", "--json").lines
        assert [company["legal_name"] for company in listed] == ["Müller Maschinenbau GmbH"]
        listed = command("company", "list", "--filter", 'jurisdiction = "US-DE"', "--json").lines
        assert [company["legal_name"] for company in listed] == ["Berkshire Hathaway Inc"]

    def test_a_wrong_filter_names_the_nearest_field(self, command: RunCommand) -> None:
        done = command("company", "list", "--filter", 'statsu = "ACTIVE"')
        assert done.status == 1
        assert "did you mean 'status'?" in done.err


class TestConnection:
    @pytest.mark.parametrize(
        "arguments", [("company", "list"), ("export", "out"), ("import", "--profile", "jsonl", "in")]
    )
    def test_nobody_there_is_status_3_and_says_what_to_do(self, here: Path, arguments: tuple[str, ...]) -> None:
        (here / "in").write_text("")
        done = run_command(*arguments, "--address", "127.0.0.1:1", "--timeout", "5")
        assert done.status == 3
        assert "--address" in done.err
        assert "Traceback" not in done.err

    def test_a_missing_key_says_how_to_give_one(self, command: RunCommand) -> None:
        done = command("company", "list", environment_more={"FUNCTION_BACKEND_API_KEY": ""})
        assert done.status == 1
        assert "CREDENTIAL_MISSING" in done.err
        assert "FUNCTION_BACKEND_API_KEY" in done.err

    def test_the_key_may_come_from_a_file(self, command: RunCommand, here: Path) -> None:
        (secret,) = command("keys", "create", "reader", "--permission", "company.read", "--json").lines
        (here / "key").write_text(secret["secret"] + "\n")
        empty = {"FUNCTION_BACKEND_API_KEY": "", "FUNCTION_BACKEND_API_KEY_FILE": str(here / "key")}
        assert command("company", "list", environment_more=empty).status == 0
        missing = command("company", "list", environment_more=empty | {"FUNCTION_BACKEND_API_KEY_FILE": "missing"})
        assert (missing.status, "cannot be read" in missing.err) == (2, True)

    @pytest.mark.parametrize("arguments", [("--api-key", "a b"), ("--ca-file", "missing.pem"), ("--address", "")])
    def test_a_connection_that_cannot_be_opened_is_a_wrong_command_line(
        self, command: RunCommand, arguments: tuple[str, ...]
    ) -> None:
        done = command("company", "list", *arguments)
        assert done.status == 2
        assert "Traceback" not in done.err
