from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.company.v1 import company_events_pb2, company_pb2, company_service_pb2
from function_backend.kernel.errors import FieldViolation, InvalidArgumentError
from function_backend.services.company.convert import framing, requests, responses
from function_backend.services.company.convert.company_in import read_state
from function_backend.services.company.convert.company_out import document, document_of_message, timestamp
from function_backend.services.company.convert.enums import (
    ADDRESS_KINDS,
    CONTACT_KINDS,
    NAME_KINDS,
    REVISION_KINDS,
    STATUSES,
    VERIFICATIONS,
)
from function_backend.services.company.convert.imports import import_response, import_steps
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import CompanyState, checked_state
from function_backend.services.company.domain.importing import ImportSummary
from function_backend.services.company.events import CompanyUpdated
from function_backend.services.company.repository.states import decode_state, encode_state
from tests.factories.company import a_company, a_full_message, a_message, a_state, states

_OUTPUT_ONLY = ("id", "etag", "create_time", "update_time", "delete_time", "revision")


def normal(state: CompanyState) -> CompanyState:
    return checked_state(Checks(), state)


def read(message: company_pb2.Company) -> tuple[CompanyState, dict[str, str]]:
    checks = Checks()
    state = read_state(message, checks)
    return state, {violation.field: violation.description for violation in checks.violations}


class TestCompany:
    @settings(deadline=None)
    @given(states())
    def test_what_is_written_is_read_back(self, state: CompanyState) -> None:
        state = normal(state)
        assert read(company_pb2.Company.FromString(document(a_company(state)))) == (state, {})

    def test_every_field_of_the_contract_is_carried(self) -> None:
        message = a_full_message()
        state, faults = read(message)
        assert not faults
        sent = company_pb2.Company.FromString(document(a_company(normal(state))))
        for name in _OUTPUT_ONLY:
            sent.ClearField(name)  # type: ignore[arg-type] # the names of fields
        assert sent == message

    def test_the_full_example_is_in_normal_form(self) -> None:
        state, _ = read(a_full_message())
        assert normal(state) == state

    def test_times_revision_and_etag_come_from_the_record(self) -> None:
        company = a_company(revision=7)._replace(deleted_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
        sent = company_pb2.Company.FromString(document(company))
        assert (sent.id, sent.revision, sent.etag) == (str(company.id), 7, company.etag)
        assert sent.delete_time.ToDatetime(UTC) == company.deleted_at
        assert sent.create_time.ToDatetime(UTC) == company.created_at

    def test_the_same_company_has_the_same_bytes(self) -> None:
        company = a_company(a_state(labels={"b": "1", "a": "2"}, attributes={"y": 1, "x": {"b": 1, "a": 2}}))
        other = company._replace(state=a_state(labels={"a": "2", "b": "1"}, attributes={"x": {"a": 2, "b": 1}, "y": 1}))
        assert document(company) == document(other)

    @settings(deadline=None)
    @given(states())
    def test_an_imported_message_becomes_the_same_document(self, state: CompanyState) -> None:
        company = a_company(normal(state)._replace(attributes={}))
        sent = company_pb2.Company.FromString(document(company._replace(deleted_at=company.created_at, revision=9)))
        assert document_of_message(sent, company) == document(company)

    @settings(deadline=None)
    @given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - The strategy wants naive bounds.
    def test_moments_keep_their_microseconds(self, moment: datetime) -> None:
        moment = moment.replace(tzinfo=UTC)
        request = company_service_pb2.GetCompanyRequest(as_of=timestamp(moment))  # type: ignore[arg-type] # as a dict
        assert requests.moment(request, "as_of") == moment


class TestFaults:
    @pytest.mark.parametrize(
        ("message", "path", "said"),
        [
            ({"incorporation_date": {"year": 2023, "month": 2, "day": 29}}, "incorporation_date", "no day"),
            ({"incorporation_date": {"year": 2023}}, "incorporation_date", "a year, a month and a day"),
            ({"dissolution_date": {"year": 10000, "month": 1, "day": 1}}, "dissolution_date", "no day"),
            ({"status": 99}, "status", "99 is not a member"),
            ({"names": [{"value": "x", "kind": 99}]}, "names[0].kind", "not a member"),
            ({"contacts": [{"kind": 99}]}, "contacts[0].kind", "not a member"),
            ({"addresses": [{"kind": 99}]}, "addresses[0].kind", "not a member"),
            ({"identifiers": [{"verification": 99}]}, "identifiers[0].verification", "not a member"),
            (
                {"identifiers": [{"validity": {"start_date": {"year": 2023, "month": 13, "day": 1}}}]},
                "identifiers[0].validity.start_date",
                "no day",
            ),
        ],
    )
    def test_what_has_no_place_in_a_state_is_reported(self, message: dict[str, object], path: str, said: str) -> None:
        _, faults = read(a_message(**message))
        assert list(faults) == [f"company.{path}"]
        assert said in faults[f"company.{path}"]

    def test_an_attribute_without_a_value_is_reported(self) -> None:
        message = a_message()
        message.attributes.fields["a"].ClearField("kind")
        assert read(message)[1] == {"company.attributes.a": "has no value; write null"}

    def test_attributes_are_followed_no_deeper_than_they_may_go(self) -> None:
        message = a_message()
        value = message.attributes.fields["a"]
        for _ in range(60):
            value = value.list_value.values.add()
        value.number_value = 1
        checks = Checks()
        checked_state(checks, read_state(message, checks))
        assert "more than 8 levels deep" in checks.violations[0].description

    def test_a_moment_beyond_the_calendar_is_refused(self) -> None:
        request = company_service_pb2.GetCompanyRequest()
        request.as_of.seconds = 10**15
        with pytest.raises(InvalidArgumentError) as refused:
            requests.moment(request, "as_of")
        assert refused.value.violations[0].field == "as_of"

    def test_an_id_that_is_none_is_refused(self) -> None:
        with pytest.raises(InvalidArgumentError):
            requests.company_ids(["7"])


class TestEnums:
    @pytest.mark.parametrize(
        ("pairs", "wire"),
        [
            (STATUSES, company_pb2.CompanyStatus),
            (NAME_KINDS, company_pb2.NameKind),
            (ADDRESS_KINDS, company_pb2.AddressKind),
            (CONTACT_KINDS, company_pb2.ContactKind),
            (VERIFICATIONS, company_pb2.VerificationState),
        ],
    )
    def test_every_member_of_the_contract_has_its_pair(self, pairs: dict[int, str], wire: type) -> None:
        assert set(pairs) == set(wire.values())  # type: ignore[attr-defined] # the wrapper of an enum

    def test_revisions_have_no_unspecified_kind(self) -> None:
        assert set(REVISION_KINDS) == set(company_service_pb2.RevisionKind.values()) - {0}


class TestStates:
    @settings(deadline=None)
    @given(states())
    def test_what_is_stored_is_read_back(self, state: CompanyState) -> None:
        state = normal(state)
        assert decode_state(encode_state(state)) == state

    @settings(deadline=None)
    @given(states())
    def test_reading_back_gives_the_same_bytes(self, state: CompanyState) -> None:
        stored = encode_state(normal(state))
        assert encode_state(decode_state(stored)) == stored

    def test_what_is_not_said_is_not_stored(self) -> None:
        assert encode_state(CompanyState("Acme")) == b'{"legal_name":"Acme"}'


class TestFraming:
    def test_a_response_is_the_message_that_protobuf_reads(self) -> None:
        companies = [a_message(), a_message(legal_name="x" * 300)]
        raw = [company.SerializeToString() for company in companies]
        page = company_service_pb2.ListCompaniesResponse.FromString(responses.page(raw, "token"))
        assert (list(page.companies), page.next_page_token) == (companies, "token")
        one = company_service_pb2.GetCompanyResponse.FromString(responses.one(raw[1]))
        assert one.company == companies[1]
        found = company_service_pb2.BatchGetCompaniesResponse.FromString(responses.found(raw, ["a", "b"]))
        assert (list(found.companies), list(found.missing_ids)) == (companies, ["a", "b"])

    def test_search_results_carry_score_and_match(self) -> None:
        company = a_company()
        answer = responses.search_results([(document(company), 0.75, "Acme")], "")
        (result,) = company_service_pb2.SearchCompaniesResponse.FromString(answer).results
        assert (result.company.id, result.score, result.matched) == (str(company.id), 0.75, "Acme")

    def test_nothing_is_said_of_empty_values(self) -> None:
        assert framing.text(1, "") == b""
        assert framing.double(2, 0.0) == b""

    def test_an_updated_event_names_the_fields(self) -> None:
        company = a_company()
        happened = CompanyUpdated(
            subject_id=company.id,
            sequence=2,
            occurred_at=company.updated_at,
            document=document(company),
            changed_fields=("legal_name", "labels"),
        )
        event = company_events_pb2.CompanyUpdated.FromString(responses.updated_event(happened))
        assert (event.company.id, list(event.changed_fields.paths)) == (str(company.id), ["legal_name", "labels"])


class TestImportMessages:
    def test_a_row_with_an_impossible_time_is_a_fault_of_the_row(self) -> None:
        row = company_service_pb2.ImportRow(row=7, company=a_message())
        row.valid_from.seconds = 10**15
        batch = company_service_pb2.ImportCompaniesRequest(batch={"rows": [row]})  # type: ignore[arg-type] # as a dict
        (step,) = import_steps([batch])
        (read_row,) = step.rows
        assert [violation.field for violation in read_row.draft.checks.violations] == ["valid_from"]

    def test_a_response_has_every_rejection_and_describes_the_first_five_thousand(self) -> None:
        summary = ImportSummary(rows=6000)
        for position in range(6000):
            summary.reject(position, position, "INVALID_REQUEST", FieldViolation("company.legal_name", "x" * 400))
        answer = company_service_pb2.ImportCompaniesResponse.FromString(import_response(summary))
        assert answer.rejected_count == len(answer.rejections) == 6000
        assert {len(item.description) for item in answer.rejections[:5000]} == {250}
        assert {item.description for item in answer.rejections[5000:]} == {""}
