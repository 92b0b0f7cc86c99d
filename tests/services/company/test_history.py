from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.company.v1 import company_pb2, company_service_pb2
from function_backend.kernel.errors import InvalidArgumentError, NotFoundError, PreconditionError
from function_backend.kernel.identifiers import new_id
from function_backend.services.company.domain import history
from function_backend.services.company.domain.history import Revision, RevisionKind, state_at
from tests.factories.company import a_message, a_state, at
from tests.fixtures.companies import Companies

_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
_days = st.integers(0, 12)


def by_brute_force(revisions: list[Revision], as_of: datetime, known_at: datetime) -> Revision | None:
    """Replays the recordings in their order over a calendar of days: a revision holds until the next change."""
    calendar: dict[datetime, Revision] = {}
    for revision in sorted((item for item in revisions if item.recorded_at <= known_at), key=lambda item: item.number):
        calendar[revision.valid_from] = revision
    past = [moment for moment in calendar if moment <= as_of]
    return calendar[max(past)] if past else None


class TestRule:
    @settings(deadline=None, max_examples=300)
    @given(st.lists(st.tuples(_days, _days), min_size=1, max_size=12), _days, _days)
    def test_the_state_is_the_one_whose_validity_began_last_of_those_known(
        self, recorded: list[tuple[int, int]], as_of: int, known_at: int
    ) -> None:
        recorded_days = sorted(day for day, _ in recorded)
        revisions = [
            Revision(number, RevisionKind.UPDATED, _BEGIN + valid * DAY, _BEGIN + day * DAY, a_state())
            for number, (day, (_, valid)) in enumerate(zip(recorded_days, recorded, strict=True), start=1)
        ]
        moments = (_BEGIN + as_of * DAY, _BEGIN + known_at * DAY)
        assert state_at(revisions, *moments) == by_brute_force(revisions, *moments)


class TestTransitions:
    def test_a_change_from_now_on_is_the_current_state(self) -> None:
        created = history.create(new_id(), a_state(), _BEGIN, None)
        changed = history.update(created.record, a_state(), a_state(jurisdiction="DE"), _BEGIN + DAY, _BEGIN + DAY)
        assert changed.is_current
        assert changed.record.company.revision == changed.record.last_revision == 2
        assert changed.revision.changed_fields == ("jurisdiction",)

    def test_an_amendment_of_the_past_leaves_the_current_state(self) -> None:
        created = history.create(new_id(), a_state(), _BEGIN + DAY, None)
        amended = history.update(created.record, a_state(), a_state(jurisdiction="DE"), _BEGIN + 2 * DAY, _BEGIN)
        assert not amended.is_current
        assert amended.record.company == created.record.company
        assert amended.record.last_revision == 2
        assert amended.company.state.jurisdiction == "DE"

    def test_a_clock_that_runs_behind_neither_amends_the_past_nor_records_in_it(self) -> None:
        created = history.create(new_id(), a_state(), _BEGIN + DAY, None)
        late = history.delete(created.record, _BEGIN)
        assert late.is_current
        assert late.revision.valid_from == late.revision.recorded_at == _BEGIN + DAY
        assert history.valid_now(created.record, _BEGIN) == _BEGIN + DAY

    def test_deleting_and_undeleting_keep_the_state(self) -> None:
        created = history.create(new_id(), a_state(), _BEGIN, None)
        deleted = history.delete(created.record, _BEGIN + DAY)
        restored = history.undelete(deleted.record, _BEGIN + 2 * DAY)
        assert deleted.company.deleted_at == _BEGIN + DAY
        assert restored.company.deleted_at is None
        assert restored.company.state == created.company.state
        assert [item.revision.kind for item in (created, deleted, restored)] == ["CREATED", "DELETED", "UNDELETED"]


class TestStoredHistory:
    @settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20)), max_size=6), st.data())
    def test_postgresql_follows_the_rule(
        self, companies: Companies, changes: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        """Random changes, each some days after the last and valid from some days before it."""
        began = companies.clock.now()
        company = companies.create(a_message(legal_name="0"))
        for number, (pause, back) in enumerate(changes, start=1):
            companies.clock.advance(pause * DAY)
            valid_from = max(began, companies.clock.now() - back * DAY)
            companies.update(company_pb2.Company(id=company.id, legal_name=str(number)), valid_from=at(valid_from))
        span = (companies.clock.now() - began).days
        revisions = [
            Revision(
                item.revision,
                RevisionKind.UPDATED,
                item.valid_from.ToDatetime(UTC),
                item.record_time.ToDatetime(UTC),
                a_state(legal_name=item.company.legal_name),
            )
            for item in companies.revisions(company.id, page_size=100).revisions
        ]
        as_of = began + data.draw(st.integers(0, span)) * DAY
        known_at = began + data.draw(st.integers(0, span)) * DAY
        expected = by_brute_force(revisions, as_of, known_at)
        assert expected is not None
        found = companies.get(company.id, as_of=at(as_of), known_at=at(known_at))
        assert (found.legal_name, found.revision) == (expected.state.legal_name, expected.number)
        current = by_brute_force(revisions, companies.clock.now(), companies.clock.now())
        assert current is not None
        assert companies.get(company.id).revision == current.number

    def test_what_was_known_before_a_correction_stays_known(self, companies: Companies) -> None:
        created = companies.create(a_message(legal_name="Old"), valid_from=at(companies.clock.now() - 10 * DAY))
        before = companies.clock.now()
        companies.clock.advance(DAY)
        change = company_pb2.Company(id=created.id, legal_name="New")
        companies.update(change, valid_from=at(before - 5 * DAY))
        assert companies.get(created.id).legal_name == "New"
        as_of = at(before - 2 * DAY)
        assert companies.get(created.id, as_of=as_of).legal_name == "New"
        assert companies.get(created.id, as_of=as_of, known_at=at(before)).legal_name == "Old"
        assert companies.get(created.id, as_of=at(before - 7 * DAY)).legal_name == "Old"

    def test_an_amendment_changes_the_past_until_the_next_change_only(self, companies: Companies) -> None:
        began = companies.clock.now()
        created = companies.create(a_message(legal_name="A"), valid_from=at(began - 10 * DAY))
        current = companies.update(company_pb2.Company(id=created.id, legal_name="C"))
        amended = companies.update(
            company_pb2.Company(id=created.id, jurisdiction="DE"), valid_from=at(began - 5 * DAY)
        )
        assert (amended.legal_name, amended.jurisdiction, amended.revision) == ("A", "DE", 3)
        now = companies.get(created.id)
        assert (now.legal_name, now.jurisdiction, now.revision) == ("C", "US-DE", 2)
        assert now.etag == current.etag

    def test_before_its_first_state_there_is_none(self, companies: Companies) -> None:
        began = companies.clock.now()
        created = companies.create(a_message())
        asked: list[dict[str, Any]] = [{"as_of": at(began - DAY)}, {"known_at": at(began - DAY)}]
        for moments in asked:
            with pytest.raises(NotFoundError) as missing:
                companies.get(created.id, **moments)
            assert missing.value.reason == "COMPANY_STATE_NOT_FOUND"
        with pytest.raises(NotFoundError) as nothing_to_amend:
            companies.update(company_pb2.Company(id=created.id, legal_name="B"), valid_from=at(began - DAY))
        assert nothing_to_amend.value.reason == "COMPANY_STATE_NOT_FOUND"

    def test_an_unknown_company_has_no_history(self, companies: Companies) -> None:
        with pytest.raises(NotFoundError) as missing:
            companies.get(str(new_id()), as_of=at(companies.clock.now()))
        assert missing.value.reason == "COMPANY_NOT_FOUND"
        with pytest.raises(NotFoundError) as missing:
            companies.revisions(str(new_id()))
        assert missing.value.reason == "COMPANY_NOT_FOUND"

    def test_nothing_is_valid_from_the_future(self, companies: Companies) -> None:
        created = companies.create(a_message())
        tomorrow = at(companies.clock.now() + DAY)
        with pytest.raises(InvalidArgumentError) as refused:
            companies.create(a_message(), valid_from=tomorrow)
        assert refused.value.violations[0].field == "valid_from"
        with pytest.raises(InvalidArgumentError) as refused:
            companies.update(company_pb2.Company(id=created.id, legal_name="B"), valid_from=tomorrow)
        assert refused.value.violations[0].field == "valid_from"

    def test_a_time_in_which_it_was_deleted_cannot_be_amended(self, companies: Companies) -> None:
        created = companies.create(a_message())
        companies.clock.advance(DAY)
        deleted = companies.delete(created.id)
        companies.clock.advance(DAY)
        companies.undelete(created.id)
        assert companies.get(created.id, as_of=deleted.delete_time).HasField("delete_time")
        with pytest.raises(PreconditionError) as refused:
            companies.update(company_pb2.Company(id=created.id, legal_name="B"), valid_from=deleted.delete_time)
        assert refused.value.reason == "COMPANY_DELETED"


class TestRevisions:
    def test_they_come_latest_first_with_who_did_what(self, companies: Companies) -> None:
        created = companies.create(a_message(legal_name="A"))
        companies.update(company_pb2.Company(id=created.id, legal_name="B"))
        request_id = companies.call.request_id if companies.call else ""
        companies.delete(created.id)
        companies.undelete(created.id)
        found = companies.revisions(created.id).revisions
        assert [item.revision for item in found] == [4, 3, 2, 1]
        kinds = [company_service_pb2.RevisionKind.Name(item.kind) for item in found]
        assert kinds == [f"REVISION_KIND_{name}" for name in ("UNDELETED", "DELETED", "UPDATED", "CREATED")]
        assert {item.actor for item in found} == {companies.principal.actor}
        assert found[2].request_id == request_id
        assert [item.company.legal_name for item in found] == ["B", "B", "B", "A"]
        assert found[3].company == created

    def test_pages_follow_each_other_without_gap(self, companies: Companies) -> None:
        created = companies.create(a_message(legal_name="0"))
        for number in range(1, 6):
            companies.update(company_pb2.Company(id=created.id, legal_name=str(number)))
        seen, token = [], ""
        while True:
            page = companies.revisions(created.id, page_size=2, page_token=token)
            seen += [item.revision for item in page.revisions]
            token = page.next_page_token
            if not token:
                break
        assert seen == [6, 5, 4, 3, 2, 1]

    def test_the_token_of_another_company_is_refused(self, companies: Companies) -> None:
        first, second = companies.create(a_message()), companies.create(a_message())
        companies.update(company_pb2.Company(id=first.id, legal_name="B"))
        token = companies.revisions(first.id, page_size=1).next_page_token
        with pytest.raises(InvalidArgumentError) as refused:
            companies.revisions(second.id, page_token=token)
        assert refused.value.reason == "INVALID_PAGE_TOKEN"
