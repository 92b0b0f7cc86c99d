from prometheus_client import CollectorRegistry

from function_backend.cache.local import LocalCache
from function_backend.observability.samples import Samples


def test_hits_and_misses_of_a_cache_become_counters() -> None:
    registry = CollectorRegistry()
    cache: LocalCache[str, int] = LocalCache(size=10, ttl=60)
    samples = Samples(registry, caches={"words": cache}, pools={}, queues={})
    cache.get_or_load("a", lambda: 1)
    cache.get_or_load("a", lambda: 1)
    samples.take()
    samples.take()
    labels = {"cache": "words"}
    assert registry.get_sample_value("function_backend_cache_hits_total", labels) == 1
    assert registry.get_sample_value("function_backend_cache_misses_total", labels) == 1
    assert registry.get_sample_value("function_backend_cache_entries", labels) == 1


def test_the_length_of_a_queue_is_what_it_is_now() -> None:
    registry = CollectorRegistry()
    waiting = [3]
    samples = Samples(registry, caches={}, pools={}, queues={"calls": lambda: waiting[0]})
    samples.take()
    assert registry.get_sample_value("function_backend_calls_waiting", {"threads": "calls"}) == 3
    waiting[0] = 0
    samples.take()
    assert registry.get_sample_value("function_backend_calls_waiting", {"threads": "calls"}) == 0
