"""Tokens are replaced before they end, by one thread, and the old one is used while no new one can be had."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from function_backend_client import SignInFailedError, UnavailableError
from function_backend_client.tokens import Parameters, TokenEndpoint, Tokens, TokenSource


class Endpoint:
    """Hands out t1, t2, … that live for 100 seconds; fails while told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None
        self.before: Callable[[], None] = lambda: None

    def ask(self, parameters: Parameters) -> Tokens:
        self.asked += 1
        self.before()
        if self.failure is not None:
            raise self.failure
        return Tokens(f"t{self.asked}", 100.0)

    def issuer(self) -> str:
        return "https://issuer.example"


class AnyGrant:
    def fetch(self, endpoint: TokenEndpoint, kept: Tokens | None) -> Tokens:
        return endpoint.ask({})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(endpoint: Endpoint, clock: Clock) -> TokenSource:
    return TokenSource(AnyGrant(), endpoint, clock=clock)


def current(source: TokenSource) -> str:
    return source.header() or source.refresh()


def test_a_token_is_kept_for_most_of_its_life_and_replaced_before_its_end(
    source: TokenSource, endpoint: Endpoint, clock: Clock
) -> None:
    assert current(source) == "Bearer t1"
    clock.now += 69.9
    assert current(source) == "Bearer t1"
    clock.now += 10.2
    assert current(source) == "Bearer t2"
    assert endpoint.asked == 2


def test_sources_that_started_together_do_not_ask_again_together(endpoint: Endpoint, clock: Clock) -> None:
    sources = [TokenSource(AnyGrant(), endpoint, clock=clock) for _ in range(200)]
    for source in sources:
        source.refresh()
    clock.now += 75.0
    near = sum(source.header() is None for source in sources)
    assert 0 < near < len(sources)


def test_an_endpoint_that_fails_leaves_the_old_token_in_use_until_its_end(
    source: TokenSource, endpoint: Endpoint, clock: Clock
) -> None:
    current(source)
    endpoint.failure = UnavailableError("away")
    clock.now += 85.0
    assert current(source) == "Bearer t1"
    assert current(source) == "Bearer t1"
    assert endpoint.asked == 2, "it waits before it asks again"
    clock.now += 1.1
    assert current(source) == "Bearer t1"
    assert endpoint.asked == 3
    clock.now += 20.0
    with pytest.raises(UnavailableError, match="away"):
        current(source)


def test_a_failure_is_told_to_everybody_who_asks_within_a_second_without_asking_again(
    source: TokenSource, endpoint: Endpoint, clock: Clock
) -> None:
    endpoint.failure = SignInFailedError("no")
    for _ in range(5):
        with pytest.raises(SignInFailedError):
            current(source)
    assert endpoint.asked == 1
    endpoint.failure = None
    clock.now += 1.1
    assert current(source) == "Bearer t2"


def test_threads_that_need_a_token_at_once_fetch_one(source: TokenSource, endpoint: Endpoint) -> None:
    everybody = threading.Barrier(8)
    found: list[str] = []

    def need() -> None:
        everybody.wait()
        found.append(current(source))

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Bearer t1"] * 8
    assert endpoint.asked == 1


def test_while_one_thread_replaces_the_token_the_others_go_on_with_the_old_one(
    source: TokenSource, endpoint: Endpoint, clock: Clock
) -> None:
    current(source)
    clock.now += 85.0
    asking, may_go_on = threading.Event(), threading.Event()

    def wait() -> None:
        asking.set()
        assert may_go_on.wait(10)

    endpoint.before = wait
    replacing = threading.Thread(target=source.refresh)
    replacing.start()
    assert asking.wait(10)
    assert source.header() == "Bearer t1"
    may_go_on.set()
    replacing.join()
    assert source.header() == "Bearer t2"


def test_a_token_that_was_refused_is_replaced_and_a_newer_one_is_not(source: TokenSource, endpoint: Endpoint) -> None:
    assert current(source) == "Bearer t1"
    assert source.forget("Bearer t1")
    assert current(source) == "Bearer t2"
    assert source.forget("Bearer t1"), "another call was refused with the old token"
    assert current(source) == "Bearer t2"
    assert endpoint.asked == 2


def test_an_event_loop_gets_its_token_from_a_thread(source: TokenSource, endpoint: Endpoint) -> None:
    async def fetch() -> tuple[str, bool]:
        loop_thread = threading.get_ident()
        asked_from: list[int] = []
        endpoint.before = lambda: asked_from.append(threading.get_ident())
        return await source.refresh_async(), asked_from == [loop_thread]

    assert asyncio.run(fetch()) == ("Bearer t1", False)


def test_no_token_shows_in_what_is_printed(source: TokenSource) -> None:
    current(source)
    assert "t1" not in repr(source)
    assert "s3cret" not in repr(Tokens("s3cret-a", 1.0, "s3cret-r"))
