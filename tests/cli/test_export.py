"""`export`: companies into files that an import reads back, whole or not at all under their name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from function.company.v1 import company_service_pb2
from function_backend_client import Company
from tests.fixtures.command_line import RunCommand
from tests.fixtures.principals import make_tenant
from tests.fixtures.scripted import ScriptedService, refuse
from tests.fixtures.server import RunningServer

WHEN_AND_WHICH = ("create_time", "update_time", "revision", "etag")


def without_times(companies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in company.items() if name not in WHEN_AND_WHICH} for company in companies]


class TestRoundTrip:
    @pytest.fixture(autouse=True)
    def companies(self, command: RunCommand) -> None:
        for number in range(3):
            created = command(
                *("company", "create", "--name", f"Company {number} Ümlaut", "--jurisdiction", "US-DE"),
                *("--identifier", f"us-cik:{number + 1}", "--set", "labels.number=x", "--set", "attributes.a=b"),
                *("--set", "incorporation_date=2001-02-03", "--set", "legal_form.text=Inc."),
            )
            assert created.status == 0, created.err
        assert command("company", "create", "--name", "Nameless, without any identifier").status == 0

    @pytest.mark.parametrize("form", ["jsonl", "binary"])
    def test_an_export_imported_into_an_empty_tenant_gives_the_same_companies(
        self, command: RunCommand, server: RunningServer, form: str
    ) -> None:
        exported = command("export", "out", "--format", form)
        assert exported.status == 0, exported.err
        assert "4 companies" in exported.out
        fresh = {"FUNCTION_BACKEND_API_KEY": make_tenant(server)}
        (done,) = command("import", "--profile", form, "out", "--json", environment_more=fresh).lines
        assert (done["created"], done["rejected"]) == (4, 0)
        there = command("company", "list", "--json").lines
        assert without_times(command("company", "list", "--json", environment_more=fresh).lines) == without_times(there)
        (again,) = command("import", "--profile", form, "out", "--json", environment_more=fresh).lines
        assert again["unchanged"] == 4

    def test_without_a_file_it_goes_to_standard_output(self, command: RunCommand) -> None:
        done = command("export", "--filter", 'identifiers.us-cik = "2"')
        done = done if done.status == 0 else command("export")
        assert "Company 1 Ümlaut" in {line["legal_name"] for line in done.lines}

    def test_deleted_companies_are_not_brought_back_by_an_import(
        self, command: RunCommand, server: RunningServer, here: Path
    ) -> None:
        (company, *_) = command("company", "list", "--json").lines
        command("company", "delete", str(company["id"]))
        (done,) = command("export", "out.jsonl", "--show-deleted", "--json").lines
        assert done["companies"] == 4
        fresh = {"FUNCTION_BACKEND_API_KEY": make_tenant(server)}
        (imported,) = command("import", "--profile", "jsonl", "out.jsonl", "--json", environment_more=fresh).lines
        assert (imported["created"], imported["rejected"]) == (3, 1)
        assert "COMPANY_DELETED" in (here / "out.jsonl.rejects.csv").read_text()

    def test_a_damaged_line_is_reported_and_stops_nothing(self, command: RunCommand, here: Path) -> None:
        command("export", "out.jsonl")
        (here / "out.jsonl").write_text("{broken\n" + (here / "out.jsonl").read_text() + '{"legal_nam": "x"}\n')
        (done,) = command("import", "--profile", "jsonl", "out.jsonl", "--json").lines
        assert (done["unchanged"], done["rejected"]) == (4, 2)

    def test_a_file_that_is_there_is_not_replaced_unless_told(self, command: RunCommand, here: Path) -> None:
        (here / "out").write_text("precious")
        done = command("export", "out")
        assert (done.status, "--overwrite" in done.err) == (2, True)
        assert (here / "out").read_text() == "precious"
        assert command("export", "out", "--overwrite").status == 0
        assert len((here / "out").read_text().splitlines()) == 4

    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            (("--format", "xml"), 2, "neither jsonl nor binary"),
            (("--filter", "statsu = 1"), 1, "did you mean 'status'?"),
            (("missing/out",), 2, "missing/out"),
        ],
    )
    def test_mistakes_are_explained(
        self, command: RunCommand, arguments: tuple[str, ...], status: int, said: str
    ) -> None:
        done = command("export", *arguments)
        assert done.status == status
        assert said in done.err


class TestInterruption:
    """An export that breaks goes on where it was, in the file and at the service."""

    NAMES = tuple(f"Company {number}" for number in range(10))

    def batches(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        for start in range(int(request.resume_token or 0), len(self.NAMES), 2):
            yield company_service_pb2.ExportCompaniesResponse(
                companies=[Company(legal_name=name) for name in self.NAMES[start : start + 2]],
                resume_token=str(start + 2),
            )

    def break_after(self, batches: int) -> Any:
        def answer(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            for number, batch in enumerate(self.batches(request, context)):
                if number == batches:
                    refuse(context, "INTERNAL")
                yield batch

        return answer

    def test_the_same_command_goes_on(
        self, scripted: ScriptedService, scripted_command: RunCommand, here: Path
    ) -> None:
        scripted.on("ExportCompanies", self.break_after(2))
        broken = scripted_command("export", "out.jsonl")
        assert broken.status == 1
        assert "after 4 companies" in broken.err
        assert not (here / "out.jsonl").exists()
        # A line that was half written when the machine went down.
        with (here / "out.jsonl.part").open("ab") as part:
            part.write(b'{"legal_na')
        scripted.on("ExportCompanies", self.batches)
        (done,) = scripted_command("export", "out.jsonl", "--json").lines
        assert done["companies"] == 10
        written = [json.loads(line)["legal_name"] for line in (here / "out.jsonl").read_text().splitlines()]
        assert written == list(self.NAMES)
        assert [call.request.resume_token for call in scripted.received("ExportCompanies")] == ["", "4"]
        assert sorted(path.name for path in here.iterdir()) == ["out.jsonl"]

    @pytest.mark.parametrize("again", [("--restart",), ("--show-deleted",), ("--format", "binary")])
    def test_another_command_begins_anew(
        self, scripted: ScriptedService, scripted_command: RunCommand, again: tuple[str, ...]
    ) -> None:
        scripted.on("ExportCompanies", self.break_after(2))
        scripted_command("export", "out")
        scripted.on("ExportCompanies", self.batches)
        (done,) = scripted_command("export", "out", "--json", *again).lines
        assert done["companies"] == 10
        assert [call.request.resume_token for call in scripted.received("ExportCompanies")] == ["", ""]

    def test_standard_output_says_how_far_it_came(
        self, scripted: ScriptedService, scripted_command: RunCommand
    ) -> None:
        scripted.on("ExportCompanies", self.break_after(1))
        done = scripted_command("export")
        assert len(done.lines) == 2
        assert "after 2 companies" in done.err
