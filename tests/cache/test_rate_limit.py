from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.cache.client import CacheSettings, connect
from function_backend.cache.rate_limit import HostBuckets, SharedBuckets


class SetTime:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestHostBuckets:
    def test_a_full_bucket_gives_its_burst_and_then_what_flows_in(self) -> None:
        clock = SetTime()
        buckets, key = HostBuckets(clock=clock), uuid4()
        taken = [buckets.take(key, rate=10, burst=5) for _ in range(6)]
        assert taken[:5] == [0.0] * 5
        assert taken[5] == pytest.approx(0.1)
        clock.now += 0.1
        assert buckets.take(key, rate=10, burst=5) == 0
        assert buckets.take(key, rate=10, burst=5) > 0

    @given(
        rate=st.floats(0.5, 1000),
        burst=st.floats(1, 100),
        steps=st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
    )
    def test_never_more_than_the_burst_and_the_rate(self, rate: float, burst: float, steps: list[float]) -> None:
        clock = SetTime()
        buckets, key = HostBuckets(slots=8, clock=clock), uuid4()
        admitted = 0
        for step in steps:
            clock.now += step
            admitted += buckets.take(key, rate=rate, burst=burst) == 0
        assert admitted <= burst + rate * (clock.now - 1000) + 0.001

    def test_after_the_wait_it_names_there_is_a_token(self) -> None:
        clock = SetTime()
        buckets, key = HostBuckets(clock=clock), uuid4()
        while not (wait := buckets.take(key, rate=3, burst=2)):
            pass
        clock.now += wait + 0.000001
        assert buckets.take(key, rate=3, burst=2) == 0

    def test_threads_together_get_what_one_would(self) -> None:
        buckets, key = HostBuckets(clock=SetTime()), uuid4()
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda _: buckets.take(key, rate=1, burst=500), range(2000)))
        assert taken.count(0.0) == 500

    def test_workers_of_one_host_share_the_buckets(self) -> None:
        buckets, key = HostBuckets(), uuid4()
        child = os.fork()
        if not child:
            refused = [buckets.take(key, rate=0.001, burst=5) for _ in range(5)].count(0.0) != 5
            os._exit(refused)
        assert os.waitpid(child, 0)[1] == 0
        assert buckets.take(key, rate=0.001, burst=5) > 0

    def test_neighbours_in_a_small_table_keep_their_own_buckets(self) -> None:
        buckets = HostBuckets(slots=64, clock=SetTime())
        keys = [UUID(int=number * 64 + 3) for number in range(8)]
        assert [buckets.take(key, rate=1, burst=1) for key in keys] == [0.0] * 8
        assert all(buckets.take(key, rate=1, burst=1) > 0 for key in keys)

    def test_a_full_table_is_stricter_and_never_off(self) -> None:
        clock = SetTime()
        buckets = HostBuckets(slots=8, clock=clock)
        admitted = sum(buckets.take(uuid4(), rate=1, burst=1) == 0 for _ in range(100))
        assert admitted == 8
        clock.now += 2
        assert buckets.take(uuid4(), rate=1, burst=1) == 0

    def test_a_table_needs_a_place_for_each_try(self) -> None:
        with pytest.raises(ValueError, match="at least 8"):
            HostBuckets(slots=7)


def _shared(url: str, *, clock: SetTime | None = None) -> SharedBuckets:
    client = connect(CacheSettings(url=url))
    assert client is not None
    now = clock or time.monotonic
    return SharedBuckets(client, HostBuckets(clock=now), key_prefix=f"test-{uuid4()}", clock=now)


class TestSharedBuckets:
    def test_hosts_share_one_bucket(self, redis_url: str) -> None:
        first = _shared(redis_url)
        second = _shared(redis_url)
        second._key_prefix = first._key_prefix
        key = uuid4()
        taken = [buckets.take(key, rate=0.01, burst=6) for _ in range(5) for buckets in (first, second)]
        assert taken.count(0.0) == 6
        assert max(taken) > 50

    def test_a_bucket_refills(self, redis_url: str) -> None:
        buckets, key = _shared(redis_url), uuid4()
        while not (wait := buckets.take(key, rate=50, burst=2)):
            pass
        assert 0 < wait <= 0.03
        time.sleep(wait + 0.01)
        assert buckets.take(key, rate=50, burst=2) == 0

    def test_redis_is_asked_for_a_tenth_of_a_second_at_a_time(self, redis_url: str) -> None:
        buckets, key = _shared(redis_url), uuid4()
        client = connect(CacheSettings(url=redis_url))
        assert client is not None
        before = int(client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))
        assert [buckets.take(key, rate=1000, burst=1000) for _ in range(500)] == [0.0] * 500
        after = int(client.info("commandstats")["cmdstat_evalsha"]["calls"])
        assert after - before <= 10

    def test_a_refusal_is_remembered_without_asking_again(self, redis_url: str) -> None:
        clock = SetTime()
        buckets, key = _shared(redis_url, clock=clock), uuid4()
        assert buckets.take(key, rate=0.01, burst=1) == 0
        refused = buckets.take(key, rate=0.01, burst=1)
        clock.now += 10
        assert buckets.take(key, rate=0.01, burst=1) == pytest.approx(refused - 10)

    def test_while_redis_is_away_each_host_gives_half(self, caplog: pytest.LogCaptureFixture) -> None:
        buckets, key = _shared("redis://127.0.0.1:1/0"), uuid4()
        started = time.monotonic()
        taken = [buckets.take(key, rate=0.01, burst=10) for _ in range(20)]
        assert taken.count(0.0) == 5
        assert time.monotonic() - started < 2
        assert caplog.text.count("Redis is away") == 1

    def test_when_redis_is_back_it_counts_again(self, redis_url: str) -> None:
        clock = SetTime()
        buckets, key = _shared(redis_url, clock=clock), uuid4()
        buckets._away_until = clock.now + 1
        assert [buckets.take(key, rate=0.01, burst=2) for _ in range(2)].count(0.0) == 1
        clock.now += 1
        assert [buckets.take(key, rate=0.01, burst=2) for _ in range(3)].count(0.0) == 2

    def test_threads_together_get_what_one_would(self, redis_url: str) -> None:
        buckets, key = _shared(redis_url), uuid4()
        barrier = threading.Barrier(8)

        def take(_: int) -> int:
            barrier.wait(5)
            return [buckets.take(key, rate=0.01, burst=20) for _ in range(10)].count(0.0)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(take, range(8))) == 20


class TestSettings:
    def test_without_a_url_there_is_no_client(self) -> None:
        assert connect(CacheSettings()) is None

    @pytest.mark.parametrize("url", ["http://cache", "cache:6379", ""])
    def test_a_url_of_something_else_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="redis://"):
            CacheSettings(url=url)

    def test_the_password_is_not_shown(self) -> None:
        assert "geheim" not in repr(CacheSettings(url="redis://:geheim@cache:6379"))
