"""The feed over the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration

from function.company.v1 import company_events_pb2, company_pb2
from function.events.v1 import event_service_pb2 as wire
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer
from tests.services.events.feed import FeedCaller

_COMPANIES = wire.EventFilter(types=["function.company.*"])


@pytest.fixture
def tenant_key(server: RunningServer) -> str:
    """The key of a tenant of the test's own."""
    return make_tenant(server)


@pytest.fixture
def caller(server: RunningServer, tenant_key: str) -> FeedCaller:
    """Whoever administers that tenant."""
    return FeedCaller(server, tenant_key)


def _start(cursor: str) -> wire.EventStart:
    return wire.EventStart(cursor=cursor)


class TestWatching:
    def test_what_happens_is_told_in_order_with_what_happened(self, caller: FeedCaller) -> None:
        watching = caller.watch(filter=_COMPANIES)
        created = [caller.create(f"Acme {number} GmbH") for number in range(5)]
        assert watching.subjects(5) == created
        event = watching.events[0].event
        data = company_events_pb2.CompanyCreated()
        assert event.proto_data.Unpack(data)
        assert (data.company.id, data.company.legal_name) == (created[0], "Acme 0 GmbH")
        positions = [int(each.event.attributes["position"].ce_string) for each in watching.events]
        assert positions == list(range(positions[0], positions[0] + 5))

    def test_a_tenant_hears_nothing_of_another(self, server: RunningServer, caller: FeedCaller) -> None:
        watching = caller.watch(filter=_COMPANIES)
        other = FeedCaller(server, make_tenant(server))
        other.create()
        ours = caller.create()
        assert watching.subjects(1) == [ours]

    def test_it_goes_on_from_a_cursor_without_loss_or_duplicate(self, caller: FeedCaller) -> None:
        first = caller.watch(filter=_COMPANIES)
        created = [caller.create() for _ in range(3)]
        first.subjects(3)
        first.cancel()
        created += [caller.create() for _ in range(3)]
        for number, each in enumerate(first.events, start=1):
            again = caller.watch(filter=_COMPANIES, start=_start(each.cursor))
            assert again.subjects(6 - number) == created[number:]
            again.cancel()

    def test_a_checkpoint_is_as_good_as_an_event_to_go_on_from(self, caller: FeedCaller) -> None:
        quiet = caller.watch(
            filter=wire.EventFilter(types=["function.rules.*"]), checkpoint_interval=Duration(nanos=250_000_000)
        )
        missed = caller.create()
        before = quiet.cursors[0]
        quiet.wait(lambda: quiet.cursors[-1] != before)
        later = caller.create()
        assert quiet.events == []
        assert caller.watch(filter=_COMPANIES, start=_start(before)).subjects(2) == [missed, later]
        assert caller.watch(filter=_COMPANIES, start=_start(quiet.cursors[-1])).subjects(1)[-1] == later

    def test_it_begins_at_a_time_or_with_the_oldest(self, caller: FeedCaller) -> None:
        created = [caller.create() for _ in range(3)]
        oldest = caller.watch(filter=_COMPANIES, start=wire.EventStart(oldest=True))
        assert oldest.subjects(3) == created
        begun = wire.EventStart()
        begun.time.FromDatetime(datetime.now(UTC) - timedelta(hours=1))
        assert caller.watch(filter=_COMPANIES, start=begun).subjects(3) == created

    def test_many_watchers_share_what_is_read(self, caller: FeedCaller) -> None:
        watchers = [caller.watch(filter=_COMPANIES) for _ in range(20)]
        created = [caller.create() for _ in range(5)]
        assert [watcher.subjects(5) for watcher in watchers] == [created] * 20

    def test_filters_narrow_by_resource_and_label(self, caller: FeedCaller) -> None:
        red = caller.watch(filter=wire.EventFilter(labels={"team": "red"}))
        first = caller.create(labels={"team": "red"})
        second = caller.create(labels={"team": "blue"})
        third = caller.create(labels={"team": "red", "tier": "gold"})
        assert red.subjects(2) == [first, third]
        one = wire.EventFilter(subject_types=["company"], subject_ids=[second])
        assert caller.watch(filter=one, start=wire.EventStart(oldest=True)).subjects(1) == [second]


class TestVisibility:
    def test_a_caller_sees_what_its_permissions_allow(self, server: RunningServer, caller: FeedCaller) -> None:
        key = make_key(server, "events.read", "company.read", by=caller.metadata[0][1].removeprefix("Bearer "))
        created = caller.create()
        events = FeedCaller(server, key).list().events
        assert [each.event.type for each in events] == ["function.company.v1.CompanyCreated"]
        assert len(caller.list().events) > len(events)
        assert events[0].event.attributes["subject"].ce_string == f"company/{created}"

    def test_a_type_that_is_named_and_hidden_is_refused_with_the_permission(
        self, server: RunningServer, tenant_key: str
    ) -> None:
        key = make_key(server, "events.read", "company.read", by=tenant_key)
        hidden = wire.EventFilter(types=["function.auth.v1.UserCreated"])
        with pytest.raises(grpc.RpcError) as caught:
            FeedCaller(server, key).list(filter=hidden)
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert "auth.user.read" in str(caught.value.details())
        assert not FeedCaller(server, key).list(filter=wire.EventFilter(types=["function.auth.*"])).events

    def test_an_event_that_may_not_be_seen_does_not_exist(self, server: RunningServer, tenant_key: str) -> None:
        key = make_key(server, "events.read", "rules.read", by=tenant_key)
        caller = FeedCaller(server, tenant_key)
        caller.create()
        event_id = caller.list(filter=_COMPANIES).events[0].event.id
        request = wire.GetEventRequest(id=event_id)
        assert caller.events.GetEvent(request, metadata=caller.metadata).event.event.id == event_id
        stranger = FeedCaller(server, key)
        with pytest.raises(grpc.RpcError) as caught:
            stranger.events.GetEvent(request, metadata=stranger.metadata)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    def test_a_cursor_of_another_tenant_is_refused(self, server: RunningServer, caller: FeedCaller) -> None:
        theirs = FeedCaller(server, make_tenant(server)).list().cursor
        with pytest.raises(grpc.RpcError) as caught:
            caller.list(start=_start(theirs))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


class TestListing:
    def test_pages_follow_each_other_to_the_end(self, caller: FeedCaller) -> None:
        created = [caller.create() for _ in range(5)]
        found, token = [], ""
        page = wire.ListEventsResponse()
        for _ in range(10):
            page = caller.list(filter=_COMPANIES, page_size=2, page_token=token)
            found += [each.event.attributes["subject"].ce_string.partition("/")[2] for each in page.events]
            token = page.next_page_token
            if not token:
                break
        assert found == created
        later = caller.create()
        assert caller.watch(filter=_COMPANIES, start=_start(page.cursor)).subjects(1) == [later]

    def test_every_type_is_listed_with_an_example(self, caller: FeedCaller) -> None:
        request = wire.ListEventTypesRequest(prefix="function.company.")
        types = caller.events.ListEventTypes(request, metadata=caller.metadata).types
        assert [each.name.rpartition(".")[2] for each in types] == [
            "CompanyCreated",
            "CompanyDeleted",
            "CompanyUndeleted",
            "CompanyUpdated",
            "ExportRequested",
            "ImportRequested",
        ]
        assert all(each.visible and each.description and each.example_json for each in types)
        assert {each.example.type for each in types} == {each.name for each in types}


class TestRetention:
    def test_a_cursor_older_than_what_is_kept_is_told_where_to_go_on(self, fresh_server: RunningServer) -> None:
        caller = FeedCaller(fresh_server, make_tenant(fresh_server))
        start = caller.list().cursor
        old = [caller.create() for _ in range(2)]
        # As if these had been recorded long ago, and their day been dropped since.
        with psycopg.connect(fresh_server.database.superuser_url) as connection:
            for company in old:
                connection.execute("delete from event where subject_id = %s", (company,))
            connection.execute("delete from event where position <= 2")
            connection.execute("alter table event detach partition event_default")
            named = connection.execute(
                "select 'event_' || to_char((now() at time zone 'UTC')::date, 'YYYYMMDD')"
            ).fetchone()
            assert named is not None
            connection.execute(f"alter table event detach partition {named[0]}")
        with pytest.raises(grpc.RpcError) as caught:
            caller.list(start=_start(start))
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


class TestSlowReaders:
    def test_who_does_not_take_its_events_is_told_and_cut(self, start_server: StartServer) -> None:
        server = start_server(settings={"events.longest_queue": 20})
        caller = FeedCaller(server)
        # What the channel takes unasked for stays small: it does not measure the line, and grants no more for it.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
        names = [
            company_pb2.CompanyName(value=f"{'Long Name ' * 45}{number}", kind=company_pb2.NAME_KIND_TRADING)
            for number in range(100)
        ]
        with grpc.insecure_channel(server.target, options=options) as channel:
            slow = FeedCaller(server, channel=channel)
            stream = slow.events.Watch(wire.WatchRequest(filter=_COMPANIES), metadata=slow.metadata, timeout=100)
            next(stream)
            for _ in range(150):
                caller.create(names=names)
            with pytest.raises(grpc.RpcError) as caught:
                for _ in stream:
                    pass
            assert caught.value.code() in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED}

    def test_a_server_that_ends_lets_its_watchers_go_well(self, start_server: StartServer) -> None:
        server = start_server()
        watching = FeedCaller(server).watch(filter=_COMPANIES)
        for each in server.backend._slices:
            for end in each.endings:
                end()
        watching.wait(lambda: watching.is_over)
        assert watching.failure is None
