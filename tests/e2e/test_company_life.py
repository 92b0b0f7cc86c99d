"""The life of a company, through the client and the real server."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

import pytest

from function.company.v1 import company_events_pb2
from function_backend_client import (
    Address,
    AddressKind,
    Client,
    Company,
    CompanyDeletedError,
    CompanyEtagMismatchError,
    CompanyNotDeletedError,
    CompanyNotFoundError,
    CompanyStateNotFoundError,
    CompanyStatus,
    Identifier,
    InvalidArgumentError,
    RevisionKind,
    connect,
)
from tests.e2e.footprint import Footprint
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer


@pytest.fixture
def key(server: RunningServer) -> str:
    return make_tenant(server)


@pytest.fixture
def client(server: RunningServer, key: str) -> Iterator[Client]:
    with connect(server.target, api_key=key) as connected:
        yield connected


def _acme(**more: object) -> Company:
    return Company(
        legal_name="Acme Maschinenbau GmbH",
        jurisdiction="DE",
        labels={"tier": "silver", "region": "north"},
        **more,  # type: ignore[arg-type]
    )


def _year(year: int) -> dt.datetime:
    return dt.datetime(year, 1, 1, tzinfo=dt.UTC)


def test_a_company_from_its_creation_to_its_return(client: Client, server: RunningServer, key: str) -> None:
    created = client.companies.create(_acme(identifiers=[Identifier(scheme="lei", value=" 529900t8bm49aursdo55 ")]))
    assert created.identifiers[0].value == "529900T8BM49AURSDO55"
    assert client.companies.get(created.id) == created

    updated = client.companies.update(
        Company(id=created.id, etag=created.etag, status=CompanyStatus.COMPANY_STATUS_ACTIVE), fields=["status"]
    )
    assert (updated.status, updated.legal_name) == (CompanyStatus.COMPANY_STATUS_ACTIVE, created.legal_name)
    assert updated.etag != created.etag

    deleted = client.companies.delete(created.id, etag=updated.etag)
    assert deleted.HasField("delete_time")
    assert client.companies.get(created.id).HasField("delete_time")
    assert list(client.companies.list()) == []
    assert [each.id for each in client.companies.list(show_deleted=True)] == [created.id]
    assert list(client.companies.search("acme maschinenbau")) == []
    with pytest.raises(CompanyDeletedError):
        client.companies.update(Company(id=created.id, legal_name="Too Late GmbH"))

    returned = client.companies.undelete(created.id)
    assert not returned.HasField("delete_time")
    assert [found.company.id for found in client.companies.search("acme maschinenbau")] == [created.id]
    with pytest.raises(CompanyNotDeletedError):
        client.companies.undelete(created.id)

    revisions = list(client.companies.revisions(created.id))
    assert [revision.revision for revision in revisions] == [4, 3, 2, 1]
    assert [RevisionKind.Name(revision.kind).rpartition("_")[2] for revision in reversed(revisions)] == [
        "CREATED",
        "UPDATED",
        "DELETED",
        "UNDELETED",
    ]
    _assert_written_down(Footprint(server, key), created.id, [returned, deleted, updated, created])


def _assert_written_down(footprint: Footprint, company_id: str, states: list[Company]) -> None:
    """Each mutation is one audit record and one event, which name each other and hang together."""
    audit, events = footprint.audit()[-4:], footprint.events()[-4:]
    assert [record.method.rpartition("/")[2] for record in audit] == [
        "CreateCompany",
        "UpdateCompany",
        "DeleteCompany",
        "UndeleteCompany",
    ]
    assert {str(record.subject_id) for record in audit} == {company_id}
    assert {record.actor.partition(":")[0] for record in audit} == {"api_key"}
    assert len({record.request_id for record in audit}) == 4
    assert audit[0].before_digest is None
    for before, after in itertools.pairwise(audit):
        assert after.before_digest == before.after_digest
    assert [event.id for event in events] == [record.event_id for record in audit]
    assert [event.type for event in events] == [record.event_type for record in audit]
    assert [event.sequence for event in events] == [1, 2, 3, 4]
    told = [getattr(company_events_pb2, event.type.rpartition(".")[2]).FromString(event.payload) for event in events]
    assert [message.company for message in told] == states[::-1]
    assert list(told[1].changed_fields.paths) == ["status"]


class TestMask:
    def test_only_the_fields_named_are_set(self, client: Client) -> None:
        created = client.companies.create(_acme())
        changed = Company(id=created.id, legal_name="Renamed GmbH", jurisdiction="AT")
        assert client.companies.update(changed, fields=["legal_name"]).jurisdiction == "DE"

    def test_without_one_every_populated_field_is_set(self, client: Client) -> None:
        created = client.companies.create(_acme())
        updated = client.companies.update(Company(id=created.id, legal_name="Renamed GmbH"))
        assert (updated.legal_name, updated.jurisdiction, dict(updated.labels)) == (
            "Renamed GmbH",
            "DE",
            dict(created.labels),
        )

    def test_a_star_replaces_everything(self, client: Client) -> None:
        created = client.companies.create(
            _acme(addresses=[Address(kind=AddressKind.ADDRESS_KIND_REGISTERED, country="DE", city="Kiel")])
        )
        updated = client.companies.update(Company(id=created.id, legal_name="Bare GmbH"), fields="*")
        assert (updated.jurisdiction, len(updated.addresses), dict(updated.labels)) == ("", 0, {})

    def test_one_label_is_set_or_removed_alone(self, client: Client) -> None:
        created = client.companies.create(_acme())
        changed = Company(id=created.id, labels={"tier": "gold", "region": "south"})
        gold = client.companies.update(changed, fields=["labels.tier"])
        assert dict(gold.labels) == {"tier": "gold", "region": "north"}
        without = client.companies.update(Company(id=created.id), fields=["labels.tier"])
        assert dict(without.labels) == {"region": "north"}

    def test_what_differs_in_nothing_writes_nothing(self, client: Client, server: RunningServer, key: str) -> None:
        created = client.companies.create(_acme())
        footprint = Footprint(server, key)
        before = footprint.rows()
        again = client.companies.update(created)
        assert again == created
        after = footprint.rows()
        assert {**after, "stored_answer": 0} == {**before, "stored_answer": 0}


def test_a_stale_etag_is_refused_and_names_the_current_one(client: Client) -> None:
    created = client.companies.create(_acme())
    updated = client.companies.update(Company(id=created.id, etag=created.etag, legal_name="Faster GmbH"))
    with pytest.raises(CompanyEtagMismatchError) as refused:
        client.companies.update(Company(id=created.id, etag=created.etag, legal_name="Slower GmbH"))
    assert refused.value.metadata["current_etag"] == updated.etag
    with pytest.raises(CompanyEtagMismatchError):
        client.companies.delete(created.id, etag=created.etag)
    assert client.companies.get(created.id) == updated


class TestTime:
    """Named A in 2020, C from 2022 on; later it is learnt that it was named B from 2021 on."""

    @pytest.fixture
    def amended(self, client: Client) -> Company:
        created = client.companies.create(Company(legal_name="A GmbH"), valid_from=_year(2020))
        named_c = Company(id=created.id, legal_name="C GmbH", labels={"tier": "gold"})
        client.companies.update(named_c, valid_from=_year(2022))
        return client.companies.update(Company(id=created.id, legal_name="B GmbH"), valid_from=_year(2021))

    def test_history_answers_what_was_known_when_about_when(self, client: Client, amended: Company) -> None:
        recorded = [
            revision.record_time.ToDatetime(tzinfo=dt.UTC) for revision in client.companies.revisions(amended.id)
        ][::-1]
        truth = {
            # known after so many revisions: the name at 2019, 2020, 2021, 2022 and now
            1: (None, "A GmbH", "A GmbH", "A GmbH", "A GmbH"),
            2: (None, "A GmbH", "A GmbH", "C GmbH", "C GmbH"),
            3: (None, "A GmbH", "B GmbH", "C GmbH", "C GmbH"),
        }
        moments = [_year(2019), _year(2020), _year(2021), _year(2022), dt.datetime.now(dt.UTC)]
        found = {
            count: tuple(_name(client, amended.id, as_of=moment, known_at=recorded[count - 1]) for moment in moments)
            for count in truth
        }
        assert found == truth
        before_all = recorded[0] - dt.timedelta(seconds=1)
        assert {_name(client, amended.id, as_of=moment, known_at=before_all) for moment in moments} == {None}

    def test_what_is_amended_in_the_past_leaves_the_present_alone(self, client: Client, amended: Company) -> None:
        assert (amended.legal_name, dict(amended.labels)) == ("B GmbH", {})
        current = client.companies.get(amended.id)
        assert (current.legal_name, dict(current.labels)) == ("C GmbH", {"tier": "gold"})
        assert [company.legal_name for company in client.companies.list()] == ["C GmbH"]

    def test_a_state_in_the_future_is_refused(self, client: Client) -> None:
        with pytest.raises(InvalidArgumentError, match=r"valid_from: lies in the future"):
            client.companies.create(_acme(), valid_from=dt.datetime.now(dt.UTC) + dt.timedelta(days=1))


def _name(client: Client, company_id: str, *, as_of: dt.datetime, known_at: dt.datetime) -> str | None:
    try:
        return client.companies.get(company_id, as_of=as_of, known_at=known_at).legal_name
    except (CompanyNotFoundError, CompanyStateNotFoundError):
        return None
