"""Jobs from the transaction that asks for them to their end."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest

from function_backend.jobs.purging import purge_jobs
from function_backend.kernel.call import current_call
from function_backend.kernel.errors import InvalidArgumentError, UnavailableError
from function_backend.kernel.jobs import Backoff, JobCancelledError, JobKind, JobLostError, JobPriority, JobRun
from tests.factories.auth import a_principal, calling
from tests.fixtures.job_runners import LEASE, JobScene, eventually, someone, states

_QUICK = Backoff(first=timedelta(milliseconds=20), longest=timedelta(milliseconds=50))


class Notes:
    """What jobs did, in the order in which they did it."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def write(self, job: JobRun) -> bytes:
        self.seen.append(job.payload)
        return b"did " + job.payload

    def kind(self, name: str = "test.note", **more: object) -> JobKind:
        return JobKind(name=name, run=self.write, **more)  # type: ignore[arg-type]


class TestAsking:
    def test_a_job_runs_after_the_commit_of_whoever_asked(self, scene: JobScene) -> None:
        notes = Notes()
        kind = notes.kind()
        scene.learn(kind)
        scene.start_runner()
        job_id = scene.enqueue(kind, b"this")
        row = scene.wait_for(job_id)
        assert (row["state"], row["result"], row["attempt"]) == ("succeeded", b"did this", 1)
        assert row["expires_at"] - row["ended_at"] == kind.kept_for

    def test_a_job_of_a_transaction_that_is_rolled_back_never_was(self, scene: JobScene) -> None:
        kind = Notes().kind()
        scene.learn(kind)
        with pytest.raises(KeyError), calling(), scene.transactions() as work:
            scene.queue.enqueue(work, kind, b"never")
            raise KeyError
        assert scene.rows() == []

    def test_a_kind_that_nobody_declared_is_refused(self, scene: JobScene) -> None:
        with pytest.raises(KeyError):
            scene.enqueue("test.unknown")

    def test_with_a_dedupe_key_there_is_one_at_a_time(self, scene: JobScene) -> None:
        kind = Notes().kind()
        scene.learn(kind)
        caller = someone()
        first = scene.enqueue(kind, by=caller, dedupe_key="one")
        assert scene.enqueue(kind, by=caller, dedupe_key="one") == first
        assert scene.enqueue(kind, by=caller, dedupe_key="two") != first
        assert scene.enqueue(kind, by=someone(), dedupe_key="one") != first
        scene.start_runner()
        scene.wait_for(first)
        assert scene.enqueue(kind, by=caller, dedupe_key="one") != first

    def test_of_many_who_ask_at_once_with_one_key_all_get_the_same_job(self, scene: JobScene) -> None:
        kind = Notes().kind()
        scene.learn(kind)
        caller, ready = someone(), threading.Barrier(6)
        got: list[UUID] = []

        def ask() -> None:
            ready.wait()
            got.append(scene.enqueue(kind, by=caller, dedupe_key="one"))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 6
        assert len(set(got)) == 1
        assert len(scene.rows()) == 1

    def test_a_job_for_later_waits_for_its_time(self, scene: JobScene) -> None:
        notes = Notes()
        kind = notes.kind()
        scene.learn(kind)
        later = scene.enqueue(kind, b"later", after=timedelta(hours=1))
        soon = scene.enqueue(kind, b"soon", after=timedelta(milliseconds=200))
        scene.start_runner()
        scene.wait_for(soon)
        assert scene.state(later) == "waiting"
        assert notes.seen == [b"soon"]


class TestRunning:
    def test_it_runs_in_the_tenant_and_with_the_permissions_of_whoever_asked(self, scene: JobScene) -> None:
        seen = []

        def look(job: JobRun) -> None:
            call = current_call.get()
            assert call is not None
            seen.append(call.principal)

        kind = JobKind(name="test.look", run=look)
        scene.learn(kind)
        caller = a_principal("company.read", "rules.*")
        scene.start_runner()
        scene.wait_for(scene.enqueue(kind, by=caller))
        (principal,) = seen
        assert principal is not None
        assert (principal.actor, principal.tenant_id) == (caller.actor, caller.tenant_id)
        assert principal.permissions.patterns == {"company.read", "rules.*"}

    def test_what_is_urgent_goes_first(self, scene: JobScene) -> None:
        notes = Notes()
        kind = notes.kind()
        scene.learn(kind)
        for name, priority in ((b"low", JobPriority.LOW), (b"normal", None), (b"high", JobPriority.HIGH)):
            scene.enqueue(kind, name, priority=priority)
        scene.start_runner(threads=1)
        eventually(lambda: len(notes.seen) == 3)
        assert notes.seen == [b"high", b"normal", b"low"]

    def test_a_tenant_with_thousands_holds_up_no_other(self, scene: JobScene) -> None:
        notes = Notes()
        kind = notes.kind()
        scene.learn(kind)
        with calling(), scene.transactions() as work:
            scene.queue.enqueue_many(work, kind, [b"many"] * 2_000)
        scene.enqueue(kind, b"one")
        scene.start_runner(threads=1)
        eventually(lambda: b"one" in notes.seen)
        assert notes.seen.index(b"one") < 1_000

    def test_no_more_run_at_once_than_the_kind_allows(self, scene: JobScene) -> None:
        lock, running, most = threading.Lock(), Counter[UUID](), Counter[UUID]()

        def work(job: JobRun) -> None:
            with lock:
                running[job.tenant_id] += 1
                most[job.tenant_id] = max(most[job.tenant_id], running[job.tenant_id])
                most[UUID(int=1)] = max(most[UUID(int=1)], running.total())
            job.pause(0.02)
            with lock:
                running[job.tenant_id] -= 1

        kind = JobKind(name="test.limited", run=work, most_running=3, most_running_per_tenant=2)
        scene.learn(kind)
        callers = [someone(), someone()]
        jobs = [scene.enqueue(kind, by=caller) for caller in callers for _ in range(8)]
        for _ in range(2):
            scene.start_runner(threads=4)
        for job_id in jobs:
            assert scene.wait_for(job_id)["state"] == "succeeded"
        assert all(most[caller.tenant_id] <= 2 for caller in callers)
        assert most[UUID(int=1)] <= 3

    def test_progress_is_seen_while_it_runs(self, scene: JobScene) -> None:
        go_on = threading.Event()

        def work(job: JobRun) -> None:
            job.progress(3, 10, details=b"three of ten")
            while not go_on.is_set():
                job.pause(0.01)

        kind = JobKind(name="test.slow", run=work)
        scene.learn(kind)
        scene.start_runner(lease=LEASE)
        job_id = scene.enqueue(kind)
        eventually(lambda: scene.job(job_id)["done"] == 3)
        row = scene.job(job_id)
        assert (row["state"], row["total"], row["details"]) == ("running", 10, b"three of ten")
        go_on.set()
        scene.wait_for(job_id, "succeeded")

    def test_jobs_of_a_tenant_that_is_suspended_wait_until_it_goes_on(self, scene: JobScene) -> None:
        notes = Notes()
        kind = notes.kind()
        scene.learn(kind)
        caller = someone()
        scene.execute(
            "insert into tenant (tenant_id, name, display_name, created_at, state) "
            "values (%s, 'idle', '', now(), 'suspended')",
            caller.tenant_id,
        )
        held_up = scene.enqueue(kind, b"held up", by=caller)
        scene.start_runner()
        scene.wait_for(scene.enqueue(kind, b"another"))
        assert scene.state(held_up) == "queued"
        scene.execute("update tenant set state = 'active'")
        scene.wait_for(held_up, "succeeded")

    def test_jobs_of_a_tenant_that_is_deleted_are_cancelled(self, scene: JobScene) -> None:
        kind = Notes().kind()
        scene.learn(kind)
        caller = someone()
        scene.execute(
            "insert into tenant (tenant_id, name, display_name, created_at, state) "
            "values (%s, 'gone', '', now(), 'deleted')",
            caller.tenant_id,
        )
        job_id = scene.enqueue(kind, by=caller)
        assert scene.transactions.across_tenants(lambda driver: purge_jobs(driver, scene.clock.now())) == 0
        assert scene.state(job_id) == "cancelled"


class TestFailing:
    def test_what_may_go_better_is_tried_again(self, scene: JobScene) -> None:
        attempts: list[int] = []

        def work(job: JobRun) -> None:
            attempts.append(job.attempt)
            if job.attempt < 3:
                raise UnavailableError("away")

        kind = JobKind(name="test.flaky", run=work, backoff=_QUICK)
        scene.learn(kind)
        scene.start_runner()
        assert scene.wait_for(scene.enqueue(kind))["state"] == "succeeded"
        assert attempts == [1, 2, 3]

    def test_what_is_wrong_stays_wrong(self, scene: JobScene) -> None:
        def work(job: JobRun) -> None:
            raise InvalidArgumentError("The payload says nothing.")

        kind = JobKind(name="test.wrong", run=work)
        scene.learn(kind)
        scene.start_runner()
        row = scene.wait_for(scene.enqueue(kind))
        assert (row["state"], row["attempt"]) == ("failed", 1)
        assert (row["failure_status"], row["failure_reason"]) == (3, "INVALID_REQUEST")
        assert row["failure"] == "The payload says nothing."

    def test_a_poison_job_is_set_aside_and_the_others_go_on(self, scene: JobScene) -> None:
        notes = Notes()

        def work(job: JobRun) -> None:
            raise ZeroDivisionError("a defect with a secret in it")

        poison = JobKind(name="test.poison", run=work, backoff=_QUICK, max_attempts=3)
        scene.learn(poison, notes.kind())
        scene.start_runner()
        job_id = scene.enqueue(poison)
        good = scene.enqueue("test.note", b"good")
        row = scene.wait_for(job_id)
        assert (row["state"], row["attempt"]) == ("failed", 3)
        assert "secret" not in row["failure"]
        assert scene.wait_for(good)["state"] == "succeeded"


class TestStopping:
    def test_a_cancellation_reaches_the_work(self, scene: JobScene) -> None:
        raised: list[type[BaseException]] = []

        def work(job: JobRun) -> None:
            try:
                job.pause(60)
            except BaseException as error:
                raised.append(type(error))
                raise

        kind = JobKind(name="test.endless", run=work)
        scene.learn(kind)
        runner = scene.start_runner()
        job_id = scene.enqueue(kind)
        scene.wait_for(job_id, "running")
        scene.execute("update job set cancelled_at = now() where id = %s", job_id)
        runner.look_for_cancellations()
        assert scene.wait_for(job_id)["state"] == "cancelled"
        assert raised == [JobCancelledError]

    def test_a_job_that_ignores_its_cancellation_is_taken_away_and_its_result_refused(self, scene: JobScene) -> None:
        release = threading.Event()

        def work(job: JobRun) -> bytes:
            release.wait(60)
            return b"too late"

        stubborn = JobKind(name="test.stubborn", run=work, cancel_grace=timedelta(milliseconds=50))
        notes = Notes()
        scene.learn(stubborn, notes.kind())
        runner = scene.start_runner(threads=1, lease=LEASE)
        job_id = scene.enqueue(stubborn)
        scene.wait_for(job_id, "running")
        scene.execute("update job set cancelled_at = now() where id = %s", job_id)
        runner.look_for_cancellations()
        assert scene.wait_for(job_id)["state"] == "cancelled"
        # The only thread is written off, and there is another one.
        assert scene.wait_for(scene.enqueue("test.note", b"next"))["state"] == "succeeded"
        release.set()
        scene.wait_for(scene.enqueue("test.note", b"after"))
        assert (scene.state(job_id), scene.job(job_id)["result"]) == ("cancelled", b"")

    def test_an_attempt_that_takes_too_long_is_ended_and_counts(self, scene: JobScene) -> None:
        def work(job: JobRun) -> None:
            job.pause(60)

        kind = JobKind(name="test.long", run=work, timeout=timedelta(milliseconds=100), max_attempts=2, backoff=_QUICK)
        scene.learn(kind)
        scene.start_runner(lease=LEASE)
        row = scene.wait_for(scene.enqueue(kind))
        assert (row["state"], row["attempt"], row["failure_reason"]) == ("failed", 2, "DEADLINE_TOO_SHORT")

    def test_the_end_of_the_process_gives_the_job_back_without_an_attempt(self, scene: JobScene) -> None:
        def work(job: JobRun) -> None:
            job.pause(60)

        kind = JobKind(name="test.endless", run=work)
        scene.learn(kind)
        runner = scene.start_runner()
        job_id = scene.enqueue(kind)
        scene.wait_for(job_id, "running")
        runner.close()
        row = scene.job(job_id)
        assert (row["state"], row["attempt"], row["holder"]) == ("queued", 0, None)
        assert scene.rows("select * from job_runner") == []


class TestHolding:
    def test_the_jobs_of_a_process_that_fell_silent_go_to_another_and_on_from_what_was_kept(
        self, scene: JobScene
    ) -> None:
        first_began = threading.Event()
        outcomes: list[str] = []

        def work(job: JobRun) -> bytes:
            if not job.kept:
                with scene.transactions() as unit:
                    job.keep(b"half", unit)
                first_began.set()
                try:
                    job.pause(60)
                except JobLostError:
                    outcomes.append("lost")
                    raise
            return job.kept + b" and half"

        kind = JobKind(name="test.halves", run=work)
        scene.learn(kind)
        silent = scene.start_runner(lease=LEASE)
        job_id = scene.enqueue(kind)
        assert first_began.wait(20)
        # As if its process stood still: it neither beats nor asks.
        silent._turn = lambda: silent._closing.wait(0.05)  # type: ignore[method-assign,assignment]
        scene.start_runner(lease=LEASE)
        row = scene.wait_for(job_id)
        assert (row["state"], row["result"], row["attempt"]) == ("succeeded", b"half and half", 2)
        eventually(lambda: outcomes == ["lost"])

    def test_a_run_that_lost_its_job_can_commit_nothing_more_with_it(self, scene: JobScene) -> None:
        in_the_middle, go_on = threading.Event(), threading.Event()
        refused: list[type[BaseException]] = []

        def work(job: JobRun) -> None:
            in_the_middle.set()
            go_on.wait(20)
            try:
                with scene.transactions() as unit:
                    job.keep(b"state", unit)
            except BaseException as error:
                refused.append(type(error))
                raise

        kind = JobKind(name="test.held", run=work)
        scene.learn(kind)
        scene.start_runner()
        job_id = scene.enqueue(kind)
        assert in_the_middle.wait(20)
        scene.execute("update job set fence = fence + 1, state = 'queued', run_at = now(), holder = null")
        scene.execute("update job set state = 'waiting', run_at = now() + interval '1 hour'")
        go_on.set()
        eventually(lambda: refused == [JobLostError])
        assert scene.job(job_id)["kept"] == b""

    def test_a_run_that_keeps_its_job_in_a_long_transaction_holds_up_no_beat(self, scene: JobScene) -> None:
        in_the_middle, go_on = threading.Event(), threading.Event()

        def work(job: JobRun) -> None:
            with scene.transactions() as unit:
                job.hold(unit)
                job.progress(1, 2)
                in_the_middle.set()
                go_on.wait(20)

        kind = JobKind(name="test.transaction", run=work)
        scene.learn(kind)
        scene.start_runner(lease=LEASE)
        job_id = scene.enqueue(kind)
        assert in_the_middle.wait(20)
        # Longer than a lease.
        eventually(partial(_beats_beyond, scene, _last_beat(scene) + 15))
        go_on.set()
        row = scene.wait_for(job_id)
        assert (row["state"], row["attempt"], row["done"]) == ("succeeded", 1, 1)

    def test_a_process_that_stopped_in_the_middle_of_a_beat_holds_up_no_other(self, scene: JobScene) -> None:
        kind = Notes().kind()
        scene.learn(kind)
        scene.execute(
            "insert into job_runner (id, name, beat, started_at, seen_at) "
            "values (gen_random_uuid(), 'stopped', 1, now(), now())"
        )
        with psycopg.connect(scene.database.superuser_url) as stopped:
            stopped.execute("update job_runner set beat = beat + 1 where name = 'stopped'")
            scene.start_runner(lease=LEASE)
            eventually(lambda: len(scene.rows("select 1 from job_runner")) == 2)
            # It is given up again and again, in vain.
            eventually(partial(_beats_beyond, scene, _last_beat(scene) + 30))
            assert scene.wait_for(scene.enqueue(kind))["state"] == "succeeded"
            stopped.rollback()
        eventually(lambda: len(scene.rows("select 1 from job_runner")) == 1)

    def test_whoever_was_given_up_notices_and_begins_anew(self, scene: JobScene) -> None:
        notes = Notes()
        kind = notes.kind()
        scene.learn(kind)
        scene.start_runner(lease=LEASE)
        eventually(lambda: len(scene.rows("select * from job_runner")) == 1)
        (before,) = scene.rows("select * from job_runner")
        scene.execute("delete from job_runner")
        job_id = scene.enqueue(kind, b"after")
        assert scene.wait_for(job_id)["state"] == "succeeded"
        (after,) = scene.rows("select * from job_runner")
        assert after["id"] != before["id"]

    def test_clocks_that_jump_take_no_job_from_anybody(self, scene: JobScene) -> None:
        go_on = threading.Event()

        def work(job: JobRun) -> None:
            while not go_on.is_set():
                job.pause(0.01)

        class Jumping:
            def __init__(self) -> None:
                self.offset = timedelta()

            def now(self) -> object:
                return scene.clock.now() + self.offset

        kind = JobKind(name="test.steady", run=work)
        scene.learn(kind)
        clocks = [Jumping(), Jumping()]
        for clock in clocks:
            scene.start_runner(lease=LEASE, clock=clock)  # type: ignore[arg-type]
        job_id = scene.enqueue(kind)
        scene.wait_for(job_id, "running")
        for offset in (timedelta(days=1), timedelta(days=-1)):
            for clock in clocks:
                clock.offset = offset
            before = _last_beat(scene)
            # Longer than a lease.
            eventually(partial(_beats_beyond, scene, before + 15))
        go_on.set()
        row = scene.wait_for(job_id)
        assert (row["state"], row["attempt"]) == ("succeeded", 1)

    def test_what_two_processes_do_is_done_once(self, scene: JobScene) -> None:
        notes = Notes()
        kind = notes.kind()
        scene.learn(kind)
        with calling(), scene.transactions() as work:
            scene.queue.enqueue_many(work, kind, [str(number).encode() for number in range(3_000)])
        for _ in range(2):
            scene.start_runner()
        eventually(lambda: len(notes.seen) >= 3_000)
        eventually(lambda: set(states(scene.rows())) == {"succeeded"})
        assert sorted(Counter(notes.seen).values()) == [1] * 3_000


def _beats_beyond(scene: JobScene, beat: int) -> bool:
    return _last_beat(scene) > beat


def _last_beat(scene: JobScene) -> int:
    return int(scene.rows("select max(beat) as beat from job_runner")[0]["beat"])
