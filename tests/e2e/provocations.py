"""How a caller meets each reason of the contract: real requests to real servers, and real faults below them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import grpc
import psycopg
from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import api_key_service_pb2, tenant_service_pb2
from function.company.v1 import company_pb2, company_service_pb2, transfer_service_pb2
from tests.e2e.scene import METHODS, PATIENCE, Scene, send_raw
from tests.fixtures.database_faults import as_owner, closed_to_everybody, eventually, locked_company
from tests.fixtures.methods import Answer, call
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer

NOBODY = "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"

_FOR_LATER_SQL = """
    update job set state = 'waiting', run_at = '2999-01-01', ended_at = null, fence = fence + 1, holder = null
    where id = %s
"""
"""As if the job had been asked for later, whatever has become of it meanwhile."""

Provoke = Callable[[Scene], Answer]
PROVOCATIONS: dict[str, Provoke] = {}
"""How to meet each reason."""


def provokes(reason: str) -> Callable[[Provoke], Provoke]:
    def keep(provoke: Provoke) -> Provoke:
        PROVOCATIONS[reason] = provoke
        return provoke

    return keep


@provokes("INVALID_REQUEST")
def _(scene: Scene) -> Answer:
    return scene.send("CreateCompany", company_service_pb2.CreateCompanyRequest(company=company_pb2.Company()))


@provokes("MALFORMED_REQUEST")
def _(scene: Scene) -> Answer:
    return scene.send("GetCompany", b"\x0a\x02\xc3\x28")


@provokes("INVALID_FILTER")
def _(scene: Scene) -> Answer:
    return scene.send("ListCompanies", company_service_pb2.ListCompaniesRequest(filter='statsu = "ACTIVE"'))


@provokes("INVALID_PAGE_TOKEN")
def _(scene: Scene) -> Answer:
    return scene.send("ListCompanies", company_service_pb2.ListCompaniesRequest(page_token="made-up"))


@provokes("INVALID_CONSISTENCY_TOKEN")
def _(scene: Scene) -> Answer:
    return scene.send("ListCompanies", company_service_pb2.ListCompaniesRequest(), function_consistency_token="made-up")


@provokes("CREDENTIAL_MISSING")
def _(scene: Scene) -> Answer:
    return send_raw(scene.usual, METHODS["ListCompanies"], (b"",), ())


@provokes("CREDENTIAL_INVALID")
def _(scene: Scene) -> Answer:
    key = scene.usual.admin_key
    return scene.send("ListCompanies", b"", key=key[:-1] + ("A" if key[-1] != "A" else "B"))


@provokes("CREDENTIAL_EXPIRED")
def _(scene: Scene) -> Answer:
    soon = Timestamp()
    soon.FromDatetime(datetime.now(UTC) + timedelta(seconds=0.5))
    return _once_refused(scene, _new_key(scene, expire_time=soon).secret)


@provokes("CREDENTIAL_REVOKED")
def _(scene: Scene) -> Answer:
    made = _new_key(scene)
    scene.send("RevokeApiKey", api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id))
    return _once_refused(scene, made.secret)


@provokes("PERMISSION_MISSING")
def _(scene: Scene) -> Answer:
    return scene.send("ListCompanies", b"", key=make_key(scene.usual, "auth.api_key.read"))


@provokes("PERMISSION_ESCALATION")
def _(scene: Scene) -> Answer:
    wish = api_key_service_pb2.CreateApiKeyRequest(display_name="more", permissions=["company.read"])
    return scene.send("CreateApiKey", wish, key=make_key(scene.usual, "auth.api_key.create"))


@provokes("RATE_LIMITED")
def _(scene: Scene) -> Answer:
    return _once_refused(scene, _new_key(scene, rate_limit_per_second=1).secret)


@provokes("OVERLOADED")
def _(scene: Scene) -> Answer:
    """One thread that a lock holds up, and more calls behind it than may wait."""
    company = scene.create(on=scene.narrow)
    update = company_service_pb2.UpdateCompanyRequest(
        company=company_pb2.Company(id=company.id, legal_name="Crowded GmbH")
    )
    answers: list[Answer] = []
    callers = [
        threading.Thread(target=lambda: answers.append(scene.send("UpdateCompany", update, on=scene.narrow)))
        for _ in range(20)
    ]
    with locked_company(scene.narrow.database, company.id) as row:
        callers[0].start()
        row.await_waiting()
        for caller in callers[1:]:
            caller.start()
        eventually(lambda: _queue(scene.narrow) > 10)
    for caller in callers:
        caller.join(PATIENCE)
    assert any(answer.code is grpc.StatusCode.OK for answer in answers), "somebody must be served"
    return next(answer for answer in answers if answer.code is not grpc.StatusCode.OK)


@provokes("DEADLINE_TOO_SHORT")
def _(scene: Scene) -> Answer:
    server = scene.narrow
    return call(server.channel, METHODS["ListCompanies"], [b""], server.metadata(), timeout=1)


@provokes("CALL_CANCELLED")
def _(scene: Scene) -> Answer:
    """Whoever cancels hears nothing more from gRPC: the status stands in the access log, and there alone."""
    company = scene.create(on=scene.narrow)
    update = company_service_pb2.UpdateCompanyRequest(
        company=company_pb2.Company(id=company.id, legal_name="Given Up GmbH")
    )
    unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = scene.narrow.channel.unary_unary(METHODS["UpdateCompany"].path)
    with locked_company(scene.narrow.database, company.id) as lock:
        running = unary.future(update.SerializeToString(), PATIENCE, scene.narrow.metadata(x_request_id="given-up"))
        lock.await_waiting()
        running.cancel()
        [line] = eventually(lambda: [line for line in scene.narrow.log_lines() if line.get("request_id") == "given-up"])
    return Answer(running.code(), line["reason"], {}, (), line["code"])


@provokes("REQUEST_ID_REUSED")
def _(scene: Scene) -> Answer:
    request_id = str(uuid.uuid4())
    answers = [
        scene.send(
            "CreateCompany",
            company_service_pb2.CreateCompanyRequest(
                company=company_pb2.Company(legal_name=name), request_id=request_id
            ),
        )
        for name in ("First GmbH", "Second GmbH")
    ]
    return answers[1]


@provokes("DEPENDENCY_UNAVAILABLE")
def _(scene: Scene) -> Answer:
    with closed_to_everybody(scene.narrow.database):
        return scene.send("ListCompanies", b"", on=scene.narrow)


@provokes("CONCURRENT_CHANGE")
def _(scene: Scene) -> Answer:
    """A database that reports a collision each time that the server tries."""
    company = scene.create(on=scene.narrow)
    update = company_service_pb2.UpdateCompanyRequest(
        company=company_pb2.Company(id=company.id, legal_name="Collided GmbH")
    )
    with as_owner(scene.narrow.database) as connection:
        connection.execute(
            "create function give_up() returns trigger language plpgsql as $$ begin "
            "raise exception using errcode = 'serialization_failure'; end $$"
        )
        connection.execute("create trigger give_up before update on company for each row execute function give_up()")
        try:
            return scene.send("UpdateCompany", update, on=scene.narrow)
        finally:
            connection.execute("drop trigger give_up on company")


@provokes("INTERNAL")
def _(scene: Scene) -> Answer:
    """A table that somebody took away."""
    request = company_service_pb2.ListCompanyRevisionsRequest(id=scene.create(on=scene.narrow).id)
    with as_owner(scene.narrow.database) as connection:
        connection.execute("alter table company_revision rename to taken_away")
        try:
            return scene.send("ListCompanyRevisions", request, on=scene.narrow)
        finally:
            connection.execute("alter table taken_away rename to company_revision")


@provokes("RESPONSE_TOO_LARGE")
def _(scene: Scene) -> Answer:
    company = scene.create()
    company.attributes["text"] = "x" * 6000
    scene.send("UpdateCompany", company_service_pb2.UpdateCompanyRequest(company=company))
    return scene.send("BatchGetCompanies", company_service_pb2.BatchGetCompaniesRequest(ids=[company.id] * 1000))


@provokes("COMPANY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetCompany", company_service_pb2.GetCompanyRequest(id=NOBODY))


@provokes("COMPANY_STATE_NOT_FOUND")
def _(scene: Scene) -> Answer:
    request = company_service_pb2.GetCompanyRequest(id=scene.create().id, as_of=Timestamp(seconds=1))
    return scene.send("GetCompany", request)


@provokes("COMPANY_IDENTIFIER_TAKEN")
def _(scene: Scene) -> Answer:
    identifier = company_pb2.Identifier(scheme="lei", value="529900T8BM49AURSDO55")
    scene.create(identifiers=[identifier])
    second = company_pb2.Company(legal_name="Second GmbH", identifiers=[identifier])
    return scene.send("CreateCompany", company_service_pb2.CreateCompanyRequest(company=second))


@provokes("COMPANY_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    request = company_service_pb2.DeleteCompanyRequest(id=scene.create().id, etag="stale")
    return scene.send("DeleteCompany", request)


@provokes("COMPANY_DELETED")
def _(scene: Scene) -> Answer:
    request = company_service_pb2.DeleteCompanyRequest(id=scene.create().id)
    scene.send("DeleteCompany", request)
    return scene.send("DeleteCompany", request)


@provokes("COMPANY_NOT_DELETED")
def _(scene: Scene) -> Answer:
    return scene.send("UndeleteCompany", company_service_pb2.UndeleteCompanyRequest(id=scene.create().id))


@provokes("IMPORT_TOO_LARGE")
def _(scene: Scene) -> Answer:
    row = company_service_pb2.ImportRow(company=company_pb2.Company(legal_name="Row GmbH"))
    batch = company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=[row] * 5))
    return scene.send("ImportCompanies", _config(), batch, on=scene.narrow)


@provokes("IMPORT_OUT_OF_ORDER")
def _(scene: Scene) -> Answer:
    return scene.send("ImportCompanies", _config(), _config())


@provokes("TRANSFER_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("DownloadExport", transfer_service_pb2.DownloadExportRequest(id=NOBODY))


@provokes("EXPORT_NOT_READY")
def _(scene: Scene) -> Answer:
    answer = scene.send("StartExport", transfer_service_pb2.StartExportRequest())
    operation = transfer_service_pb2.StartExportResponse.FromString(answer.responses[0]).operation
    made = operation.removeprefix("operations/")
    with psycopg.connect(scene.usual.database.superuser_url, autocommit=True) as connection:
        connection.execute(_FOR_LATER_SQL, [made])
    return scene.send("DownloadExport", transfer_service_pb2.DownloadExportRequest(id=made))


@provokes("TRANSFER_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    key = make_tenant(scene.narrow)
    request = transfer_service_pb2.StartExportRequest()
    answer = scene.send("StartExport", request, on=scene.narrow, key=key)
    operation = transfer_service_pb2.StartExportResponse.FromString(answer.responses[0]).operation
    made = operation.removeprefix("operations/")
    with psycopg.connect(scene.narrow.database.superuser_url, autocommit=True) as connection:
        connection.execute(_FOR_LATER_SQL, [made])
        connection.execute("update company_transfer set ended_at = null where id = %s", [made])
    return scene.send("StartExport", request, on=scene.narrow, key=key)


@provokes("TENANT_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetTenant", tenant_service_pb2.GetTenantRequest(id=NOBODY))


@provokes("TENANT_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    return scene.send("CreateTenant", tenant_service_pb2.CreateTenantRequest(name="default"))


@provokes("API_KEY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetApiKey", api_key_service_pb2.GetApiKeyRequest(id=NOBODY))


def _config() -> company_service_pb2.ImportCompaniesRequest:
    return company_service_pb2.ImportCompaniesRequest(config=company_service_pb2.ImportConfig(match_scheme="lei"))


def _new_key(scene: Scene, **fields: object) -> api_key_service_pb2.CreateApiKeyResponse:
    wish = api_key_service_pb2.CreateApiKeyRequest(
        display_name="provoked",
        permissions=["company.read"],
        **fields,  # type: ignore[arg-type]
    )
    return api_key_service_pb2.CreateApiKeyResponse.FromString(scene.send("CreateApiKey", wish).responses[0])


def _once_refused(scene: Scene, key: str) -> Answer:
    """The first refusal of a key that may still work for a moment."""
    return eventually(
        lambda: next((a for a in [scene.send("ListCompanies", b"", key=key)] if a.code is not grpc.StatusCode.OK), None)
    )


def _queue(server: RunningServer) -> float:
    return server.registry.get_sample_value("function_backend_calls_waiting", {"threads": "calls"}) or 0
