"""What is done for the trail without a call: signing, dropping old records, wrapping keys, recording calls."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.errors import UnavailableError
from function_backend.kernel.identity import Principal
from function_backend.kernel.observed_calls import Observation, ObservedCall
from function_backend.persistence.unit_of_work import Transactions
from function_backend.resources import Resources
from function_backend.services.audit.adapters.call_recording import BackgroundRecording, CallWriter
from function_backend.services.audit.adapters.keeping import AuditKeeping
from function_backend.services.audit.adapters.signer import AuditSigner
from function_backend.services.audit.convert.events import EVENT_PAYLOADS
from function_backend.services.audit.domain.checkpoint import Checkpoint
from function_backend.services.audit.repository.key import KeyRepository, WrappedAuditKeys
from function_backend.services.audit.service.exporting import ExportBatch, Exporting
from function_backend.services.audit.service.keys import AuditKeys
from function_backend.services.audit.service.reading import Reading
from function_backend.services.audit.service.retention import Retaining
from function_backend.services.audit.service.signing import Signing
from function_backend.vault.master_keys import MasterKeys
from tests.factories.auth import a_principal, calling
from tests.factories.events import an_event
from tests.factories.keys import master_key
from tests.fixtures import postgres
from tests.fixtures.clock import SetClock

_DAY = timedelta(days=1)
_KEPT = timedelta(days=90)


@dataclass
class Keeper:
    """The use cases, and a tenant with a trail."""

    resources: Resources
    clock: SetClock
    keys: AuditKeys
    signing: Signing
    retaining: Retaining
    principal: Principal

    @property
    def transactions(self) -> Transactions:
        return self.resources.transactions

    def happen(self, count: int = 1) -> None:
        with calling(self.principal), self.transactions() as work:
            work.record(*[an_event() for _ in range(count)])

    def export(self, after_seq: int = 0) -> list[ExportBatch]:
        exporting = Exporting(
            transactions=self.transactions, page_tokens=self.resources.page_tokens, signing=self.signing
        )
        with calling(self.principal) as call:
            return list(exporting.export(after_seq=after_seq, batch_size=100, resume_token="", call=call))

    def checkpoints(self) -> list[Checkpoint]:
        return [checkpoint for batch in self.export() for checkpoint in batch.checkpoints]

    def first_seq(self) -> int:
        with calling(self.principal):
            return self.retaining.get().first_seq

    def problems(self) -> list[str]:
        reading = Reading(transactions=self.transactions, page_tokens=self.resources.page_tokens, keys=self.keys)
        with calling(self.principal):
            return [problem.description for problem in reading.verify(0, at_most=0).problems]


@pytest.fixture
def keeper(resources: Resources, recorder: EventRecorder, set_clock: SetClock) -> Keeper:
    recorder.learn(EVENT_PAYLOADS)
    signer = AuditSigner(resources.master_keys)
    keys = AuditKeys(transactions=resources.transactions, clock=set_clock, signer=signer)
    return Keeper(
        resources=resources,
        clock=set_clock,
        keys=keys,
        signing=Signing(transactions=resources.transactions, clock=set_clock, keys=keys, signer=signer),
        retaining=Retaining(
            transactions=resources.transactions, clock=set_clock, kept_for=timedelta(), shortest=30 * _DAY
        ),
        principal=a_principal(),
    )


def _kept_for(keeper: Keeper, span: timedelta | None) -> None:
    with calling(keeper.principal):
        keeper.retaining.set(span)


class TestSigning:
    def test_a_chain_that_has_grown_is_signed_once_and_then_rests(self, keeper: Keeper) -> None:
        keeper.happen(3)
        keeper.signing.sign_all_due()
        before = _seqs(keeper)
        # What a checkpoint leaves behind itself is no reason for another one.
        keeper.signing.sign_all_due()
        assert _seqs(keeper) == before
        assert 3 in before
        keeper.happen()
        keeper.signing.sign_all_due()
        assert len(_seqs(keeper)) == len(before) + 1

    def test_several_that_sign_at_once_make_one_checkpoint(self, keeper: Keeper) -> None:
        keeper.happen(3)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: keeper.signing.sign_all_due(), range(4)))
        assert len(_seqs(keeper)) == 1
        assert keeper.problems() == []

    def test_a_chain_that_is_not_whole_keeps_no_other_from_being_signed(
        self, keeper: Keeper, database: postgres.Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        keeper.happen(3)
        broken = keeper.principal
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute(
                "update audit_record set actor = 'x' where tenant_id = %s and seq = 2", (broken.tenant_id,)
            )
        keeper.principal = a_principal()
        keeper.happen()
        with caplog.at_level(logging.ERROR):
            keeper.signing.sign_all_due()
        assert "record 2 has been altered" in caplog.text
        assert _seqs(keeper) == [1]
        keeper.principal = broken
        assert _seqs(keeper) == []

    def test_without_its_master_key_nothing_is_signed_and_nothing_breaks(
        self, keeper: Keeper, caplog: pytest.LogCaptureFixture
    ) -> None:
        keeper.happen()
        keeper.signing.sign_all_due()
        keeper.happen()
        before = _seqs(keeper)
        signer = AuditSigner(MasterKeys.parse([master_key("another")]))
        signing = Signing(transactions=keeper.transactions, clock=keeper.clock, keys=keeper.keys, signer=signer)
        signing.sign_all_due()
        assert "was not signed" in caplog.text
        assert _seqs(keeper) == before


class TestRetention:
    def test_nothing_is_dropped_while_nobody_says_so(self, keeper: Keeper) -> None:
        keeper.happen(3)
        keeper.signing.sign_all_due()
        keeper.clock.advance(1000 * _DAY)
        keeper.retaining.drop_all_due()
        assert keeper.first_seq() == 1

    def test_what_is_old_goes_up_to_a_checkpoint_and_the_rest_is_still_proved(
        self, keeper: Keeper, database: postgres.Database
    ) -> None:
        _kept_for(keeper, _KEPT)
        keeper.happen(4)
        keeper.signing.sign_all_due()
        keeper.clock.advance(_KEPT - _DAY)
        keeper.happen(2)
        keeper.signing.sign_all_due()
        keeper.retaining.drop_all_due()
        assert keeper.first_seq() == 1
        keeper.clock.advance(2 * _DAY)
        keeper.retaining.drop_all_due()
        assert keeper.first_seq() == 6
        assert _stored(database, keeper.principal.tenant_id)[0] == 6
        assert keeper.problems() == []
        batch = keeper.export()[0]
        assert (batch.bounds.first_seq, batch.checkpoints[0].seq, batch.records[0].record.seq) == (6, 5, 6)
        dropped = [each for each in batch.records if each.record.event_type.endswith("AuditRecordsDropped")]
        assert [each.record.details for each in dropped] == ['{"last_seq": "5", "first_seq": "1"}']
        # It is over: the next time there is nothing to do.
        count = len(_stored(database, keeper.principal.tenant_id))
        keeper.retaining.drop_all_due()
        assert len(_stored(database, keeper.principal.tenant_id)) == count

    def test_what_was_dropped_is_not_seen_even_before_it_is_deleted(
        self, keeper: Keeper, database: postgres.Database
    ) -> None:
        _kept_for(keeper, _KEPT)
        keeper.happen(4)
        keeper.signing.sign_all_due()
        keeper.clock.advance(_KEPT + _DAY)
        tenant_id = keeper.principal.tenant_id
        with calling(keeper.principal), keeper.transactions() as work:
            work.connection.exec_driver_sql("select drop_audit_records(5, 2)")
        assert _stored(database, tenant_id)[0] == 3
        assert keeper.export()[0].records[0].record.seq == 6
        assert keeper.problems() == []
        # Whoever comes next goes on with what was left.
        keeper.retaining.drop_all_due()
        assert _stored(database, tenant_id)[0] == 6

    def test_nobody_drops_records_without_a_checkpoint_or_all_of_them(self, keeper: Keeper) -> None:
        keeper.happen(4)
        with calling(keeper.principal):
            for place in (2, 4):
                with pytest.raises(Exception, match=r"checkpoint"), keeper.transactions() as work:
                    work.connection.exec_driver_sql(f"select drop_audit_records({place}, 10)")

    def test_a_checkpoint_before_the_beginning_that_was_altered_is_found(
        self, keeper: Keeper, database: postgres.Database
    ) -> None:
        _kept_for(keeper, _KEPT)
        keeper.happen(4)
        keeper.signing.sign_all_due()
        keeper.clock.advance(_KEPT + _DAY)
        keeper.retaining.drop_all_due()
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute(
                "update audit_checkpoint set hash = sha256('x') where tenant_id = %s", (keeper.principal.tenant_id,)
            )
        assert any("is not signed by a known key" in problem for problem in keeper.problems())


class TestKeys:
    def test_they_are_wrapped_anew_with_the_others_and_sign_on(self, keeper: Keeper) -> None:
        keeper.happen()
        first = keeper.checkpoints()[-1]
        both = MasterKeys.parse([master_key("k2"), master_key("k1")])
        wrapped_keys = keeper.resources.wrapped_keys
        wrapped_keys.learn((WrappedAuditKeys(),))
        with calling(keeper.principal), keeper.transactions() as work:
            assert wrapped_keys.count_to_rewrap(work, "k2") >= 1
            assert wrapped_keys.rewrap(work, both, limit=500) >= 1
            found = KeyRepository(work).signing()
            assert found is not None
            assert found[1].master_key_id == "k2"
        keeper.signing = Signing(
            transactions=keeper.transactions,
            clock=keeper.clock,
            keys=keeper.keys,
            signer=AuditSigner(MasterKeys.parse([master_key("k2")])),
        )
        keeper.happen()
        assert keeper.checkpoints()[-1].key_id == first.key_id
        assert keeper.problems() == []
        # The other tests know the first one alone.
        back = MasterKeys.parse([master_key("k1"), master_key("k2")])
        with calling(keeper.principal), keeper.transactions() as work:
            wrapped_keys.rewrap(work, back, limit=500)

    def test_two_that_need_the_first_key_at_once_get_the_same(self, keeper: Keeper) -> None:
        def key_id(_: int) -> str:
            with calling(keeper.principal):
                return keeper.keys.all()[0].id

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(key_id, range(4)))) == 1


class TestRecording:
    def test_a_full_queue_is_counted_and_logged_and_holds_nobody_up(
        self, keeper: Keeper, caplog: pytest.LogCaptureFixture
    ) -> None:
        going_on, writer = threading.Event(), _Stuck(keeper)
        recording = BackgroundRecording(writer, frozenset(Observation), longest_queue=2)
        writer.going_on = going_on
        for number in range(6):
            recording.observe(replace(_call(keeper), method=f"/m/{number}"))
        assert recording.lost >= 2
        going_on.set()
        assert recording.flush(20)
        recording.close()
        assert "were not recorded since the start" in caplog.text

    def test_what_waits_is_written_once_the_database_is_back(self, keeper: Keeper) -> None:
        writer = _Away(keeper, times=2)
        recording = BackgroundRecording(writer, frozenset(Observation), longest_queue=10)
        recording.observe(_call(keeper))
        assert recording.flush(20)
        recording.close()
        assert writer.left == 0
        records = [each.record for batch in keeper.export() for each in batch.records]
        assert [record.event_type for record in records] == ["function.audit.v1.CallDenied"]
        assert keeper.problems() == []

    def test_what_waits_when_the_worker_ends_is_written(self, keeper: Keeper) -> None:
        recording = BackgroundRecording(_writer(keeper), frozenset(Observation), longest_queue=10)
        recording.observe(_call(keeper))
        recording.close()
        assert keeper.export()[0].records[0].record.actor == keeper.principal.actor


class TestKeeping:
    def test_a_task_that_fails_is_logged_and_comes_again(self, caplog: pytest.LogCaptureFixture) -> None:
        ran, runs = threading.Event(), []

        def fail() -> None:
            runs.append(1)
            if len(runs) == 3:
                ran.set()
            raise UnavailableError("away") if len(runs) == 1 else RuntimeError("broken")

        keeping = AuditKeeping((fail,), every=timedelta(milliseconds=5))
        keeping.start()
        assert ran.wait(20)
        keeping.close()
        assert "was not seen to: away" in caplog.text
        assert "seeing to the audit trail failed" in caplog.text


class _Stuck(CallWriter):
    """Writes when it is told to."""

    going_on: threading.Event

    def __init__(self, keeper: Keeper) -> None:
        super().__init__(keeper.transactions, keeper.clock, publishes=False)

    def write(self, tenant_id: UUID, calls: object) -> None:
        del tenant_id, calls
        self.going_on.wait(20)


class _Away(CallWriter):
    """Finds the database away a few times."""

    def __init__(self, keeper: Keeper, *, times: int) -> None:
        super().__init__(keeper.transactions, keeper.clock, publishes=False)
        self.left = times

    def write(self, tenant_id: UUID, calls: object) -> None:
        if self.left:
            self.left -= 1
            raise UnavailableError("the database is away")
        super().write(tenant_id, calls)  # type: ignore[arg-type]


def _writer(keeper: Keeper) -> CallWriter:
    return CallWriter(keeper.transactions, keeper.clock, publishes=False)


def _call(keeper: Keeper) -> ObservedCall:
    return ObservedCall(
        observation=Observation.DENIED,
        method="/function.company.v1.CompanyService/CreateCompany",
        request_id="request",
        caller=keeper.principal,
        at=keeper.clock.now(),
        status="PERMISSION_DENIED",
        reason="PERMISSION_MISSING",
    )


def _seqs(keeper: Keeper) -> list[int]:
    reading = Reading(transactions=keeper.transactions, page_tokens=keeper.resources.page_tokens, keys=keeper.keys)
    with calling(keeper.principal):
        return [checkpoint.seq for checkpoint in reading.checkpoints(0, page_size=100, page_token="")[0]]


def _stored(database: postgres.Database, tenant_id: UUID) -> list[int]:
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute(
            "select seq from audit_record where tenant_id = %s order by seq", (tenant_id,)
        ).fetchall()
    return [row[0] for row in rows]
