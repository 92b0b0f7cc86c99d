"""Jobs that the service asks for by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from function_backend.jobs.for_each_tenant import ForEachTenant
from function_backend.jobs.schedules import Schedules
from function_backend.kernel.jobs import JobKind, Schedule
from tests.fixtures import postgres
from tests.fixtures.clock import SetClock
from tests.fixtures.job_runners import JobScene, eventually, job_scene

_START = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


class MovedClock(SetClock):
    """Stands at a time of its own."""

    def __init__(self, now: datetime = _START) -> None:
        super().__init__()
        self._now = now

    def set(self, now: datetime) -> None:
        self._now = now


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def scene(fresh_database: postgres.Database, clock: MovedClock) -> Iterator[JobScene]:
    made = job_scene(fresh_database, clock)
    yield made
    made.close()


def _declared(scene: JobScene, cron: str = "*/5 * * * *", **more: object) -> Schedule:
    schedule = Schedule(
        name="test.often",
        cron=cron,
        kind=JobKind(name="test.often", run=lambda _: None),
        **more,  # type: ignore[arg-type]
    )
    scene.learn(schedules=[schedule])
    return schedule


def _looking(scene: JobScene, clock: MovedClock | None = None) -> Schedules:
    return Schedules(transactions=scene.transactions, registry=scene.queue.registry, clock=clock or scene.clock)


def _moments(scene: JobScene) -> list[datetime]:
    return [row["scheduled_for"] for row in scene.rows("select scheduled_for from job order by scheduled_for")]


def _end_all(scene: JobScene) -> None:
    scene.execute("update job set state = 'succeeded', ended_at = now() where ended_at is null")


class TestMoments:
    def test_each_moment_makes_one_job_however_many_processes_look(self, scene: JobScene, clock: MovedClock) -> None:
        _declared(scene)
        processes = [_looking(scene) for _ in range(4)]
        for process in processes:
            process.look()
        assert _moments(scene) == []
        for _ in range(3):
            clock.advance(timedelta(minutes=5))
            ready = threading.Barrier(len(processes))

            def look(process: Schedules, ready: threading.Barrier = ready) -> None:
                ready.wait()
                process.look()

            threads = [threading.Thread(target=look, args=(process,)) for process in processes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            _end_all(scene)
        assert _moments(scene) == [datetime(2026, 3, 1, 12, minute, tzinfo=UTC) for minute in (5, 10, 15)]

    def test_what_was_missed_makes_one_job_together(self, scene: JobScene, clock: MovedClock) -> None:
        _declared(scene)
        looking = _looking(scene)
        looking.look()
        clock.advance(timedelta(hours=3))
        looking.look()
        looking.look()
        assert _moments(scene) == [datetime(2026, 3, 1, 15, 0, tzinfo=UTC)]

    def test_while_the_job_before_is_not_over_none_is_added(self, scene: JobScene, clock: MovedClock) -> None:
        _declared(scene)
        looking = _looking(scene)
        looking.look()
        for _ in range(3):
            clock.advance(timedelta(minutes=5))
            looking.look()
        assert len(_moments(scene)) == 1

    def test_one_that_is_paused_asks_for_nothing(self, scene: JobScene, clock: MovedClock) -> None:
        _declared(scene)
        looking = _looking(scene)
        looking.look()
        scene.execute("update job_schedule set paused_at = now()")
        clock.advance(timedelta(hours=1))
        looking.look()
        assert _moments(scene) == []

    def test_one_whose_expression_was_changed_goes_by_the_new_one(self, scene: JobScene, clock: MovedClock) -> None:
        _declared(scene)
        _looking(scene).look()
        release = job_scene(scene.database, clock)
        try:
            _declared(release, cron="0 * * * *")
            _looking(release).look()
        finally:
            release.close()
        (row,) = scene.rows("select cron, next_at from job_schedule")
        assert (row["cron"], row["next_at"]) == ("0 * * * *", datetime(2026, 3, 1, 13, 0, tzinfo=UTC))


class TestClocks:
    def test_a_clock_that_jumps_ahead_and_back_neither_repeats_a_moment_nor_silences_the_schedule(
        self, scene: JobScene, clock: MovedClock
    ) -> None:
        _declared(scene)
        looking = _looking(scene)
        looking.look()
        clock.advance(timedelta(minutes=20))  # Somebody set it wrongly ...
        looking.look()
        _end_all(scene)
        clock.advance(timedelta(minutes=-18))  # ... and noticed two minutes later.
        for _ in range(30):
            looking.look()
            _end_all(scene)
            clock.advance(timedelta(minutes=1))
        moments = _moments(scene)
        assert len(moments) == len(set(moments))
        assert moments == [datetime(2026, 3, 1, 12, minute, tzinfo=UTC) for minute in (5, 10, 15, 20, 25, 30)]

    def test_two_processes_whose_clocks_differ_repeat_no_moment(self, scene: JobScene, clock: MovedClock) -> None:
        _declared(scene)
        ahead = MovedClock(_START + timedelta(minutes=11))
        processes = [_looking(scene), _looking(scene, ahead)]
        for _ in range(40):
            for process in processes:
                process.look()
            _end_all(scene)
            for each in (clock, ahead):
                each.advance(timedelta(minutes=1))
        moments = _moments(scene)
        assert len(moments) == len(set(moments))
        assert {datetime(2026, 3, 1, 12, minute, tzinfo=UTC) for minute in range(15, 40, 5)} <= set(moments)

    @pytest.mark.parametrize(
        ("zone", "start", "days"),
        [
            ("Europe/Berlin", datetime(2026, 10, 20, 12, tzinfo=UTC), 10),
            ("America/New_York", datetime(2026, 3, 4, tzinfo=UTC), 10),
        ],
    )
    def test_a_daily_schedule_runs_once_a_day_through_a_change_of_the_clocks(
        self, scene: JobScene, clock: MovedClock, zone: str, start: datetime, days: int
    ) -> None:
        clock.set(start)
        _declared(scene, cron="30 2 * * *", time_zone=zone)
        looking = _looking(scene)
        for _ in range(days * 48):
            looking.look()
            _end_all(scene)
            clock.advance(timedelta(minutes=30))
        assert len(_moments(scene)) == days


class TestEachTenant:
    def test_each_active_tenant_gets_a_job_of_its_own_per_moment(self, scene: JobScene, clock: MovedClock) -> None:
        _declared(scene, per_tenant=True)
        kind = ForEachTenant(transactions=scene.transactions, registry=scene.queue.registry, clock=scene.clock).kind()
        scene.learn(kind)
        tenants = [uuid4() for _ in range(5)]
        for number, tenant in enumerate(tenants):
            scene.execute(
                "insert into tenant (tenant_id, name, display_name, created_at, state) values (%s, %s, '', now(), %s)",
                tenant,
                f"tenant-{number}",
                "suspended" if number == 0 else "active",
            )
        _looking(scene).look()
        scene.start_runner()
        clock.advance(timedelta(minutes=5))
        eventually(lambda: len(scene.rows("select 1 from job where kind = 'test.often' and ended_at is not null")) == 4)
        rows = scene.rows("select tenant_id, scheduled_for from job where kind = 'test.often'")
        assert {row["tenant_id"] for row in rows} == set(tenants[1:])
        assert {row["scheduled_for"] for row in rows} == {datetime(2026, 3, 1, 12, 5, tzinfo=UTC)}
