"""What tells of people in events: shown to those alone who hold the permission, however they read the feed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import psycopg
import pytest

from function.auth.v1 import user_events_pb2, user_pb2, user_service_pb2, user_service_pb2_grpc
from function.events.v1 import event_service_pb2 as wire
from tests.fixtures.principals import NewTenant, make_child_tenant, make_key
from tests.fixtures.server import RunningServer
from tests.services.events.feed import SECONDS, FeedCaller

_CREATED = "function.auth.v1.UserCreated"
_USERS = wire.EventFilter(types=[_CREATED])
_MARK = b"\xfa\xff\xff\xff\x0f"
"""What a sealed payload begins with."""
_READING = ("events.read", "auth.user.read")


@dataclass
class _Scene:
    server: RunningServer
    tenant: NewTenant
    trusted: FeedCaller
    """Holds the permission."""
    reader: FeedCaller
    """Holds all that is needed to see events of users, and no more."""

    def create(self) -> user_pb2.User:
        name = f"u{secrets.token_hex(6)}"
        user = user_pb2.User(user_name=name, email=f"{name}@example.com", display_name="Ann", labels={"team": "red"})
        users = user_service_pb2_grpc.UserServiceStub(self.server.channel)
        request = user_service_pb2.CreateUserRequest(user=user)
        return users.CreateUser(request, metadata=self.server.metadata(self.tenant.key), timeout=SECONDS).user


@pytest.fixture
def scene(server: RunningServer) -> _Scene:
    tenant = make_child_tenant(server)
    trusted = make_key(server, *_READING, "auth.sensitive.read", by=tenant.key)
    reader = make_key(server, *_READING, by=tenant.key)
    return _Scene(server, tenant, FeedCaller(server, trusted), FeedCaller(server, reader))


def _user(placed: wire.PlacedEvent) -> user_pb2.User:
    data = user_events_pb2.UserCreated()
    assert placed.event.proto_data.Unpack(data)
    return data.user


def _is_whole(placed: wire.PlacedEvent, made: user_pb2.User) -> bool:
    seen = _user(placed)
    assert _MARK not in placed.event.SerializeToString()
    return (seen.id, seen.user_name, seen.email, seen.display_name) == (
        made.id,
        made.user_name,
        made.email,
        made.display_name,
    )


def _is_masked(placed: wire.PlacedEvent, made: user_pb2.User) -> bool:
    seen = _user(placed)
    told = placed.event.SerializeToString()
    assert made.user_name.encode() not in told
    # Nor the sealed text, of which nobody outside has any use.
    assert len(told) < 1_000
    assert _MARK not in told
    return (seen.id, seen.user_name, seen.email, seen.display_name, dict(seen.labels)) == (
        made.id,
        "",
        "",
        "",
        {"team": "red"},
    )


class TestWhoSeesThem:
    def test_lists_and_single_events_show_them_to_those_with_the_permission(self, scene: _Scene) -> None:
        made = scene.create()
        [whole] = scene.trusted.list(filter=_USERS).events
        [masked] = scene.reader.list(filter=_USERS).events
        assert _is_whole(whole, made)
        assert _is_masked(masked, made)
        request = wire.GetEventRequest(id=whole.event.id)
        for caller, shown in ((scene.trusted, _is_whole), (scene.reader, _is_masked)):
            got = caller.events.GetEvent(request, metadata=caller.metadata, timeout=SECONDS).event
            assert shown(got, made)

    def test_watchers_of_one_tenant_get_each_what_they_may_see(self, scene: _Scene) -> None:
        watchers = [(caller.watch(filter=_USERS), caller) for caller in (scene.trusted, scene.reader) * 3]
        made = [scene.create() for _ in range(3)]
        for watching, caller in watchers:
            assert watching.subjects(3) == [user.id for user in made]
            shown = _is_whole if caller is scene.trusted else _is_masked
            assert [shown(placed, user) for placed, user in zip(watching.events, made, strict=True)] == [True] * 3

    def test_whoever_watches_from_the_beginning_gets_what_it_may_see(self, scene: _Scene) -> None:
        made = scene.create()
        start = wire.EventStart(oldest=True)
        whole, masked = (caller.watch(filter=_USERS, start=start) for caller in (scene.trusted, scene.reader))
        assert whole.subjects(1) == masked.subjects(1) == [made.id]
        assert _is_whole(whole.events[0], made)
        assert _is_masked(masked.events[0], made)

    def test_without_the_key_everybody_gets_the_event_without_them(self, scene: _Scene) -> None:
        made = scene.create()
        with psycopg.connect(scene.server.database.superuser_url, autocommit=True) as connection:
            connection.execute("delete from tenant_key where tenant_id = %s", (scene.tenant.tenant.id,))
        [shown] = scene.trusted.list(filter=_USERS).events
        assert _is_masked(shown, made)
        watching = scene.trusted.watch(filter=_USERS, start=wire.EventStart(oldest=True))
        assert watching.subjects(1) == [made.id]
        assert _is_masked(watching.events[0], made)
