"""Imports and exports behind an answer, over the wire: uploaded, carried out by jobs, downloaded."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest

from function.auth.v1 import role_binding_pb2
from function.company.v1 import company_service_pb2, company_service_pb2_grpc, transfer_service_pb2
from function.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from function_backend.kernel.call import current_call
from function_backend.persistence.notifications import Listener
from function_backend.services.company.repository.transfers import purge_transfers
from tests.factories.transfers import TransferCaller, a_row, id_of, messages, reason_of
from tests.fixtures.database_faults import eventually
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_child_tenant, make_key
from tests.fixtures.server import RunningServer, StartServer, running_server
from tests.fixtures.subjects import Grants

NOBODY = "operations/01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"


@pytest.fixture
def caller(server: RunningServer) -> TransferCaller:
    """The administrator of a tenant of its own."""
    return TransferCaller(server, make_child_tenant(server).key)


def _execute(server: RunningServer, statement: str, *values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
    with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
        found = connection.execute(statement, values)
        return found.fetchall() if found.description else []


def _hold_jobs(server: RunningServer) -> None:
    """Whatever is asked for from now on is for later."""
    _execute(
        server,
        "create function hold() returns trigger language plpgsql as $$ begin new.state := 'waiting'; "
        "new.run_at := '2999-01-01'; return new; end $$",
    )
    _execute(server, "create trigger hold before insert on job for each row execute function hold()")


class TestImports:
    def test_every_batch_counts_and_the_companies_are_there(self, caller: TransferCaller) -> None:
        taken = caller.upload([a_row(1), a_row(2)], [a_row(3)], source="a register")
        assert taken.row_count == 3
        summary = caller.summary(taken.operation)
        assert (summary.row_count, summary.created_count, summary.rejected_count) == (3, 3, 0)
        assert {company.legal_name for company in caller.companies()} == {"Company 1", "Company 2", "Company 3"}
        again = caller.imported([a_row(1), a_row(2, legal_name="Renamed")], [a_row(4)])
        assert (again.created_count, again.updated_count, again.unchanged_count) == (1, 1, 1)

    def test_it_does_what_the_stream_does_with_the_same_rows(self, caller: TransferCaller) -> None:
        rows = [
            a_row(number % 7, legal_name=f"Name {number}", jurisdiction="XX" if number % 5 == 0 else "DE")
            for number in range(1, 41)
        ]
        other = TransferCaller(caller.server, make_child_tenant(caller.server).key)
        stream = [company_service_pb2.ImportCompaniesRequest(config=messages()[0].config)]
        batches = [rows[:13], rows[13:26], rows[26:]]
        stream += [
            company_service_pb2.ImportCompaniesRequest(batch=message.batch) for message in messages(*batches)[1:-1]
        ]
        answer = company_service_pb2_grpc.CompanyServiceStub(caller.server.channel).ImportCompanies(
            iter(stream), metadata=other.metadata, timeout=60
        )
        operation = caller.upload(*batches).operation
        summary = caller.summary(operation)
        assert answer.rejected_count > 0
        for name in ("row_count", "created_count", "updated_count", "unchanged_count", "rejected_count"):
            assert getattr(summary, name) == getattr(answer, name), name
        (page,) = caller.rejections(operation)
        assert page == list(answer.rejections)
        names = [{each.identifiers[0].value: each.legal_name for each in one.companies()} for one in (caller, other)]
        assert names[0] == names[1]

    def test_rejected_rows_are_listed_page_by_page_in_order(self, caller: TransferCaller) -> None:
        bad = {2, 3, 5, 8, 9, 10}
        rows = [a_row(number, jurisdiction="XX" if number in bad else "DE") for number in range(1, 11)]
        operation = caller.upload(rows[:3], rows[3:4], rows[4:7], rows[7:]).operation
        assert caller.summary(operation).rejected_count == len(bad)
        for size in (1, 2, 4, 5):
            pages = caller.rejections(operation, page_size=size)
            assert [each.row for page in pages for each in page] == sorted(bad), size
            assert all(len(page) == size for page in pages[:-1]), size
        (first, *_), *_ = caller.rejections(operation)
        assert (first.reason, first.field) == ("INVALID_REQUEST", "company.jurisdiction")
        assert first.description

    def test_rows_that_are_only_checked_change_nothing(self, caller: TransferCaller) -> None:
        operation = caller.upload([a_row(1), a_row(2, jurisdiction="XX")], [a_row(3)], validate_only=True).operation
        summary = caller.summary(operation)
        assert (summary.row_count, summary.created_count, summary.rejected_count) == (3, 2, 1)
        assert summary.validate_only
        assert caller.companies() == []
        assert [each.row for each in caller.rejections(operation)[0]] == [2]

    def test_a_repeated_upload_asks_for_nothing_more(self, caller: TransferCaller) -> None:
        request_id = str(uuid.uuid4())
        first = caller.upload([a_row(1)], [a_row(2)], request_id=request_id)
        caller.wait(first.operation)
        assert caller.upload([a_row(1)], [a_row(2)], request_id=request_id) == first
        assert reason_of(lambda: caller.upload([a_row(1)], request_id=request_id)) == "REQUEST_ID_REUSED"
        found = _execute(caller.server, "select count(*) from company_transfer where id = %s", id_of(first.operation))
        assert found == [(1,)]

    def test_an_upload_that_breaks_off_leaves_nothing_behind(self, caller: TransferCaller) -> None:
        before = _execute(caller.server, "select count(*) from company_transfer")

        def broken() -> Iterator[transfer_service_pb2.UploadImportRequest]:
            yield from messages([a_row(1)])[:-1]
            eventually(lambda: _execute(caller.server, "select count(*) from company_transfer") != before)
            raise RuntimeError("gone")

        with pytest.raises(grpc.RpcError):
            caller.send(broken())
        eventually(lambda: _execute(caller.server, "select count(*) from company_transfer") == before)
        assert caller.companies() == []

    def test_a_stream_that_does_not_begin_with_its_plan_is_refused(self, caller: TransferCaller) -> None:
        plan, batch, end = messages([a_row(1)])
        for wrong in ([batch, end], [plan, batch, plan, end], [plan, batch, end, batch], [end], []):
            assert reason_of(lambda wrong=wrong: caller.send(wrong)) == "IMPORT_OUT_OF_ORDER"  # type: ignore[misc]
        assert reason_of(lambda: caller.upload([a_row(1)], match_scheme="no-such")) == "INVALID_REQUEST"

    def test_a_stream_that_does_not_say_its_end_imports_nothing(self, caller: TransferCaller) -> None:
        # A stream that broke off may look so, and it may have carried less than it says.
        plan, batch, end = messages([a_row(1)])
        before = _execute(caller.server, "select count(*) from company_transfer")
        for broken in ([plan], [plan, batch], [plan, end], [plan, batch, batch, end]):
            assert reason_of(lambda broken=broken: caller.send(broken)) == "IMPORT_OUT_OF_ORDER"  # type: ignore[misc]
        assert _execute(caller.server, "select count(*) from company_transfer") == before
        caller.wait(caller.send([plan, batch, end]).operation)
        assert len(caller.companies()) == 1

    def test_an_upload_whose_answer_is_lost_is_imported_all_the_same(
        self, caller: TransferCaller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish = Listener.publish

        def fail_once_committed(self: Listener, notifications: Sequence[str]) -> None:
            call = current_call.get()
            if call is not None and call.method.endswith("/UploadImport") and notifications:
                raise ConnectionError("the database went away with its answer")
            publish(self, notifications)

        request_id = str(uuid.uuid4())
        with monkeypatch.context() as patched:
            patched.setattr(Listener, "publish", fail_once_committed)
            with pytest.raises(grpc.RpcError):
                caller.upload([a_row(1)], request_id=request_id)
        again = caller.upload([a_row(1)], request_id=request_id)
        assert caller.summary(again.operation).created_count == 1
        assert len(caller.companies()) == 1

    def test_imports_of_a_tenant_go_one_after_the_other(self, caller: TransferCaller) -> None:
        # The later upload says the last word.
        uploads = [caller.upload([a_row(1, legal_name=f"Name {number}")]).operation for number in range(5)]
        for operation in uploads:
            caller.wait(operation)
        (company,) = caller.companies()
        assert (company.legal_name, company.revision) == ("Name 4", 5)

    def test_an_import_that_is_cancelled_keeps_its_batches_and_goes_on_when_asked(
        self, start_server: StartServer
    ) -> None:
        server = start_server()
        caller = TransferCaller(server, server.admin_key)
        _hold_jobs(server)
        operation = caller.upload([a_row(1)], [a_row(2)]).operation
        caller.cancel(operation)
        assert caller.wait(operation).state == job_pb2.JOB_STATE_CANCELLED
        assert caller.companies() == []
        job_service_pb2_grpc.JobServiceStub(server.channel).RequeueJob(
            job_service_pb2.RequeueJobRequest(id=id_of(operation)), metadata=caller.metadata, timeout=30
        )
        eventually(lambda: len(caller.companies()) == 2)

    def test_another_process_goes_on_behind_the_last_batch(self, fresh_database: Database, tmp_path: Path) -> None:
        batches = [[a_row(3 * number + each) for each in (1, 2, 3)] for number in range(150)]
        with running_server(fresh_database, tmp_path / "first.log") as first:
            operation = TransferCaller(first, first.admin_key).upload(*batches).operation
            progress = "select done from job where id = %s and done > 0"
            eventually(lambda: _execute(first, progress, id_of(operation)))
        left = _execute(first, "select state, done, attempt from job where id = %s", id_of(operation))
        assert left[0][0] == "queued"
        with running_server(fresh_database, tmp_path / "second.log", admin_key=first.admin_key) as second:
            caller = TransferCaller(second, second.admin_key)
            summary = caller.summary(operation)
            assert (summary.row_count, summary.created_count, summary.unchanged_count) == (450, 450, 0)
            assert {company.revision for company in caller.companies()} == {1}

    def test_an_import_whose_upload_is_gone_fails_with_its_reason(self, start_server: StartServer) -> None:
        server = start_server()
        caller = TransferCaller(server, server.admin_key)
        _hold_jobs(server)
        operation = caller.upload([a_row(1)]).operation
        _execute(server, "delete from company_transfer_part")
        caller.cancel(operation)
        job_service_pb2_grpc.JobServiceStub(server.channel).RequeueJob(
            job_service_pb2.RequeueJobRequest(id=id_of(operation)), metadata=caller.metadata, timeout=30
        )
        job = caller.wait(operation)
        assert job.state == job_pb2.JOB_STATE_FAILED
        assert "no longer kept" in job.error.message


class TestExports:
    def test_it_holds_what_the_stream_gives(self, caller: TransferCaller) -> None:
        caller.imported(*([a_row(100 * batch + number) for number in range(1, 101)] for batch in range(12)))
        everything = caller.companies()
        assert len(everything) == 1200
        assert caller.exported() == everything
        some = 'legal_name = "Company 7"'
        assert caller.exported(some) == caller.companies(some)

    def test_deleted_companies_are_there_when_asked_for(self, caller: TransferCaller) -> None:
        caller.imported([a_row(1), a_row(2)])
        company_service_pb2_grpc.CompanyServiceStub(caller.server.channel).DeleteCompany(
            company_service_pb2.DeleteCompanyRequest(id=caller.companies()[0].id), metadata=caller.metadata, timeout=30
        )
        assert len(caller.exported()) == 1
        assert caller.exported(show_deleted=True) == caller.companies(show_deleted=True)

    def test_nothing_to_export_is_an_empty_export(self, caller: TransferCaller) -> None:
        assert caller.exported() == []

    def test_a_download_goes_on_after_its_last_batch(self, caller: TransferCaller) -> None:
        caller.imported(*([a_row(400 * batch + number) for number in range(1, 401)] for batch in range(3)))
        operation = caller.start_export()
        caller.wait(operation)
        parts = caller.download(operation)
        assert len(parts) == 3
        assert caller.download(operation, resume_token=parts[0].resume_token) == parts[1:]
        assert caller.download(operation, resume_token=parts[-1].resume_token) == []
        other = caller.start_export()
        caller.wait(other)
        assert reason_of(lambda: caller.download(other, resume_token=parts[0].resume_token)) == "INVALID_PAGE_TOKEN"

    def test_a_filter_that_cannot_be_used_is_refused_at_once(self, caller: TransferCaller) -> None:
        assert reason_of(lambda: caller.start_export('statsu = "ACTIVE"')) == "INVALID_FILTER"

    def test_it_cannot_be_downloaded_before_it_is_over(self, start_server: StartServer) -> None:
        server = start_server()
        caller = TransferCaller(server, server.admin_key)
        _hold_jobs(server)
        operation = caller.start_export()
        assert reason_of(lambda: caller.download(operation)) == "EXPORT_NOT_READY"
        caller.cancel(operation)
        assert reason_of(lambda: caller.download(operation)) == "EXPORT_NOT_READY"

    def test_whoever_sees_some_companies_exports_these_and_downloads_its_own(self, server: RunningServer) -> None:
        grants = Grants.of_new_tenant(server)
        owner = TransferCaller(server, grants.key)
        team = f"team-{uuid.uuid4().hex[:8]}"
        rows = [a_row(9000 + number, labels={"team": team} if number % 2 else {}) for number in range(6)]
        owner.imported(rows)
        scope = role_binding_pb2.RoleScope(resource_type="company", labels={"team": team})
        role = grants.role("exporter", "company.export", "company.read")
        looking = grants.role("looker", "jobs.read")
        callers = []
        for _ in range(2):
            somebody = grants.somebody(looking)
            grants.bind(somebody, role, scope=scope)
            callers.append(TransferCaller(server, somebody.credential(server)))
        first, second = callers
        operation = first.start_export()
        first.wait(operation)
        found = [company for part in first.download(operation) for company in part.companies]
        assert sorted(company.legal_name for company in found) == ["Company 9001", "Company 9003", "Company 9005"]
        assert reason_of(lambda: second.download(operation)) == "TRANSFER_NOT_FOUND"
        assert [company for part in owner.download(operation) for company in part.companies] == found


class TestTrail:
    def test_both_are_told_as_events_and_kept_in_the_audit_trail(self, caller: TransferCaller) -> None:
        imported = id_of(caller.upload([a_row(1)], source="a register").operation)
        exported = id_of(caller.start_export('jurisdiction = "DE"'))
        found = _execute(
            caller.server,
            "select subject_id::text, type from event where subject_type = 'company_transfer' order by position",
        )
        assert (imported, "function.company.v1.ImportRequested") in found
        assert (exported, "function.company.v1.ExportRequested") in found
        audited = _execute(
            caller.server,
            "select subject_id::text, event_type from audit_record where subject_type = 'company_transfer'",
        )
        assert {imported, exported} <= {resource for resource, _ in audited}
        assert {"function.company.v1.ImportRequested", "function.company.v1.ExportRequested"} == {
            action for _, action in audited
        }


class TestWhoSeesThem:
    def test_another_tenant_finds_neither(self, caller: TransferCaller) -> None:
        other = TransferCaller(caller.server, make_child_tenant(caller.server).key)
        imported = caller.upload([a_row(1, jurisdiction="XX")]).operation
        exported = caller.start_export()
        caller.wait(imported)
        caller.wait(exported)
        assert reason_of(lambda: other.rejections(imported)) == "TRANSFER_NOT_FOUND"
        assert reason_of(lambda: other.download(exported)) == "TRANSFER_NOT_FOUND"

    def test_an_import_is_no_export_and_nobody_is_neither(self, caller: TransferCaller) -> None:
        imported, exported = caller.upload([a_row(1)]).operation, caller.start_export()
        assert reason_of(lambda: caller.download(imported)) == "TRANSFER_NOT_FOUND"
        assert reason_of(lambda: caller.rejections(exported)) == "TRANSFER_NOT_FOUND"
        assert reason_of(lambda: caller.download(NOBODY)) == "TRANSFER_NOT_FOUND"
        assert reason_of(lambda: caller.rejections(NOBODY)) == "TRANSFER_NOT_FOUND"

    def test_each_takes_its_permission(self, server: RunningServer, caller: TransferCaller) -> None:
        exporter = TransferCaller(server, make_key(server, "company.export", by=caller.key))
        importer = TransferCaller(server, make_key(server, "company.import", by=caller.key))
        assert reason_of(lambda: exporter.upload([a_row(1)])) == "PERMISSION_MISSING"
        assert reason_of(importer.start_export) == "PERMISSION_MISSING"
        assert importer.upload([a_row(1)]).row_count == 1
        assert exporter.start_export()


class TestLimits:
    def test_a_tenant_has_so_many_that_are_not_over(self, start_server: StartServer) -> None:
        server = start_server(settings={"company.most_transfers": 2})
        caller = TransferCaller(server, server.admin_key)
        _hold_jobs(server)
        caller.start_export()
        held = caller.upload([a_row(1)]).operation
        assert reason_of(caller.start_export) == "TRANSFER_LIMIT_REACHED"
        assert reason_of(lambda: caller.upload([a_row(1)])) == "TRANSFER_LIMIT_REACHED"
        caller.cancel(held)
        assert caller.start_export()

    def test_an_upload_carries_so_many_rows_and_is_imported_whole_or_not(self, start_server: StartServer) -> None:
        server = start_server(settings={"company.upload_row_limit": 3})
        caller = TransferCaller(server, server.admin_key)
        assert reason_of(lambda: caller.upload([a_row(1), a_row(2)], [a_row(3), a_row(4)])) == "IMPORT_TOO_LARGE"
        assert _execute(server, "select count(*) from company_transfer") == [(0,)]
        assert caller.imported([a_row(1), a_row(2)], [a_row(3)]).created_count == 3

    def test_what_is_over_goes_when_its_time_is(self, start_server: StartServer) -> None:
        server = start_server(settings={"company.transfers_kept_for": "1h"})
        caller = TransferCaller(server, server.admin_key)
        caller.imported([a_row(1, jurisdiction="XX")])
        caller.exported()
        _hold_jobs(server)
        waiting = caller.start_export()
        abandoned = caller.upload([a_row(2)]).operation
        _execute(server, "delete from job where id = %s", id_of(abandoned))
        now = datetime.now(UTC)
        with psycopg.connect(server.database.app_url) as driver:
            assert purge_transfers(driver, now) == 0
            # The upload without a job may be under way for a day.
            assert purge_transfers(driver, now + timedelta(minutes=50)) == 0
            assert purge_transfers(driver, now + timedelta(hours=2)) == 3
            assert purge_transfers(driver, now + timedelta(hours=2)) == 0
        assert _execute(server, "select id::text from company_transfer") == [(id_of(waiting),)]
        assert _execute(server, "select count(*) from company_transfer_part") == [(0,)]
