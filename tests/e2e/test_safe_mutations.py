"""Changes that are repeated, only tried, too late or given up, over the real server."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from tests.e2e.footprint import TABLES, Footprint
from tests.fixtures.database_faults import eventually, locked_company
from tests.fixtures.methods import Answer, call, every_method
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

METHODS = {method.descriptor.name: method for method in every_method()}
NOTHING = dict.fromkeys(TABLES, 0)


class Caller:
    """The administrator of an empty tenant, and what its calls leave behind."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.key = make_tenant(server)
        self.metadata = server.metadata(self.key)
        self.footprint = Footprint(server, self.key)
        self.stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
        self._before = self.footprint.rows()

    def create(self, name: str = "Acme GmbH", **more: object) -> company_pb2.Company:
        return self.stub.CreateCompany(_create(name, **more), metadata=self.metadata, timeout=20).company

    def send(self, name: str, request: company_service_pb2.CreateCompanyRequest, timeout: float = 20) -> Answer:
        body = request.SerializeToString()
        return call(self.server.channel, METHODS[name], [body], self.metadata, timeout=timeout)

    def written(self) -> dict[str, int]:
        """How many rows each table has gained."""
        return {table: count - self._before[table] for table, count in self.footprint.rows().items()}


def _create(name: str, **more: object) -> company_service_pb2.CreateCompanyRequest:
    company = company_pb2.Company(legal_name=name)
    return company_service_pb2.CreateCompanyRequest(company=company, **more)  # type: ignore[arg-type]


@pytest.fixture
def caller(server: RunningServer) -> Caller:
    return Caller(server)


class TestRepeated:
    def test_the_same_request_gets_the_same_answer_and_is_done_once(self, caller: Caller) -> None:
        request = _create("Acme GmbH", request_id=str(uuid.uuid4()))
        first, second = (caller.send("CreateCompany", request) for _ in range(2))
        assert first.code is second.code is grpc.StatusCode.OK
        assert first.responses == second.responses
        assert caller.written() == {**NOTHING, "company": 1, "company_revision": 1} | dict.fromkeys(
            ("audit_record", "event", "stored_answer"), 1
        )

    def test_it_also_gets_it_after_the_company_has_changed(self, caller: Caller) -> None:
        request = _create("Acme GmbH", request_id=str(uuid.uuid4()))
        first = caller.send("CreateCompany", request)
        created = company_service_pb2.CreateCompanyResponse.FromString(first.responses[0]).company
        caller.stub.DeleteCompany(
            company_service_pb2.DeleteCompanyRequest(id=created.id), metadata=caller.metadata, timeout=20
        )
        assert caller.send("CreateCompany", request).responses == first.responses

    def test_another_body_under_the_same_id_is_refused(self, caller: Caller) -> None:
        request_id = str(uuid.uuid4())
        caller.create("Acme GmbH", request_id=request_id)
        answer = caller.send("CreateCompany", _create("Other GmbH", request_id=request_id))
        assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
        assert caller.written()["company"] == 1

    def test_arriving_many_times_at_once_creates_one_company(self, caller: Caller) -> None:
        request = _create("Acme GmbH", request_id=str(uuid.uuid4()))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: caller.send("CreateCompany", request), range(16)))
        assert {answer.code for answer in answers} == {grpc.StatusCode.OK}
        assert len({answer.responses[0] for answer in answers}) == 1
        assert caller.written()["company"] == caller.written()["audit_record"] == 1


class TestOnlyTried:
    @pytest.mark.parametrize("name", ["create", "update", "delete", "undelete", "import"])
    def test_everything_is_answered_and_nothing_is_left(self, caller: Caller, name: str) -> None:
        company, deleted = caller.create(), caller.create("Gone GmbH")
        gone = company_service_pb2.DeleteCompanyRequest(id=deleted.id)
        caller.stub.DeleteCompany(gone, metadata=caller.metadata, timeout=20)
        before = caller.footprint.rows()
        _trials(caller, company, deleted)[name]()
        assert caller.footprint.rows() == before
        current = company_service_pb2.GetCompanyRequest(id=company.id)
        assert caller.stub.GetCompany(current, metadata=caller.metadata, timeout=20).company == company

    def test_a_trial_does_not_use_up_its_request_id(self, caller: Caller) -> None:
        request_id = str(uuid.uuid4())
        tried = caller.create("Acme GmbH", request_id=request_id, validate_only=True)
        assert tried.legal_name == "Acme GmbH"
        assert caller.create("Acme GmbH", request_id=request_id).legal_name == "Acme GmbH"
        assert caller.written()["company"] == 1


def _trials(
    caller: Caller, company: company_pb2.Company, deleted: company_pb2.Company
) -> dict[str, Callable[[], None]]:
    messages, stub = company_service_pb2, caller.stub
    renamed = company_pb2.Company(id=company.id, legal_name="Tried GmbH")

    def create() -> None:
        assert caller.create("Tried GmbH", validate_only=True, request_id=str(uuid.uuid4())).id

    def update() -> None:
        request = messages.UpdateCompanyRequest(company=renamed, validate_only=True, request_id=str(uuid.uuid4()))
        answer = stub.UpdateCompany(request, metadata=caller.metadata, timeout=20)
        assert answer.company.legal_name == "Tried GmbH"

    def delete() -> None:
        request = messages.DeleteCompanyRequest(id=company.id, validate_only=True, request_id=str(uuid.uuid4()))
        answer = stub.DeleteCompany(request, metadata=caller.metadata, timeout=20)
        assert answer.company.HasField("delete_time")

    def undelete() -> None:
        request = messages.UndeleteCompanyRequest(id=deleted.id, validate_only=True, request_id=str(uuid.uuid4()))
        answer = stub.UndeleteCompany(request, metadata=caller.metadata, timeout=20)
        assert not answer.company.HasField("delete_time")

    def import_() -> None:
        new = company_pb2.Company(legal_name="New GmbH", id=str(uuid.uuid4()))
        rows = [messages.ImportRow(company=each) for each in (renamed, new)]
        config = messages.ImportConfig(match_scheme="id", validate_only=True)
        stream = [
            messages.ImportCompaniesRequest(config=config),
            messages.ImportCompaniesRequest(batch=messages.ImportBatch(rows=rows)),
        ]
        answer = stub.ImportCompanies(iter(stream), metadata=caller.metadata, timeout=20)
        assert (answer.created_count, answer.updated_count) == (1, 1)

    return {"create": create, "update": update, "delete": delete, "undelete": undelete, "import": import_}


class TestNobodyWaits:
    """A statement waits for a row that somebody holds, while its caller leaves."""

    def test_when_the_time_runs_out_the_statement_ends_and_nothing_is_changed(self, caller: Caller) -> None:
        company = caller.create()
        with locked_company(caller.server.database, company.id) as row:
            running = _begin_update(caller, company, timeout=1)
            row.await_waiting()
            assert running.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            eventually(lambda: row.waiting() == 0)
        assert _current(caller, company) == company

    def test_when_the_caller_cancels_the_statement_ends_and_nothing_is_changed(self, caller: Caller) -> None:
        company = caller.create()
        with locked_company(caller.server.database, company.id) as row:
            running = _begin_update(caller, company, timeout=60)
            row.await_waiting()
            running.cancel()
            eventually(lambda: row.waiting() == 0)
        assert running.code() is grpc.StatusCode.CANCELLED
        assert _current(caller, company) == company
        assert caller.written()["company_revision"] == 1

    def test_too_little_time_changes_nothing(self, caller: Caller) -> None:
        answer = caller.send("CreateCompany", _create("Late GmbH"), timeout=0.004)
        assert answer.code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert caller.written() == NOTHING


def _begin_update(caller: Caller, company: company_pb2.Company, *, timeout: float) -> grpc.Call:
    changed = company_pb2.Company(id=company.id, legal_name="Held Up GmbH")
    request = company_service_pb2.UpdateCompanyRequest(company=changed, request_id=str(uuid.uuid4()))
    method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = caller.server.channel.unary_unary(
        METHODS["UpdateCompany"].path
    )
    running = method.future(request.SerializeToString(), timeout, caller.metadata)
    assert isinstance(running, grpc.Call)
    return running


def _current(caller: Caller, company: company_pb2.Company) -> company_pb2.Company:
    request = company_service_pb2.GetCompanyRequest(id=company.id)
    return caller.stub.GetCompany(request, metadata=caller.metadata, timeout=20).company
