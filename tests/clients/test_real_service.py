"""The client against the real service: what the scripted peer cannot show."""

import asyncio
import importlib.util
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from function_backend_client import (
    Client,
    Company,
    CompanyEtagMismatchError,
    CompanyIdentifierTakenError,
    CompanyNotFoundError,
    CompanyStatus,
    CredentialInvalidError,
    Identifier,
    ImportOptions,
    ImportProgress,
    ImportRow,
    InvalidRequestError,
    PermissionMissingError,
    RequestIdReusedError,
    connect,
    connect_async,
)
from function_backend_client.testing import LocalService, ServiceNotStartedError, local_service
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.serve import Serve
from tests.fixtures.server import RunningServer


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    with connect(server.target, api_key=make_tenant(server)) as client:
        yield client


def rows(count: int) -> Iterator[ImportRow]:
    for number in range(1, count + 1):
        identifier = Identifier(scheme="x-id", value=str(number))
        yield ImportRow(row=number, company=Company(legal_name=f"Company {number}", identifiers=[identifier]))


class TestCompanies:
    def test_the_life_of_one(self, client: Client) -> None:
        created = client.companies.create(Company(legal_name="Example GmbH", jurisdiction="DE"))
        assert client.companies.get(created.id) == created
        created.status = CompanyStatus.COMPANY_STATUS_ACTIVE
        changed = client.companies.update(created, fields=["status"])
        assert changed.revision == 2
        with pytest.raises(CompanyEtagMismatchError) as stale:
            client.companies.update(created, fields=["status"])
        assert stale.value.metadata["current_etag"] == changed.etag
        assert [revision.revision for revision in client.companies.revisions(created.id)] == [2, 1]
        assert client.companies.delete(created.id).HasField("delete_time")
        assert list(client.companies.list()) == []
        assert not client.companies.undelete(created.id).HasField("delete_time")
        assert [company.id for company in client.companies.list(filter='jurisdiction = "DE"')] == [created.id]

    def test_reads_see_the_changes_before_them(self, client: Client) -> None:
        created = client.companies.create(Company(legal_name="Before"))
        for number in range(20):
            client.companies.update(Company(id=created.id, legal_name=f"Name {number}"))
            assert client.companies.get(created.id).legal_name == f"Name {number}"
        assert client.consistency_token is not None

    def test_failures_say_what_to_do(self, client: Client) -> None:
        identifier = Identifier(scheme="lei", value="529900T8BM49AURSDO55")
        owner = client.companies.create(Company(legal_name="Owner", identifiers=[identifier]))
        with pytest.raises(CompanyIdentifierTakenError) as taken:
            client.companies.create(Company(legal_name="Other", identifiers=[identifier]))
        assert taken.value.metadata["company_id"] == owner.id
        with pytest.raises(InvalidRequestError) as invalid:
            client.companies.create(Company(identifiers=[Identifier(scheme="lei", value="x")]))
        assert [item.field for item in invalid.value.violations] == [
            "company.legal_name",
            "company.identifiers[0].value",
        ]
        assert invalid.value.request_id
        assert invalid.value.help.endswith("#INVALID_REQUEST")
        with pytest.raises(CompanyNotFoundError):
            client.companies.get("01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11")

    def test_a_request_id_gives_the_same_answer_again(self, client: Client) -> None:
        request_id = "0a6f3c3f-0b11-4c3e-9d55-7f0401938d2e"
        first = client.companies.create(Company(legal_name="Once"), request_id=request_id)
        assert client.companies.create(Company(legal_name="Once"), request_id=request_id) == first
        with pytest.raises(RequestIdReusedError):
            client.companies.create(Company(legal_name="Twice"), request_id=request_id)

    def test_credentials_and_permissions(self, server: RunningServer) -> None:
        with connect(server.target, api_key="fbk_wrong") as stranger, pytest.raises(CredentialInvalidError):
            stranger.companies.get("01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11")
        with connect(server.target, api_key=make_key(server, "company.read")) as reader:
            with pytest.raises(PermissionMissingError) as missing:
                reader.companies.create(Company(legal_name="x"))
            assert missing.value.metadata["permission"] == "company.create"


class TestImportAndExport:
    def test_everything_that_goes_in_comes_out(self, client: Client) -> None:
        seen: list[ImportProgress] = []
        options = ImportOptions(streams=3, stream_rows=200, batch_rows=50)
        answer = client.companies.import_(rows(2_000), match_scheme="x-id", options=options, on_progress=seen.append)
        assert (answer.created_count, answer.rejected_count) == (2_000, 0)
        assert seen[-1].settled == 2_000
        assert {company.legal_name for company in client.companies.export()} == {
            f"Company {n}" for n in range(1, 2_001)
        }
        again = client.companies.import_(rows(2_000), match_scheme="x-id", options=options)
        assert again.unchanged_count == 2_000

    def test_the_last_row_of_a_company_wins(self, client: Client) -> None:
        given = [row for _ in range(40) for row in rows(50)]
        for number, row in enumerate(given):
            row.row, row.company.legal_name = number, f"Name {number}"
        client.companies.import_(
            given, match_scheme="x-id", options=ImportOptions(streams=4, stream_rows=100, batch_rows=20)
        )
        assert {company.legal_name for company in client.companies.list()} == {
            f"Name {number}" for number in range(1_950, 2_000)
        }

    def test_the_asynchronous_client_does_the_same(self, server: RunningServer) -> None:
        key = make_tenant(server)

        async def use() -> set[str]:
            async with connect_async(server.target, api_key=key) as client:
                answer = await client.companies.import_(
                    rows(500), match_scheme="x-id", options=ImportOptions(stream_rows=100)
                )
                assert answer.created_count == 500
                assert len([company async for company in client.companies.list(page_size=200)]) == 500
                return {company.legal_name async for company in client.companies.export(batch_size=100)}

        assert asyncio.run(use()) == {f"Company {n}" for n in range(1, 501)}


def test_a_killed_worker_costs_no_row_and_no_call(serve: Serve) -> None:
    process = serve("--workers", "2")
    with connect(f"127.0.0.1:{process.port}", api_key=process.admin_key) as client:
        settled = threading.Event()

        def watch(progress: ImportProgress) -> None:
            if progress.answered > 1_000 and not settled.is_set():
                settled.set()
                os.kill(process.workers()[0], signal.SIGKILL)

        options = ImportOptions(streams=4, stream_rows=250, batch_rows=50)
        answer = client.companies.import_(rows(5_000), match_scheme="x-id", options=options, on_progress=watch)
        assert settled.is_set()
        assert (answer.row_count, answer.rejected_count) == (5_000, 0)
        assert sum(1 for _ in client.companies.export()) == 5_000
        os.kill(process.workers()[0], signal.SIGKILL)
        for _ in range(50):
            client.companies.list(page_size=1).page()


class TestLocalService:
    def test_it_is_there_for_the_block(self) -> None:
        with local_service() as service:
            assert "fbk_" not in repr(service)
            with service.connect() as client:
                created = client.companies.create(Company(legal_name="Example"))
                assert client.companies.get(created.id).legal_name == "Example"

    def test_a_start_that_takes_too_long_is_given_up(self) -> None:
        with pytest.raises(ServiceNotStartedError), local_service(start_timeout=0.0):
            pass

    def test_without_the_service_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(ServiceNotStartedError, match=r"install function-backend\[embedded\]"), local_service():
            pass

    def test_it_connects_as_the_administrator(self) -> None:
        with LocalService("127.0.0.1:1", "fbk_x").connect() as client:
            assert repr(client) == "Client('127.0.0.1:1')"
