"""The audit trail as callers see it."""

from __future__ import annotations

import json
import time
from typing import Any

import grpc
import psycopg
import pytest

from function.audit.v1 import audit_pb2, audit_service_pb2, audit_service_pb2_grpc
from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    user_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from tests.fixtures.server import RunningServer, StartServer

_TIMEOUT = 20


class Trail:
    """A caller of the audit trail."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.audit = audit_service_pb2_grpc.AuditServiceStub(server.channel)
        self.metadata = server.metadata()

    def records(self, filter: str = "", **fields: Any) -> list[audit_pb2.AuditRecord]:  # noqa: ANN401
        request = audit_service_pb2.ListAuditRecordsRequest(filter=filter, page_size=1000, **fields)
        return list(self.audit.ListAuditRecords(request, metadata=self.metadata, timeout=_TIMEOUT).records)

    def export(self, **fields: Any) -> list[audit_service_pb2.ExportAuditRecordsResponse]:  # noqa: ANN401
        request = audit_service_pb2.ExportAuditRecordsRequest(**fields)
        return list(self.audit.ExportAuditRecords(request, metadata=self.metadata, timeout=_TIMEOUT))

    def verify(self, **fields: Any) -> audit_service_pb2.VerifyAuditTrailResponse:  # noqa: ANN401
        request = audit_service_pb2.VerifyAuditTrailRequest(**fields)
        response: audit_service_pb2.VerifyAuditTrailResponse = self.audit.VerifyAuditTrail(
            request, metadata=self.metadata, timeout=_TIMEOUT
        )
        return response

    def create(self, name: str) -> str:
        stub = company_service_pb2_grpc.CompanyServiceStub(self.server.channel)
        request = company_service_pb2.CreateCompanyRequest(company=company_pb2.Company(legal_name=name))
        return str(stub.CreateCompany(request, metadata=self.metadata, timeout=_TIMEOUT).company.id)

    def key_with(self, *permissions: str) -> str:
        stub = api_key_service_pb2_grpc.ApiKeyServiceStub(self.server.channel)
        request = api_key_service_pb2.CreateApiKeyRequest(display_name="weak", permissions=permissions)
        return str(stub.CreateApiKey(request, metadata=self.metadata, timeout=_TIMEOUT).secret)

    def until(self, filter: str, count: int = 1) -> list[audit_pb2.AuditRecord]:
        """The records, once there are so many: what is recorded behind the calls takes a moment."""
        deadline = time.monotonic() + _TIMEOUT
        while len(found := self.records(filter)) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(found) >= count
        return found

    def run(self, statement: str) -> None:
        """Changes the database as somebody could who has it."""
        with psycopg.connect(self.server.database.superuser_url, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def trail(server: RunningServer) -> Trail:
    return Trail(server)


@pytest.fixture
def fresh(fresh_server: RunningServer) -> Trail:
    return Trail(fresh_server)


class TestListing:
    def test_a_change_is_found_by_resource_and_by_method(self, trail: Trail) -> None:
        company_id = trail.create("Listed GmbH")
        (record,) = trail.records(f'resource_id = "{company_id}"')
        assert record.event_type == "function.company.v1.CompanyCreated"
        assert record.resource_type == "company"
        assert record.outcome == audit_pb2.AUDIT_OUTCOME_SUCCEEDED
        assert trail.records(f'resource_id = "{company_id}" AND method:CreateCompany') == [record]
        assert trail.records(f'resource_id = "{company_id}" AND method = "*/DeleteCompany"') == []

    def test_the_newest_comes_first_unless_the_order_says_otherwise(self, trail: Trail) -> None:
        trail.create("First GmbH")
        newest = [record.seq for record in trail.records()]
        oldest = [record.seq for record in trail.records(order_by="seq")]
        assert newest == sorted(newest, reverse=True)
        assert oldest == sorted(oldest)
        assert oldest[0] == 1

    def test_pages_follow_each_other_without_a_gap(self, trail: Trail) -> None:
        for number in range(5):
            trail.create(f"Page {number} GmbH")
        request = audit_service_pb2.ListAuditRecordsRequest(page_size=2, filter="event_type:CompanyCreated")
        seen: list[int] = []
        while True:
            page = trail.audit.ListAuditRecords(request, metadata=trail.metadata, timeout=_TIMEOUT)
            seen += [record.seq for record in page.records]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert seen == [record.seq for record in trail.records("event_type:CompanyCreated")]

    @pytest.mark.parametrize(
        ("filter", "text"),
        [
            ("actr = x", "did you mean 'actor'"),
            ("outcome = maybe", "is not an outcome"),
            ("time > yesterday", "is not a time"),
            ("seq > x", "is not the number of a record"),
            ("resource_id = x", "is not an id"),
        ],
    )
    def test_a_filter_that_cannot_be_used_says_why(self, trail: Trail, filter: str, text: str) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            trail.records(filter)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert text in str(refused.value.details())

    def test_details_are_searched_as_text_and_by_name(self, trail: Trail) -> None:
        trail.audit.RotateAuditKey(audit_service_pb2.RotateAuditKeyRequest(), metadata=trail.metadata, timeout=_TIMEOUT)
        (made,) = trail.records("event_type:AuditKeyCreated")
        key_id = json.loads(made.details)["key_id"]
        assert made in trail.records(f"details:{key_id}")
        assert trail.records(f"details.key_id = {key_id} AND event_type:AuditKeyCreated") == [made]
        assert trail.records("details.key_id = nobody") == []
        assert made not in trail.records("NOT details:*")

    def test_numbers_and_times_are_compared(self, trail: Trail) -> None:
        trail.create("Compared GmbH")
        assert [record.seq for record in trail.records("seq <= 2", order_by="seq")] == [1, 2]
        assert trail.records('time < "2020-01-01T00:00:00Z"') == []
        assert trail.records('time > "2020-01-01T00:00:00Z" AND seq = 1')[0].seq == 1


class TestGetting:
    def test_a_record_is_got_by_its_place(self, trail: Trail) -> None:
        trail.create("Got GmbH")
        request = audit_service_pb2.GetAuditRecordRequest(seq=1)
        record = trail.audit.GetAuditRecord(request, metadata=trail.metadata, timeout=_TIMEOUT).record
        assert record == trail.records("seq = 1")[0]

    def test_a_place_beyond_the_end_is_not_found(self, trail: Trail) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            trail.audit.GetAuditRecord(
                audit_service_pb2.GetAuditRecordRequest(seq=1_000_000), metadata=trail.metadata, timeout=_TIMEOUT
            )
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


class TestExport:
    def test_an_export_ends_with_a_checkpoint_at_its_last_record(self, trail: Trail) -> None:
        trail.create("Exported GmbH")
        batches = trail.export(batch_size=100)
        records = [record for batch in batches for record in batch.records]
        assert [record.seq for record in records] == list(range(1, len(records) + 1))
        last = [checkpoint for batch in batches for checkpoint in batch.checkpoints][-1]
        assert (last.seq, last.hash) == (records[-1].seq, records[-1].hash)
        assert batches[0].bounds.last_seq == last.seq

    def test_an_export_goes_on_where_it_was_broken_off(self, trail: Trail) -> None:
        for number in range(210):
            trail.create(f"Resumed {number} GmbH")
        request = audit_service_pb2.ExportAuditRecordsRequest(batch_size=100)
        stream = trail.audit.ExportAuditRecords(request, metadata=trail.metadata, timeout=_TIMEOUT)
        first = next(stream)
        stream.cancel()
        trail.create("Later GmbH")
        rest = trail.export(batch_size=100, resume_token=first.resume_token)
        seqs = [record.seq for batch in (first, *rest) for record in batch.records]
        assert seqs == list(range(1, first.bounds.last_seq + 1))

    def test_an_export_after_a_record_begins_with_a_checkpoint(self, trail: Trail) -> None:
        last = trail.export()[-1].bounds.last_seq
        trail.create("After GmbH")
        batch = trail.export(after_seq=last)[0]
        assert batch.checkpoints[0].seq == last
        assert batch.records[0].seq == last + 1
        assert batch.bounds.first_seq == last + 1

    def test_an_export_is_recorded_as_a_sensitive_read(self, trail: Trail) -> None:
        trail.export()
        found = trail.until("event_type:SensitiveRead AND method:ExportAuditRecords")
        assert found[0].actor.startswith("api_key:")


class TestVerifying:
    def test_a_whole_trail_has_no_problem(self, fresh: Trail) -> None:
        for number in range(5):
            fresh.create(f"Whole {number} GmbH")
        fresh.export()
        whole = fresh.verify()
        assert (list(whole.problems), whole.next_after_seq) == ([], 0)
        assert whole.record_count >= 5
        assert whole.checkpoint_count == 1
        part = fresh.verify(max_records=3)
        assert (part.record_count, part.next_after_seq) == (3, 3)
        assert fresh.verify(after_seq=3).record_count == whole.record_count - 3

    def test_an_altered_record_is_named_and_is_not_signed_over(
        self, fresh: Trail, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(3):
            fresh.create(f"Altered {number} GmbH")
        fresh.run("update audit_record set actor = 'x' where seq = 2")
        tampered = fresh.verify()
        assert [(problem.seq, problem.description) for problem in tampered.problems] == [
            (2, "record 2 has been altered")
        ]
        assert [checkpoint for batch in fresh.export() for checkpoint in batch.checkpoints] == []
        assert "record 2 has been altered" in caplog.text


class TestKeys:
    def test_a_rotated_key_signs_and_the_old_one_stays_published(self, fresh: Trail) -> None:
        fresh.create("Signed GmbH")
        first = fresh.export()[-1].checkpoints[-1]
        rotated = fresh.audit.RotateAuditKey(
            audit_service_pb2.RotateAuditKeyRequest(), metadata=fresh.metadata, timeout=_TIMEOUT
        ).key
        second = fresh.export()[-1].checkpoints[-1]
        keys = fresh.audit.GetAuditPublicKeys(
            audit_service_pb2.GetAuditPublicKeysRequest(), metadata=fresh.metadata, timeout=_TIMEOUT
        ).keys
        assert [key.id for key in keys] == [second.key_id, first.key_id]
        assert rotated.id == second.key_id
        assert keys[1].HasField("retire_time")
        assert list(fresh.verify().problems) == []


class TestObservedCalls:
    def test_a_denied_call_is_recorded_with_its_reason(self, trail: Trail) -> None:
        weak = trail.key_with("company.read")
        with pytest.raises(grpc.RpcError):
            trail.audit.ListAuditRecords(
                audit_service_pb2.ListAuditRecordsRequest(), metadata=trail.server.metadata(weak), timeout=_TIMEOUT
            )
        (record,) = trail.until("outcome = denied AND method:ListAuditRecords")
        details = json.loads(record.details)
        assert record.event_type == "function.audit.v1.CallDenied"
        assert record.outcome == audit_pb2.AUDIT_OUTCOME_DENIED
        assert (details["reason"], details["permission"]) == ("PERMISSION_MISSING", "audit.read")
        assert details["address"] == "127.0.0.1"

    def test_denied_calls_that_are_the_same_become_one_record(self, trail: Trail) -> None:
        weak = trail.server.metadata(trail.key_with("company.read"))
        for _ in range(20):
            with pytest.raises(grpc.RpcError):
                trail.audit.GetAuditRecord(
                    audit_service_pb2.GetAuditRecordRequest(seq=1), metadata=weak, timeout=_TIMEOUT
                )
        counted, found = 0, list[audit_pb2.AuditRecord]()
        deadline = time.monotonic() + _TIMEOUT
        while counted < 20 and time.monotonic() < deadline:
            found = trail.records("outcome = denied AND method:GetAuditRecord")
            counted = sum(int(json.loads(record.details).get("count", "1")) for record in found)
        assert counted == 20
        assert len(found) < 20

    def test_a_revoked_key_that_calls_is_recorded_as_its_own(self, fresh: Trail) -> None:
        keys = api_key_service_pb2_grpc.ApiKeyServiceStub(fresh.server.channel)
        made = keys.CreateApiKey(
            api_key_service_pb2.CreateApiKeyRequest(display_name="gone", permissions=["company.read"]),
            metadata=fresh.metadata,
            timeout=_TIMEOUT,
        )
        keys.RevokeApiKey(
            api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id), metadata=fresh.metadata, timeout=_TIMEOUT
        )
        with pytest.raises(grpc.RpcError) as refused:
            fresh.audit.ListAuditRecords(
                audit_service_pb2.ListAuditRecordsRequest(),
                metadata=fresh.server.metadata(made.secret),
                timeout=_TIMEOUT,
            )
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        (record,) = fresh.until("outcome = denied")
        assert record.actor == f"api_key:{made.api_key.id}"
        assert json.loads(record.details)["status"] == "UNAUTHENTICATED"

    def test_reading_a_user_is_recorded_with_the_user(self, trail: Trail) -> None:
        users = user_service_pb2_grpc.UserServiceStub(trail.server.channel)
        made = users.CreateUser(
            user_service_pb2.CreateUserRequest(user=user_pb2.User(user_name="read.me")),
            metadata=trail.metadata,
            timeout=_TIMEOUT,
        ).user
        users.GetUser(user_service_pb2.GetUserRequest(id=made.id), metadata=trail.metadata, timeout=_TIMEOUT)
        (record,) = trail.until(f'event_type:SensitiveRead AND resource_id = "{made.id}"')
        assert (record.resource_type, record.outcome) == ("user", audit_pb2.AUDIT_OUTCOME_SUCCEEDED)

    def test_what_the_settings_leave_out_is_not_recorded(self, start_server: StartServer) -> None:
        trail = Trail(
            start_server(
                settings={
                    "audit.denied_calls": "false",
                    "audit.sensitive_reads": "false",
                    "audit.recording": "synchronous",
                }
            )
        )
        weak = trail.key_with("company.read")
        with pytest.raises(grpc.RpcError):
            trail.audit.ListAuditRecords(
                audit_service_pb2.ListAuditRecordsRequest(), metadata=trail.server.metadata(weak), timeout=_TIMEOUT
            )
        trail.export()
        assert trail.records("event_type:CallDenied OR event_type:SensitiveRead") == []

    def test_written_at_once_each_denied_call_is_there_when_it_is_answered(self, start_server: StartServer) -> None:
        trail = Trail(start_server(settings={"audit.recording": "synchronous"}))
        weak = trail.server.metadata(trail.key_with("company.read"))
        for number in range(3):
            with pytest.raises(grpc.RpcError):
                trail.audit.ListAuditRecords(
                    audit_service_pb2.ListAuditRecordsRequest(), metadata=weak, timeout=_TIMEOUT
                )
            assert len(trail.records("outcome = denied")) == number + 1

    def test_published_calls_are_events_as_well(self, start_server: StartServer) -> None:
        trail = Trail(start_server(settings={"audit.recording": "synchronous", "audit.publish_observed_calls": "true"}))
        weak = trail.server.metadata(trail.key_with("company.read"))
        with pytest.raises(grpc.RpcError):
            trail.audit.ListAuditRecords(audit_service_pb2.ListAuditRecordsRequest(), metadata=weak, timeout=_TIMEOUT)
        (record,) = trail.records("outcome = denied")
        assert record.method.endswith("/ListAuditRecords")
        assert list(trail.verify().problems) == []

    def test_a_sensitive_read_that_cannot_be_recorded_is_refused(self, start_server: StartServer) -> None:
        trail = Trail(start_server(settings={"audit.recording": "synchronous"}))
        users = user_service_pb2_grpc.UserServiceStub(trail.server.channel)
        request = user_service_pb2.ListUsersRequest()
        users.ListUsers(request, metadata=trail.metadata, timeout=_TIMEOUT)
        trail.run("revoke execute on all functions in schema public from function_backend_app")
        with pytest.raises(grpc.RpcError) as refused:
            users.ListUsers(request, metadata=trail.metadata, timeout=_TIMEOUT)
        assert refused.value.code() is not grpc.StatusCode.OK


class TestRetention:
    def test_a_tenant_may_not_keep_its_records_too_shortly(self, fresh: Trail) -> None:
        request = audit_service_pb2.SetAuditRetentionRequest()
        request.keep_for.FromSeconds(86_400)
        with pytest.raises(grpc.RpcError) as refused:
            fresh.audit.SetAuditRetention(request, metadata=fresh.metadata, timeout=_TIMEOUT)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        request.keep_for.FromSeconds(90 * 86_400)
        kept = fresh.audit.SetAuditRetention(request, metadata=fresh.metadata, timeout=_TIMEOUT).retention
        assert kept.effective_keep_for.seconds == kept.keep_for.seconds == 90 * 86_400
        found = fresh.audit.GetAuditRetention(
            audit_service_pb2.GetAuditRetentionRequest(), metadata=fresh.metadata, timeout=_TIMEOUT
        )
        assert found.retention == kept
        back = fresh.audit.SetAuditRetention(
            audit_service_pb2.SetAuditRetentionRequest(), metadata=fresh.metadata, timeout=_TIMEOUT
        ).retention
        assert not back.HasField("keep_for")
        assert not back.HasField("effective_keep_for")
