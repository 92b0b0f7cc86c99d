"""The database dies while callers write: what was confirmed is there, nothing is there by half, and it goes on."""

import os
import signal
import threading
import time
import uuid
from collections.abc import Sized
from dataclasses import dataclass, field

import grpc

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function_backend.persistence.embedded.processes import Process
from tests.fixtures.methods import Answer, call, every_method
from tests.fixtures.serve import Serve, ServeProcess

WRITERS = 4
KILLS = 2
SCHEME = "x-order"
CREATE = next(method for method in every_method() if method.descriptor.name == "CreateCompany")


@dataclass
class Writing:
    """What the writers tried, and what they were told."""

    confirmed: dict[str, str] = field(default_factory=dict)
    """Identifier to the id of the company that carries it."""
    uncertain: dict[str, str] = field(default_factory=dict)
    """Identifier to the request id of a call that was refused; it may be committed all the same."""
    refusals: list[Answer] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


def _request(identifier: str, request_id: str) -> bytes:
    company = company_pb2.Company(
        legal_name=f"Order {identifier} Ltd", identifiers=[company_pb2.Identifier(scheme=SCHEME, value=identifier)]
    )
    return company_service_pb2.CreateCompanyRequest(company=company, request_id=request_id).SerializeToString()


def _write(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...], writing: Writing) -> None:
    while not writing.stop.is_set():
        identifier, request_id = uuid.uuid4().hex, str(uuid.uuid4())
        answer = call(channel, CREATE, [_request(identifier, request_id)], metadata)
        if answer.code is grpc.StatusCode.OK:
            created = company_service_pb2.CreateCompanyResponse.FromString(answer.responses[0])
            writing.confirmed[identifier] = created.company.id
        else:
            writing.uncertain[identifier] = request_id
            writing.refusals.append(answer)
            time.sleep(0.02)


def _postmaster(process: ServeProcess) -> Process:
    return next(child for child in process.descendants() if "postgres" in child.command and "-D" in child.command)


def _kill_while_writing(process: ServeProcess, writing: Writing) -> None:
    for _ in range(KILLS):
        goal = len(writing.confirmed) + 50
        _wait_for(writing.confirmed, goal)
        os.kill(_postmaster(process).pid, signal.SIGKILL)
        refused = len(writing.refusals)
        _wait_for(writing.refusals, refused + 1)
    _wait_for(writing.confirmed, len(writing.confirmed) + 50)


def _wait_for(collected: Sized, count: int) -> None:
    given_up = time.monotonic() + 60
    while len(collected) < count:
        assert time.monotonic() < given_up, "waited in vain"
        time.sleep(0.02)


def test_nothing_confirmed_is_lost_and_nothing_is_there_by_half(serve: Serve) -> None:
    process = serve("--workers", "2")
    metadata = (("authorization", f"Bearer {process.admin_key}"),)
    writing = Writing()
    channels = [process.channel() for _ in range(WRITERS)]
    writers = [threading.Thread(target=_write, args=(channel, metadata, writing), daemon=True) for channel in channels]
    for writer in writers:
        writer.start()
    try:
        _kill_while_writing(process, writing)
    finally:
        writing.stop.set()
        for writer in writers:
            writer.join(60)

    for refusal in writing.refusals:
        assert refusal.code is grpc.StatusCode.UNAVAILABLE, refusal
        assert refusal.reason == "DEPENDENCY_UNAVAILABLE"
        assert refusal.details["RetryInfo"].retry_delay.ToTimedelta().total_seconds() > 0

    channel = channels[0]
    stub = company_service_pb2_grpc.CompanyServiceStub(channel)
    # Each refused call, sent again under its own request id, is done once, whether or not it was done before.
    for identifier, request_id in writing.uncertain.items():
        again = call(channel, CREATE, [_request(identifier, request_id)], metadata)
        assert again.code is grpc.StatusCode.OK, again
        made = company_service_pb2.CreateCompanyResponse.FromString(again.responses[0])
        writing.confirmed[identifier] = made.company.id
    found = {}
    for exported in stub.ExportCompanies(company_service_pb2.ExportCompaniesRequest(), metadata=metadata):
        for company in exported.companies:
            found[company.identifiers[0].value] = company.id
    assert found == writing.confirmed
    for identifier, company_id in list(writing.confirmed.items())[:20]:
        history = stub.ListCompanyRevisions(
            company_service_pb2.ListCompanyRevisionsRequest(id=company_id), metadata=metadata
        )
        assert [revision.company.identifiers[0].value for revision in history.revisions] == [identifier]
    for opened in channels:
        opened.close()
