from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest

from function.auth.v1 import api_key_service_pb2, api_key_service_pb2_grpc
from function_backend.cache.client import CacheSettings, connect
from function_backend.cache.push import RedisPush
from tests.fixtures.database_faults import eventually
from tests.fixtures.server import StartServer


def _push(url: str, prefix: str) -> RedisPush:
    client = connect(CacheSettings(url=url, key_prefix=prefix))
    assert client is not None
    push = RedisPush(client, key_prefix=prefix)
    push.carry(frozenset({"auth_revoked"}))
    return push


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def listening(redis_url: str, prefix: str, heard: list[tuple[str, str]]) -> Iterator[RedisPush]:
    push = _push(redis_url, prefix)
    push.listen(lambda topic, text: heard.append((topic, text)))
    yield push
    push.stop()


def test_what_one_worker_commits_another_hears_when_its_topic_is_carried(
    redis_url: str, prefix: str, listening: RedisPush, heard: list[tuple[str, str]]
) -> None:
    with closing(_Stopped(_push(redis_url, prefix))) as other:
        # Whoever subscribes a moment later misses the message, so it is sent until it is heard.
        def sent() -> bool | None:
            other.push.publish(["company x/y", "auth_revoked session/a/b"])
            return bool(heard) or None

        eventually(sent)
    assert set(heard) == {("auth_revoked", "session/a/b")}


def test_redis_that_is_away_costs_nothing_and_hides_nothing() -> None:
    push = _push("redis://127.0.0.1:1/0", "away")
    push.publish(["auth_revoked session/a/b"])
    push.listen(lambda *_: None)
    push.publish(["auth_revoked session/a/b"])
    push.stop()


def test_a_server_publishes_what_it_revokes(
    start_server: StartServer, redis_url: str, prefix: str, listening: RedisPush, heard: list[tuple[str, str]]
) -> None:
    server = start_server(settings={"cache.url": redis_url, "cache.key_prefix": prefix})
    stub = api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)
    wish = api_key_service_pb2.CreateApiKeyRequest(display_name="to revoke", permissions=["company.read"])
    revoked: set[str] = set()

    def told() -> bool | None:
        key = stub.CreateApiKey(wish, metadata=server.metadata(), timeout=60).api_key
        revoked.add(key.id)
        stub.RevokeApiKey(api_key_service_pb2.RevokeApiKeyRequest(id=key.id), metadata=server.metadata(), timeout=60)
        return bool(heard) or None

    eventually(told)
    assert {topic for topic, _ in heard} == {"auth_revoked"}
    assert {text.rpartition("/")[2] for _, text in heard} <= revoked


class _Stopped:
    """A push whose thread never began."""

    def __init__(self, push: RedisPush) -> None:
        self.push = push

    def close(self) -> None:
        self.push.stop()
