from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from function_backend.runtime.pool import CallPool
from tests.runtime.echo import eventually


@pytest.fixture
def pool() -> Iterator[CallPool]:
    made = CallPool(2, name="call")
    yield made
    made.shutdown(wait=True, cancel_futures=True)


def test_calls_run_in_threads_of_the_pool(pool: CallPool) -> None:
    names: list[str] = []
    done = threading.Event()
    pool.submit(lambda: names.append(threading.current_thread().name)).add_done_callback(lambda _: done.set())
    assert done.wait(5)
    assert names[0] in {"call_0", "call_1"}


def test_it_says_how_much_waits_and_runs(pool: CallPool) -> None:
    gate = threading.Event()
    for _ in range(5):
        pool.submit(gate.wait, 5)
    eventually(lambda: pool.waiting() == 3)
    assert (pool.size, pool.unfinished, pool.finished(), pool.quiet_seconds) == (2, 5, 0, 0.0)
    gate.set()
    eventually(lambda: pool.unfinished == 0)
    assert (pool.waiting(), pool.finished()) == (0, 5)
    assert pool.quiet_seconds > 0


def test_whoever_asks_is_told_once_when_a_call_is_over_however_late_it_asks(pool: CallPool) -> None:
    told: list[int] = []
    for number in range(2000):
        pool.submit(lambda: None).add_done_callback(lambda _, number=number: told.append(number))  # type: ignore[misc]
    eventually(lambda: len(told) == 2000)
    assert sorted(told) == list(range(2000))
    late = pool.submit(lambda: None)
    eventually(lambda: pool.unfinished == 0)
    late.add_done_callback(lambda _: told.append(-1))
    eventually(lambda: told[-1] == -1)


def test_a_call_that_fails_does_not_take_its_thread_along(pool: CallPool, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise SystemExit

    for _ in range(4):
        pool.submit(fail)
    done = threading.Event()
    pool.submit(done.set)
    assert done.wait(5)
    # Another thread may still be writing the last line when the event is set.
    eventually(lambda: caplog.text.count("outside its handler") == 4)


def test_at_the_end_calls_that_run_are_waited_for() -> None:
    pool = CallPool(2, name="call")
    done: list[int] = []
    for number in range(20):
        pool.submit(done.append, number)
    pool.shutdown(wait=True)
    assert sorted(done) == list(range(20))


def test_at_the_end_those_that_wait_may_be_given_up() -> None:
    pool = CallPool(1, name="call")
    begun, gate = threading.Event(), threading.Event()
    done: list[int] = []

    def hold() -> None:
        begun.set()
        gate.wait(5)

    pool.submit(hold)
    assert begun.wait(5)
    for number in range(20):
        pool.submit(done.append, number)
    pool.shutdown(wait=False, cancel_futures=True)
    gate.set()
    eventually(lambda: pool.unfinished == 0)
    assert done == []


def test_after_the_end_no_call_is_taken() -> None:
    pool = CallPool(1, name="call")
    pool.shutdown(wait=True)
    with pytest.raises(RuntimeError, match="has ended"):
        pool.submit(lambda: None)
