"""The arguments of the methods arrive as the contract has them."""

import datetime as dt
from collections.abc import Iterator

import pytest

from function.company.v1 import company_service_pb2
from function_backend_client import Client, Company, connect, describe
from tests.fixtures.scripted import ScriptedService, always

WHEN = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2)))
IN_UTC = "2024-01-02T01:04:05Z"


@pytest.fixture
def client(scripted: ScriptedService) -> Iterator[Client]:
    for method in ("CreateCompany", "GetCompany", "UpdateCompany", "DeleteCompany", "UndeleteCompany"):
        response = getattr(company_service_pb2, f"{method}Response")(company=Company(legal_name=method))
        scripted.on(method, always(response))
    scripted.on("BatchGetCompanies", lambda request, context: company_service_pb2.BatchGetCompaniesResponse())
    with connect(scripted.address) as client:
        yield client


def test_times_arrive_in_utc(client: Client, scripted: ScriptedService) -> None:
    client.companies.get("x", as_of=WHEN, known_at=WHEN)
    client.companies.create(Company(), valid_from=WHEN)
    read, written = scripted.received("GetCompany")[0].request, scripted.received("CreateCompany")[0].request
    assert read.as_of.ToJsonString() == read.known_at.ToJsonString() == written.valid_from.ToJsonString() == IN_UTC


def test_a_time_without_a_zone_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        client.companies.get("x", as_of=WHEN.replace(tzinfo=None))


def test_absent_times_stay_absent(client: Client, scripted: ScriptedService) -> None:
    client.companies.get("x")
    assert not scripted.received("GetCompany")[0].request.HasField("as_of")


@pytest.mark.parametrize(
    ("fields", "paths"),
    [(None, None), ("legal_name,labels.tier", ["legal_name", "labels.tier"]), (["status"], ["status"]), ([], [])],
)
def test_the_fields_to_change_are_a_mask(
    client: Client, scripted: ScriptedService, fields: list[str] | str | None, paths: list[str] | None
) -> None:
    client.companies.update(Company(id="1"), fields=fields, validate_only=True)
    request = scripted.received("UpdateCompany")[0].request
    assert (list(request.update_mask.paths) if request.HasField("update_mask") else None) == paths
    assert request.validate_only


def test_deleting_and_undeleting_send_the_etag(client: Client, scripted: ScriptedService) -> None:
    assert client.companies.delete("1", etag="e").legal_name == "DeleteCompany"
    assert client.companies.undelete("1", etag="f").legal_name == "UndeleteCompany"
    assert scripted.received("DeleteCompany")[0].request.etag == "e"
    assert scripted.received("UndeleteCompany")[0].request.etag == "f"


def test_many_are_read_at_once(client: Client, scripted: ScriptedService) -> None:
    client.companies.batch_get(["a", "b"], allow_missing=True)
    request = scripted.received("BatchGetCompanies")[0].request
    assert (list(request.ids), request.allow_missing) == (["a", "b"], True)


def test_a_client_is_described_by_its_address(client: Client, scripted: ScriptedService) -> None:
    assert repr(client) == f"Client('{scripted.address}')"


def test_messages_describe_themselves_in_one_line(client: Client) -> None:
    assert describe(client.companies.get("x")) == "Company(legal_name='GetCompany')"
