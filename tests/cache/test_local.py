from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from function_backend.cache.local import LocalCache
from function_backend.kernel.errors import CancelledError, DeadlineError, NotFoundError
from tests.factories.auth import calling


class SetTime:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> SetTime:
    return SetTime()


@pytest.fixture
def cache(time: SetTime) -> LocalCache[str, int]:
    return LocalCache(size=3, ttl=10, clock=time)


class TestKeeping:
    def test_what_was_put_is_found_until_its_time_is_over(self, cache: LocalCache[str, int], time: SetTime) -> None:
        cache.put("a", 1)
        time.now += 9.9
        assert cache.get("a") == 1
        time.now += 0.1
        assert cache.get("a") is None

    def test_a_value_may_be_kept_for_less_and_never_for_more(self, cache: LocalCache[str, int], time: SetTime) -> None:
        cache.put("a", 1, ttl=1)
        cache.put("b", 2, ttl=100)
        time.now += 1
        assert (cache.get("a"), cache.get("b")) == (None, 2)
        time.now += 9
        assert cache.get("b") is None

    def test_the_one_used_longest_ago_makes_room(self, cache: LocalCache[str, int]) -> None:
        for key in "abc":
            cache.put(key, 1)
        cache.get("a")
        cache.get_or_load("b", lambda: 2)
        cache.put("d", 1)
        assert [cache.get(key) for key in "abcd"] == [1, 1, None, 1]
        assert (len(cache), cache.evictions) == (3, 1)

    def test_dropped_and_cleared_values_are_gone(self, cache: LocalCache[str, int]) -> None:
        cache.put("a", 1)
        cache.put("b", 1)
        cache.drop("a")
        cache.drop("never there")
        assert (cache.get("a"), cache.get("b")) == (None, 1)
        cache.clear()
        assert len(cache) == 0

    def test_hits_and_misses_are_counted(self, cache: LocalCache[str, int]) -> None:
        cache.get("a")
        cache.get_or_load("a", lambda: 1)
        cache.get_or_load("a", lambda: 1)
        cache.get("a")
        assert (cache.hits, cache.misses) == (2, 2)

    @pytest.mark.parametrize(("size", "ttl"), [(0, 1), (1, 0)])
    def test_a_cache_that_keeps_nothing_is_refused(self, size: int, ttl: float) -> None:
        with pytest.raises(ValueError, match="above 0"):
            LocalCache(size=size, ttl=ttl)


class Load:
    """A load that takes until it is told to end."""

    def __init__(self, outcome: int | Exception = 7) -> None:
        self.outcome = outcome
        self.count = 0
        self.begun = threading.Event()
        self.end = threading.Event()

    def __call__(self) -> int:
        self.count += 1
        self.begun.set()
        assert self.end.wait(5)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class TestLoading:
    def test_many_who_wait_share_one_load(self, cache: LocalCache[str, int]) -> None:
        load = Load()
        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(cache.get_or_load, "a", load) for _ in range(8)]
            assert load.begun.wait(5)
            load.end.set()
            assert [each.result() for each in waiting] == [7] * 8
        assert load.count == 1

    def test_they_share_its_failure_and_the_next_one_tries_again(self, cache: LocalCache[str, int]) -> None:
        load = Load(NotFoundError("gone"))
        with ThreadPoolExecutor(4) as pool:
            first = pool.submit(cache.get_or_load, "a", load)
            assert load.begun.wait(5)
            others = [pool.submit(cache.get_or_load, "a", load) for _ in range(3)]
            load.end.set()
            assert all(isinstance(each.exception(), NotFoundError) for each in [first, *others])
        assert cache.get_or_load("a", lambda: 1) == 1

    @pytest.mark.parametrize("fate", [CancelledError("left"), DeadlineError("late")])
    def test_who_waits_for_a_caller_that_leaves_loads_for_itself(
        self, cache: LocalCache[str, int], fate: Exception
    ) -> None:
        load = Load(fate)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(cache.get_or_load, "a", load)
            assert load.begun.wait(5)
            second = pool.submit(cache.get_or_load, "a", lambda: 8)
            load.end.set()
            assert first.exception() is fate
            assert second.result() == 8

    def test_nobody_waits_beyond_its_own_deadline(self, cache: LocalCache[str, int]) -> None:
        load = Load()
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(cache.get_or_load, "a", load)
            assert load.begun.wait(5)
            with calling(seconds=0.05), pytest.raises(DeadlineError):
                cache.get_or_load("a", lambda: 8)
            load.end.set()
            assert first.result() == 7

    @pytest.mark.parametrize("forget", ["drop", "clear"])
    def test_what_changes_while_it_is_loaded_is_not_kept(self, cache: LocalCache[str, int], forget: str) -> None:
        load = Load()
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(cache.get_or_load, "a", load)
            assert load.begun.wait(5)
            cache.drop("a") if forget == "drop" else cache.clear()
            assert cache.get_or_load("a", lambda: 8) == 8
            load.end.set()
            assert first.result() == 7
        assert cache.get("a") == 8
