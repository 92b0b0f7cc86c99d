from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from function_backend.events.audit import AuditRecord, BrokenChainError, audit_record_table, genesis, verify
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.auth import a_principal, calling
from tests.factories.events import ThingHappened, an_event
from tests.fixtures import postgres

_COLUMNS = [field.name for field in fields(AuditRecord)]
_CHAIN_SQL = text(
    f"select {', '.join(f'{name}::text' if name == 'details' else name for name in _COLUMNS)}, hash "
    "from audit_record order by seq"
)
_MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
Chain = list[tuple[AuditRecord, bytes]]

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
digests = st.none() | st.binary(max_size=40)
moments = st.integers(-(10**15), 10**15).map(lambda number: _MOMENT + timedelta(microseconds=number))
events = st.builds(
    ThingHappened,
    subject_id=st.uuids(),
    sequence=st.integers(1, (1 << 63) - 1),
    occurred_at=moments,
    before_digest=digests,
    after_digest=digests,
    payload=st.binary(max_size=100),
)


def _record(transactions: Transactions, principal: Principal, *happened: ThingHappened) -> None:
    with calling(principal), transactions() as work:
        work.record(*happened)


def _chain(transactions: Transactions, principal: Principal) -> Chain:
    with calling(principal), transactions.reading() as work:
        rows = work.connection.execute(_CHAIN_SQL).all()
    return [(AuditRecord(**dict(zip(_COLUMNS, row[:-1], strict=True))), row[-1]) for row in rows]


class TestChain:
    def test_it_begins_with_the_tenant_and_holds_every_event(self, transactions: Transactions) -> None:
        principal = a_principal()
        happened = [an_event(before=b"b", after=b"a"), an_event()]
        for event in happened:
            _record(transactions, principal, event)
        chain = _chain(transactions, principal)
        assert chain[0][0].prev_hash == genesis(principal.tenant_id)
        assert [record.seq for record, _ in chain] == [1, 2]
        assert [record.subject_id for record, _ in chain] == [event.subject_id for event in happened]
        first = chain[0][0]
        assert (first.actor, first.before_digest, first.after_digest) == (principal.actor, b"b", b"a")
        assert first.method == "/function.test.v1.TestService/Test"
        assert first.request_id.startswith("request-")
        assert (first.event_type, first.subject_type) == (ThingHappened.type, ThingHappened.subject_type)
        assert datetime.now(UTC) - first.recorded_at < timedelta(minutes=5)

    def test_tenants_have_chains_of_their_own(self, transactions: Transactions) -> None:
        principals = [a_principal() for _ in range(2)]
        for principal in principals:
            _record(transactions, principal, an_event())
        assert [record.seq for principal in principals for record, _ in _chain(transactions, principal)] == [1, 1]

    def test_a_transaction_that_is_rolled_back_leaves_no_gap(self, transactions: Transactions) -> None:
        principal = a_principal()
        _record(transactions, principal, an_event())
        with calling(principal), transactions() as work:
            work.record(an_event())
            work.discard()
        _record(transactions, principal, an_event())
        assert [record.seq for record, _ in _chain(transactions, principal)] == [1, 2]

    def test_writers_at_the_same_time_make_one_chain(self, transactions: Transactions) -> None:
        principal = a_principal()
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: _record(transactions, principal, an_event(), an_event()), range(30)))
        chain = _chain(transactions, principal)
        assert len(chain) == 60
        assert verify(principal.tenant_id, chain) == chain[-1][1]


class TestHash:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(batches=st.lists(st.lists(events, min_size=1, max_size=4), min_size=1, max_size=4), method=texts)
    def test_one_by_one_and_in_batches_the_database_computes_what_the_verifier_does(
        self, transactions: Transactions, batches: Sequence[Sequence[ThingHappened]], method: str
    ) -> None:
        principal = a_principal()
        for batch in batches:
            with calling(principal, method=method), transactions() as work:
                work.record(*batch)
        chain = _chain(transactions, principal)
        assert len(chain) == sum(map(len, batches))
        assert verify(principal.tenant_id, chain) == chain[-1][1]

    @given(names=st.tuples(texts, texts))
    def test_neighbouring_texts_cannot_be_shifted_into_each_other(self, names: tuple[str, str]) -> None:
        record = _some_record()
        shifted = replace(record, actor=names[0] + names[1], method="")
        apart = replace(record, actor=names[0], method=names[1])
        assert (shifted.digest() == apart.digest()) == (names[1] == "")

    def test_every_column_of_the_table_is_in_it(self) -> None:
        assert {*_COLUMNS, "hash"} == set(audit_record_table.columns.keys())
        record = _some_record()
        changed: dict[type, Any] = {
            bytes: b"other",
            UUID: uuid4(),
            int: 99,
            datetime: datetime(2026, 1, 1, tzinfo=UTC),
            str: "other",
            type(None): None,
        }
        for name in _COLUMNS:
            value = changed[type(getattr(record, name))]
            assert replace(record, **{name: value}).digest() != record.digest(), name

    def test_null_is_not_the_empty_value(self) -> None:
        record = replace(_some_record(), before_digest=b"", details="")
        assert replace(record, before_digest=None).digest() != record.digest()
        assert replace(record, details=None).digest() != record.digest()


class TestVerification:
    @pytest.fixture
    def chain(self, transactions: Transactions) -> Chain:
        principal = a_principal()
        _record(transactions, principal, *(an_event() for _ in range(5)))
        return _chain(transactions, principal)

    def test_a_changed_record_is_found(self, chain: Chain) -> None:
        record, digest = chain[2]
        chain[2] = (replace(record, actor="somebody else"), digest)
        with pytest.raises(BrokenChainError, match="record 3 has been altered"):
            verify(record.tenant_id, chain)

    def test_a_changed_record_with_a_new_hash_is_found_at_the_next(self, chain: Chain) -> None:
        record = replace(chain[2][0], actor="somebody else")
        chain[2] = (record, record.digest())
        with pytest.raises(BrokenChainError, match="record 4 does not follow"):
            verify(record.tenant_id, chain)

    @pytest.mark.parametrize("number", [0, 2])
    def test_a_missing_record_is_found(self, chain: Chain, number: int) -> None:
        tenant_id = chain[0][0].tenant_id
        del chain[number]
        with pytest.raises(BrokenChainError, match=f"record {number + 1} is missing"):
            verify(tenant_id, chain)

    def test_the_chain_of_another_tenant_is_found(self, chain: Chain) -> None:
        with pytest.raises(BrokenChainError):
            verify(uuid4(), chain)


class TestRights:
    @pytest.mark.parametrize(
        "statement",
        [
            "update audit_record set actor = 'x'",
            "delete from audit_record",
            "truncate audit_record",
            "insert into audit_record (tenant_id, seq) values (current_setting('app.tenant_id')::uuid, 1)",
            "update audit_head set seq = 0",
            "delete from audit_head",
            "select * from audit_head",
            "update event set payload = ''",
            "delete from event",
        ],
    )
    def test_the_service_cannot_rewrite_history(self, transactions: Transactions, statement: str) -> None:
        with calling(), pytest.raises(Exception, match="permission denied"), transactions() as work:
            work.record(an_event())
            work.connection.execute(text(statement))

    def test_not_even_the_owner_of_the_tables_sees_a_tenant_without_naming_it(
        self, database: postgres.Database
    ) -> None:
        with psycopg.connect(database.owner_url) as connection, pytest.raises(psycopg.Error, match=r"app\.tenant_id"):
            connection.execute("select * from audit_record")


def _some_record() -> AuditRecord:
    return AuditRecord(
        prev_hash=b"previous",
        tenant_id=uuid4(),
        seq=7,
        recorded_at=datetime(2026, 11, 1, tzinfo=UTC),
        actor="actor",
        method="method",
        request_id="request",
        event_id=uuid4(),
        event_type="type",
        subject_type="subject",
        subject_id=uuid4(),
        before_digest=b"before",
        after_digest=b"after",
        details="{}",
    )
