from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from function.company.v1 import company_events_pb2, company_pb2
from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
)
from function_backend.kernel.identifiers import new_id
from tests.factories.auth import a_principal
from tests.factories.company import a_full_message, a_message, lei
from tests.fixtures.companies import Companies
from tests.fixtures.postgres import Database


def with_lei(number: int, **fields: object) -> company_pb2.Company:
    return a_message(identifiers=[company_pb2.Identifier(scheme="lei", value=lei(number))], **fields)


class TestCreate:
    def test_the_answer_is_what_is_read_later(self, companies: Companies) -> None:
        created = companies.create(a_full_message())
        assert companies.get(created.id) == created
        assert (created.revision, created.create_time) == (1, created.update_time)
        assert not created.HasField("delete_time")

    def test_output_only_fields_and_the_etag_are_ignored(self, companies: Companies) -> None:
        message = a_message(id=str(uuid4()), etag="mine", revision=7)
        created = companies.create(message)
        assert created.id != message.id
        assert (created.etag == "mine", created.revision) == (False, 1)

    def test_values_are_normalised(self, companies: Companies) -> None:
        created = companies.create(
            a_message(legal_name="  Acme ", identifiers=[company_pb2.Identifier(scheme="us-ein", value="94-2404110")])
        )
        assert (created.legal_name, created.identifiers[0].value) == ("Acme", "942404110")

    def test_all_faults_are_reported_together(self, companies: Companies) -> None:
        with pytest.raises(InvalidArgumentError) as refused:
            companies.create(a_message(legal_name="", jurisdiction="ZZ", status=99))
        assert [violation.field for violation in refused.value.violations] == [
            "company.status",
            "company.legal_name",
            "company.jurisdiction",
        ]

    def test_an_identifier_of_another_company_is_refused_naming_both(self, companies: Companies) -> None:
        first = companies.create(with_lei(1))
        with pytest.raises(AlreadyExistsError) as taken:
            companies.create(with_lei(1))
        assert taken.value.reason == "COMPANY_IDENTIFIER_TAKEN"
        assert taken.value.metadata == {"scheme": "lei", "value": lei(1), "company_id": first.id}
        assert len(companies.page().companies) == 1

    def test_another_tenant_may_have_the_same_identifier(self, companies: Companies) -> None:
        companies.create(with_lei(1))
        companies.of(a_principal()).create(with_lei(1))

    def test_a_deleted_company_keeps_its_identifiers(self, companies: Companies) -> None:
        companies.delete(companies.create(with_lei(1)).id)
        with pytest.raises(AlreadyExistsError):
            companies.create(with_lei(1))

    def test_companies_may_share_what_their_scheme_lets_them_share(self, companies: Companies) -> None:
        for _ in range(2):
            companies.create(a_message(identifiers=[company_pb2.Identifier(scheme="us-ein", value="942404110")]))

    def test_a_value_of_an_own_scheme_belongs_to_one_company(self, companies: Companies) -> None:
        message = a_message(identifiers=[company_pb2.Identifier(scheme="x-crm", value="A")])
        companies.create(message)
        with pytest.raises(AlreadyExistsError):
            companies.create(message)

    def test_a_register_number_is_unique_at_its_court(self, companies: Companies) -> None:
        def registered(court: str) -> company_pb2.Company:
            return a_message(identifiers=[{"scheme": "de-hrb", "value": "1", "issuer": court}])

        companies.create(registered("Amtsgericht München"))
        companies.create(registered("Amtsgericht Köln"))
        with pytest.raises(AlreadyExistsError):
            companies.create(registered("München"))


class TestRead:
    def test_a_deleted_company_is_still_read_by_its_id(self, companies: Companies) -> None:
        created = companies.create(a_message())
        deleted = companies.delete(created.id)
        assert companies.get(created.id).delete_time == deleted.delete_time

    def test_an_unknown_id_and_one_of_another_tenant_do_not_exist(self, companies: Companies) -> None:
        foreign = companies.of(a_principal()).create(a_message())
        for company_id in (str(new_id()), foreign.id):
            with pytest.raises(NotFoundError) as missing:
                companies.get(company_id)
            assert missing.value.reason == "COMPANY_NOT_FOUND"
            with pytest.raises(NotFoundError):
                companies.batch_get(company_id)

    def test_a_batch_comes_in_the_order_of_the_ids(self, companies: Companies) -> None:
        ids = [companies.create(a_message()).id for _ in range(3)]
        asked = [ids[2], ids[0], ids[2]]
        assert [company.id for company in companies.batch_get(*asked).companies] == asked

    def test_missing_ids_of_a_batch_are_named_when_they_may_be_missing(self, companies: Companies) -> None:
        created, unknown = companies.create(a_message()).id, str(new_id())
        found = companies.batch_get(unknown, created, allow_missing=True)
        assert ([company.id for company in found.companies], list(found.missing_ids)) == ([created], [unknown])
        with pytest.raises(NotFoundError) as missing:
            companies.batch_get(created, unknown)
        assert missing.value.metadata == {"company_id": unknown}

    def test_a_change_that_nobody_heard_of_is_seen_with_the_token_of_the_change(self, companies: Companies) -> None:
        created = companies.create(a_message(legal_name="Old"))
        assert companies.get(created.id).legal_name == "Old"
        companies.update(company_pb2.Company(id=created.id, legal_name="New"))
        position = companies.call.committed_position if companies.call else None
        assert companies.get(created.id).legal_name == "Old"  # From the cache: no notification arrives in this test.
        assert companies.get(created.id, minimum_position=position).legal_name == "New"
        assert companies.get(created.id).legal_name == "New"

    def test_documents_of_an_older_release_are_made_again(self, companies: Companies, database: Database) -> None:
        created = companies.create(a_full_message())
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute("update company set document = '\\x', document_version = 0 where id = %s", [created.id])
        assert companies.get(created.id) == created
        assert list(companies.page().companies) == [created]
        assert list(companies.batch_get(created.id).companies) == [created]


class TestUpdate:
    def test_the_mask_says_which_fields_change(self, companies: Companies) -> None:
        created = companies.create(a_full_message())
        change = company_pb2.Company(id=created.id, legal_name="New", status=company_pb2.COMPANY_STATUS_DISSOLVED)
        changed = companies.update(change, "legal_name")
        assert (changed.legal_name, changed.status) == ("New", created.status)
        assert (changed.revision, changed.etag != created.etag) == (2, True)
        assert list(changed.identifiers) == list(created.identifiers)

    def test_without_a_mask_the_populated_fields_change(self, companies: Companies) -> None:
        created = companies.create(a_full_message())
        changed = companies.update(company_pb2.Company(id=created.id, labels={"x": "y"}))
        assert (dict(changed.labels), changed.legal_name) == ({"x": "y"}, created.legal_name)

    def test_a_star_replaces_everything(self, companies: Companies) -> None:
        created = companies.create(a_full_message())
        changed = companies.update(company_pb2.Company(id=created.id, legal_name="Bare"), "*")
        assert (changed.legal_name, len(changed.identifiers), changed.jurisdiction) == ("Bare", 0, "")

    def test_one_label_is_set_and_another_removed(self, companies: Companies) -> None:
        created = companies.create(a_message(labels={"a": "1", "b": "2"}))
        change = company_pb2.Company(id=created.id, labels={"a": "9"})
        assert dict(companies.update(change, "labels.a", "labels.b").labels) == {"a": "9"}

    def test_nothing_is_written_when_nothing_differs(self, companies: Companies) -> None:
        created = companies.create(a_full_message())
        companies.clock.advance(timedelta(days=1))
        assert companies.update(company_pb2.Company(id=created.id, legal_name=created.legal_name)) == created
        assert len(companies.revisions(created.id).revisions) == 1

    def test_a_stale_etag_is_refused_with_the_current_one(self, companies: Companies) -> None:
        created = companies.create(a_message())
        current = companies.update(company_pb2.Company(id=created.id, legal_name="B", etag=created.etag))
        with pytest.raises(ConflictError) as refused:
            companies.update(company_pb2.Company(id=created.id, legal_name="C", etag=created.etag))
        assert refused.value.reason == "COMPANY_ETAG_MISMATCH"
        assert refused.value.metadata == {"company_id": created.id, "current_etag": current.etag}

    def test_identifiers_that_are_given_up_are_free_again(self, companies: Companies) -> None:
        first = companies.create(with_lei(1))
        companies.update(company_pb2.Company(id=first.id), "identifiers")
        second = companies.create(with_lei(1))
        with pytest.raises(AlreadyExistsError):
            companies.update(with_lei(1, id=first.id), "identifiers")
        companies.update(with_lei(2, id=second.id), "identifiers")
        assert companies.update(with_lei(1, id=first.id), "identifiers").identifiers[0].value == lei(1)

    def test_phone_numbers_are_read_in_the_jurisdiction_the_company_has(self, companies: Companies) -> None:
        created = companies.create(a_message(jurisdiction="DE"))
        contact = company_pb2.Contact(kind=company_pb2.CONTACT_KIND_PHONE, value="089 123456")
        changed = companies.update(company_pb2.Company(id=created.id, contacts=[contact]))
        assert changed.contacts[0].value == "+4989123456"

    def test_rules_across_fields_see_the_fields_that_stay(self, companies: Companies) -> None:
        created = companies.create(a_message(incorporation_date={"year": 2020, "month": 1, "day": 1}))
        change = company_pb2.Company(id=created.id, dissolution_date={"year": 2019, "month": 1, "day": 1})  # type: ignore[arg-type]
        with pytest.raises(InvalidArgumentError) as refused:
            companies.update(change)
        assert refused.value.violations[0].field == "company.dissolution_date"

    def test_a_deleted_company_is_not_changed(self, companies: Companies) -> None:
        created = companies.create(a_message())
        companies.delete(created.id)
        with pytest.raises(PreconditionError) as refused:
            companies.update(company_pb2.Company(id=created.id, legal_name="B"))
        assert refused.value.reason == "COMPANY_DELETED"

    def test_concurrent_updates_wait_for_each_other_and_lose_nothing(self, companies: Companies) -> None:
        created = companies.create(a_message())
        failures: list[BaseException] = []

        def label(number: int) -> None:
            mine = companies.of(companies.principal)
            try:
                for turn in range(5):
                    key = f"k{number}.{turn}"
                    mine.update(company_pb2.Company(id=created.id, labels={key: "1"}), f"labels.{key}")
            except BaseException as error:  # noqa: BLE001 - Told to the test's own thread.
                failures.append(error)

        threads = [threading.Thread(target=label, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert companies.page().companies[0].revision == 21
        assert len(companies.page().companies[0].labels) == 20


class TestDelete:
    def test_it_leaves_lists_and_comes_back(self, companies: Companies) -> None:
        created = companies.create(a_message())
        deleted = companies.delete(created.id)
        assert deleted.HasField("delete_time")
        assert not companies.page().companies
        assert [company.id for company in companies.page(show_deleted=True).companies] == [created.id]
        restored = companies.undelete(created.id)
        assert (restored.HasField("delete_time"), restored.revision) == (False, 3)
        assert [company.id for company in companies.page().companies] == [created.id]

    def test_twice_is_refused_either_way(self, companies: Companies) -> None:
        created = companies.create(a_message())
        with pytest.raises(PreconditionError) as refused:
            companies.undelete(created.id)
        assert refused.value.reason == "COMPANY_NOT_DELETED"
        companies.delete(created.id)
        with pytest.raises(PreconditionError) as refused:
            companies.delete(created.id)
        assert refused.value.reason == "COMPANY_DELETED"

    def test_a_stale_etag_and_an_unknown_id_are_refused(self, companies: Companies) -> None:
        created = companies.create(a_message())
        companies.update(company_pb2.Company(id=created.id, legal_name="B"))
        with pytest.raises(ConflictError):
            companies.delete(created.id, created.etag)
        with pytest.raises(NotFoundError):
            companies.delete(str(new_id()))
        with pytest.raises(NotFoundError):
            companies.undelete(str(new_id()))


class TestEvents:
    def test_each_change_leaves_with_the_company_and_digests_that_follow_each_other(
        self, companies: Companies, database: Database
    ) -> None:
        created = companies.create(a_message())
        companies.update(company_pb2.Company(id=created.id, legal_name="B"))
        companies.delete(created.id)
        companies.undelete(created.id)
        with psycopg.connect(database.superuser_url) as connection:
            events = connection.execute(
                "select type, sequence, payload from event where subject_id = %s order by sequence", [created.id]
            ).fetchall()
            digests = connection.execute(
                "select before_digest, after_digest from audit_record where subject_id = %s order by seq", [created.id]
            ).fetchall()
        names = [f"function.company.v1.Company{verb}" for verb in ("Created", "Updated", "Deleted", "Undeleted")]
        assert [event[:2] for event in events] == list(zip(names, range(1, 5), strict=True))
        assert company_events_pb2.CompanyCreated.FromString(events[0][2]).company == created
        updated = company_events_pb2.CompanyUpdated.FromString(events[1][2])
        assert (updated.company.legal_name, list(updated.changed_fields.paths)) == ("B", ["legal_name"])
        (none, first), (before, second), (deleted, gone), (nothing, back) = digests
        assert (none, gone, nothing) == (None, None, None)
        assert before == first
        assert second == deleted == back != first
