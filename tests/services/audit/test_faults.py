"""What somebody who has the database can do to a trail, and how the export shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function_backend.events.audit import AuditRecord, audit_record_table, genesis
from function_backend_client import Company, connect
from function_backend_client.audit_trail import AuditExport, Checkpoint, PublicKeys, Verification, verify_lines
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer, running_server

_SIGNED, _COUNT = 4, 8
_COLUMNS = [column.name for column in audit_record_table.columns]
_READ = ", ".join(f"{field.name}::text" if field.name == "details" else field.name for field in fields(AuditRecord))
_FIELDS = [field.name for field in fields(AuditRecord)]

each_place = st.integers(1, _COUNT)
seldom = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Scene:
    """A trail with a checkpoint that was kept elsewhere, and somebody who has the database."""

    def __init__(self, server: RunningServer) -> None:
        self.client = connect(server.target, api_key=make_tenant(server))
        self.database = psycopg.connect(server.database.superuser_url, autocommit=True)
        for number in range(_SIGNED):
            self.client.companies.create(Company(legal_name=f"Kept {number} GmbH"))
        self.kept = Checkpoint.read(json.loads(self.lines()[-1]))
        self.tenant = UUID(self.kept.tenant_id)
        for number in range(_COUNT - _SIGNED):
            self.client.companies.create(Company(legal_name=f"Later {number} GmbH"))
        self.keys = PublicKeys([key.public_key for key in self.client.audit.get_audit_public_keys().keys])
        assert self.verified(kept=True).is_whole
        self.run("drop table if exists saved_record, saved_head, saved_checkpoint")
        for name in ("record", "head", "checkpoint"):
            self.run(f"create table saved_{name} as select * from audit_{name} where tenant_id = '{self.tenant}'")

    def lines(self) -> list[str]:
        return [line.removesuffix("\n") for line in AuditExport(self.client.audit).lines()]

    def verified(self, *, kept: bool = False) -> Verification:
        return verify_lines(self.lines(), self.keys, kept=[self.kept] if kept else [])

    def problems(self, *, kept: bool = False) -> str:
        return "; ".join(map(str, self.verified(kept=kept).problems))

    def run(self, statement: str, *values: Any) -> None:  # noqa: ANN401
        self.database.execute(statement, values)

    def restore(self) -> None:
        """Undoes what was done, and what the exports have added since."""
        for name in ("record", "head", "checkpoint"):
            self.run(f"delete from audit_{name} where tenant_id = %s", self.tenant)
            self.run(f"insert into audit_{name} select * from saved_{name}")

    def records(self) -> list[AuditRecord]:
        rows = self.database.execute(
            f"select {_READ} from audit_record where tenant_id = %s order by seq", (self.tenant,)
        ).fetchall()
        return [AuditRecord(**dict(zip(_FIELDS, row, strict=True))) for row in rows]

    def rewrite(self, *, actor: str, place: int) -> None:
        """Alters a record, and mends every hash after it and the head, as somebody can who knows how they are made."""
        expected = genesis(self.tenant)
        for record in self.records():
            forged = replace(record, prev_hash=expected, actor=actor if record.seq == place else record.actor)
            expected = forged.digest()
            self.run(
                "update audit_record set actor = %s, prev_hash = %s, hash = %s where tenant_id = %s and seq = %s",
                *(forged.actor, forged.prev_hash, expected, self.tenant, forged.seq),
            )
        self.run("update audit_head set hash = %s where tenant_id = %s", expected, self.tenant)


@pytest.fixture(scope="module")
def untouched(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    # Nothing is to be written behind the back of whoever tampers.
    settings = {"audit.sensitive_reads": "false"}
    with running_server(database, tmp_path_factory.mktemp("server") / "log", settings=settings) as server:
        made = Scene(server)
        yield made
        made.client.close()
        made.database.close()


@pytest.fixture
def scene(untouched: Scene) -> Iterator[Scene]:
    yield untouched
    untouched.restore()


def _other(column: str, value: Any) -> Any:  # noqa: ANN401
    if column == "seq":
        return value + 1_000_000
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1, *value[1:]])
    if value is None:
        return b"\0"
    return f"{value}x"


@pytest.mark.parametrize("column", [name for name in _COLUMNS if name not in {"recorded_at", "details"}])
class TestEachColumn:
    @seldom
    @given(place=each_place)
    def test_an_altered_column_is_found_whichever_record_it_is_of(self, scene: Scene, column: str, place: int) -> None:
        try:
            (value,) = scene.database.execute(
                f"select {column} from audit_record where tenant_id = %s and seq = %s", (scene.tenant, place)
            ).fetchone() or (None,)
            scene.run(
                f"update audit_record set {column} = %s where tenant_id = %s and seq = %s",
                *(_other(column, value), scene.tenant, place),
            )
            found = scene.verified()
            assert not found.is_whole
            assert any(problem.seq in {place, place + 1} for problem in found.problems)
        finally:
            scene.restore()


class TestRecords:
    @seldom
    @given(place=each_place, span=st.sampled_from(["1 microsecond", "1 day", "-1 second"]))
    def test_a_time_that_was_moved_is_found(self, scene: Scene, place: int, span: str) -> None:
        try:
            scene.run(
                "update audit_record set recorded_at = recorded_at + %s::interval where tenant_id = %s and seq = %s",
                *(span, scene.tenant, place),
            )
            assert f"record {place} has been altered" in scene.problems()
        finally:
            scene.restore()

    @seldom
    @given(place=each_place, details=st.sampled_from(["null", "'{}'", '\'{"outcome": "denied"}\'', "'[1]'"]))
    def test_details_that_were_replaced_are_found(self, scene: Scene, place: int, details: str) -> None:
        try:
            before = scene.records()[place - 1].details
            scene.run(
                f"update audit_record set details = {details} where tenant_id = %s and seq = %s", scene.tenant, place
            )
            is_same = scene.records()[place - 1].details == before
            assert is_same or f"record {place} has been altered" in scene.problems()
        finally:
            scene.restore()

    @seldom
    @given(place=each_place)
    def test_a_deleted_record_is_missed(self, scene: Scene, place: int) -> None:
        try:
            scene.run("delete from audit_record where tenant_id = %s and seq = %s", scene.tenant, place)
            assert f"record {place} is missing" in scene.problems()
        finally:
            scene.restore()

    @seldom
    @given(places=st.tuples(each_place, each_place).filter(lambda pair: pair[0] != pair[1]))
    def test_records_that_changed_places_are_found(self, scene: Scene, places: tuple[int, int]) -> None:
        first, second = places
        move = "update audit_record set seq = %s where tenant_id = %s and seq = %s"
        try:
            for after, before in ((-1, first), (first, second), (second, -1)):
                scene.run(move, after, scene.tenant, before)
            assert not scene.verified().is_whole
        finally:
            scene.restore()

    @seldom
    @given(place=each_place)
    def test_an_inserted_record_is_found_though_those_after_it_were_moved(self, scene: Scene, place: int) -> None:
        columns = ", ".join(name for name in _COLUMNS if name != "seq")
        try:
            scene.run("update audit_record set seq = -seq where tenant_id = %s and seq >= %s", scene.tenant, place)
            scene.run("update audit_record set seq = 1 - seq where tenant_id = %s and seq < 0", scene.tenant)
            scene.run(
                f"insert into audit_record (seq, {columns}) select %s, {columns} from saved_record where seq = %s",
                *(place, place),
            )
            scene.run("update audit_head set seq = seq + 1 where tenant_id = %s", scene.tenant)
            assert not scene.verified().is_whole
        finally:
            scene.restore()


class TestEnds:
    def test_an_end_that_was_cut_off_is_found_by_the_next_checkpoint_or_by_the_head(self, scene: Scene) -> None:
        scene.run("delete from audit_record where tenant_id = %s and seq > %s", scene.tenant, _COUNT - 1)
        assert not scene.verified().is_whole

    def test_an_end_that_no_checkpoint_covered_is_missed_and_nothing_is_signed(self, scene: Scene) -> None:
        scene.client.companies.create(Company(legal_name="Last GmbH"))
        (last,) = [record.seq for record in scene.records()][-1:]
        scene.run("delete from audit_record where tenant_id = %s and seq = %s", scene.tenant, last)
        assert f"no signed checkpoint at the end, after record {last - 1}" in scene.problems()
        (problem,) = scene.client.audit.verify_audit_trail().problems
        assert problem.description == f"record {last} is missing at the end"

    def test_an_end_cut_off_together_with_head_and_checkpoints_is_found_by_the_kept_one(self, scene: Scene) -> None:
        place = _SIGNED - 1
        (head,) = [record for record in scene.records() if record.seq == place]
        scene.run("delete from audit_record where tenant_id = %s and seq > %s", scene.tenant, place)
        scene.run("delete from audit_checkpoint where tenant_id = %s", scene.tenant)
        scene.run("update audit_head set seq = %s, hash = %s where tenant_id = %s", place, head.digest(), scene.tenant)
        assert scene.problems() == ""
        # What was written since stands at the places of what was cut off.
        assert "it was rewritten" in scene.problems(kept=True) or "cut off" in scene.problems(kept=True)

    @seldom
    @given(place=st.integers(1, _SIGNED))
    def test_a_chain_that_was_rewritten_is_found_by_its_own_checkpoints(self, scene: Scene, place: int) -> None:
        try:
            scene.rewrite(actor="user:nobody", place=place)
            assert "is not the one that was signed" in scene.problems()
        finally:
            scene.restore()

    def test_a_chain_rewritten_together_with_its_checkpoints_is_found_by_the_kept_one(self, scene: Scene) -> None:
        scene.rewrite(actor="user:nobody", place=2)
        scene.run("delete from audit_checkpoint where tenant_id = %s", scene.tenant)
        # The service signs what it finds whole: that is why a checkpoint is kept elsewhere.
        assert scene.problems() == ""
        assert "it was rewritten" in scene.problems(kept=True)


class TestCheckpoints:
    @pytest.mark.parametrize("change", ["hash = sha256('x')", "signature = sha512('x')", "signed_at = now()"])
    def test_a_checkpoint_that_was_altered_is_refused(self, scene: Scene, change: str) -> None:
        scene.run(f"update audit_checkpoint set {change} where tenant_id = %s", scene.tenant)
        assert "signature" in scene.problems()

    def test_a_checkpoint_under_the_name_of_another_key_is_refused(self, scene: Scene) -> None:
        scene.run("update audit_checkpoint set key_id = 'ab' where tenant_id = %s", scene.tenant)
        assert "is signed by the key ab, which is not among those given" in scene.problems()

    def test_a_checkpoint_of_another_record_is_refused(self, scene: Scene) -> None:
        scene.run("update audit_checkpoint set seq = seq - 1 where tenant_id = %s", scene.tenant)
        assert "not that of its key" in scene.problems()
