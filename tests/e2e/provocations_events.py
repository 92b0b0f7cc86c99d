"""How a caller meets the reasons of the feed."""

from __future__ import annotations

from uuid import uuid4

import psycopg

from function.events.v1 import event_service_pb2 as wire
from function_backend.services.events.adapters.watcher import Watcher
from tests.e2e.provocations import provokes
from tests.e2e.scene import Scene
from tests.fixtures.methods import Answer, refusal
from tests.fixtures.principals import make_key
from tests.services.events.feed import FeedCaller


@provokes("INVALID_EVENT_CURSOR")
def _(scene: Scene) -> Answer:
    return scene.send("ListEvents", wire.ListEventsRequest(start=wire.EventStart(cursor="made-up")))


@provokes("EVENT_CURSOR_EXPIRED")
def _(scene: Scene) -> Answer:
    caller = FeedCaller(scene.narrow)
    start = wire.EventStart(cursor=caller.list(page_size=1).cursor)
    scene.create(on=scene.narrow)
    # As if the days until now had been dropped. What happens from now on goes to the default partition.
    with psycopg.connect(scene.narrow.database.superuser_url, autocommit=True) as connection:
        partitions = connection.execute(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where i.inhparent = 'event'::regclass and c.relname ~ '^event_[0-9]{8}$' order by 1"
        ).fetchall()
        connection.execute(f"drop table {partitions[0][0]}")
    scene.create(on=scene.narrow)
    return scene.send("ListEvents", wire.ListEventsRequest(start=start), on=scene.narrow)


@provokes("UNKNOWN_EVENT_TYPE")
def _(scene: Scene) -> Answer:
    wanted = wire.EventFilter(types=["function.company.v1.CompanyCreate"])
    return scene.send("ListEvents", wire.ListEventsRequest(filter=wanted))


@provokes("EVENT_TYPE_HIDDEN")
def _(scene: Scene) -> Answer:
    wanted = wire.EventFilter(types=["function.company.v1.CompanyCreated"])
    key = make_key(scene.usual, "events.read")
    return scene.send("ListEvents", wire.ListEventsRequest(filter=wanted), key=key)


@provokes("EVENT_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetEvent", wire.GetEventRequest(id=str(uuid4())))


@provokes("TOO_MANY_EVENT_WATCHERS")
def _(scene: Scene) -> Answer:
    # The server takes one, which is not cancelled before the next one has been refused.
    first = FeedCaller(scene.narrow).watch()
    try:
        return scene.send("Watch", wire.WatchRequest(), on=scene.narrow)
    finally:
        first.cancel()


@provokes("EVENT_WATCHER_TOO_SLOW")
def _(scene: Scene) -> Answer:
    offer = Watcher.offer

    def offer_all_at_once(self: Watcher, *offered: object) -> None:
        self._too_many, self._ending = 2, True
        self._continue()
        offer(self, *offered)  # type: ignore[arg-type]

    Watcher.offer = offer_all_at_once  # type: ignore[method-assign,assignment]
    try:
        scene.create()
        stream = FeedCaller(scene.usual).watch(start=wire.EventStart(oldest=True))
        scene.create()
        stream.wait(lambda: stream.is_over)
    finally:
        Watcher.offer = offer  # type: ignore[method-assign]
    return refusal(stream.failure)
