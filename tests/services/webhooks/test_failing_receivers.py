from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from function.webhooks.v1 import delivery_pb2, endpoint_pb2
from tests.factories.webhooks import LOCAL, WebhookCaller
from tests.fixtures.database_faults import eventually
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.webhook_receiver import Receiver, receiving, status

DELIVERED, FAILED = delivery_pb2.DELIVERY_STATE_DELIVERED, delivery_pb2.DELIVERY_STATE_FAILED
PENDING, WAITING = delivery_pb2.DELIVERY_STATE_PENDING, delivery_pb2.DELIVERY_STATE_WAITING
DISABLED = "function.webhooks.v1.EndpointDisabled"


@pytest.fixture
def local(start_server: StartServer) -> RunningServer:
    return start_server(settings={**LOCAL, "webhooks.disable_after": "1ms"})


@pytest.fixture
def caller(local: RunningServer) -> WebhookCaller:
    return WebhookCaller(local)


@pytest.fixture
def watcher() -> Iterator[Receiver]:
    """Another receiver."""
    with receiving() as running:
        yield running


def hurry(server: RunningServer) -> None:
    """Makes everything due that waits for its next attempt."""
    with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
        connection.execute("update webhook_delivery set due_at = now() where state = 'pending' and lease is null")
        connection.execute("update webhook_queue set due_at = now(), paused_until = null where enabled")


class TestRetries:
    @pytest.mark.parametrize("code", [300, 301, 307, 400, 404, 500, 502])
    def test_anything_but_a_success_is_tried_again_with_the_same_id(
        self, caller: WebhookCaller, receiver: Receiver, code: int
    ) -> None:
        receiver.planned.append(status(code, Location="http://127.0.0.1:1/elsewhere"))
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        failed = caller.attempted(endpoint.id)
        assert (failed.state, failed.last_status_code) == (PENDING, code)
        assert failed.HasField("next_attempt_time")
        hurry(caller.server)
        (done,) = caller.ended(endpoint.id, DELIVERED)
        first, second = receiver.wait(2)
        assert (done.id, done.attempts) == (failed.id, 2)
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == done.event_id
        assert first.body == second.body
        outcomes = [each.outcome for each in caller.send("GetDelivery", id=done.id).attempts]
        assert outcomes == [delivery_pb2.ATTEMPT_OUTCOME_REFUSED, delivery_pb2.ATTEMPT_OUTCOME_DELIVERED]

    @pytest.mark.parametrize("code", [429, 503])
    def test_a_receiver_that_wants_to_be_left_alone_is(
        self, caller: WebhookCaller, receiver: Receiver, code: int
    ) -> None:
        receiver.planned.append(status(code, Retry_After="3600"))
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        failed = caller.attempted(endpoint.id)
        with psycopg.connect(caller.server.database.superuser_url) as connection:
            row = connection.execute(
                "select paused_until - now() > interval '59 minutes', "
                "(select due_at - now() > interval '59 minutes' from webhook_delivery where id = %s) "
                "from webhook_queue where endpoint_id = %s",
                (failed.id, endpoint.id),
            ).fetchone()
        assert row == (True, True)
        # Not only what it refused: what comes later waits as well.
        caller.company()
        later = eventually(lambda: next(iter(caller.deliveries(endpoint.id)[:1]), None))
        assert later.attempts == 0 or later.id == failed.id
        assert len(receiver.posted) == 1

    def test_what_is_never_taken_is_given_up(self, start_server: StartServer, receiver: Receiver) -> None:
        caller = WebhookCaller(start_server(settings={**LOCAL, "webhooks.retry_for": "1ms"}))
        receiver.answer = status(500)
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        (given_up,) = caller.ended(endpoint.id, FAILED)
        assert given_up.HasField("end_time")
        assert not given_up.HasField("next_attempt_time")


class TestDisabling:
    def test_a_receiver_that_is_gone_disables_its_endpoint_with_an_event(
        self, caller: WebhookCaller, receiver: Receiver, watcher: Receiver
    ) -> None:
        caller.endpoint(watcher.url, filter=endpoint_pb2.EventFilter(types=[DISABLED]))
        receiver.answer = status(410)
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        watcher.wait(1)
        now = caller.send("GetEndpoint", id=endpoint.id).endpoint
        assert now.disable_reason == endpoint_pb2.DISABLE_REASON_GONE
        assert caller.ended(endpoint.id, FAILED)[0].attempts == 1

    def test_an_endpoint_that_fails_for_too_long_is_disabled_with_an_event(
        self, caller: WebhookCaller, receiver: Receiver, watcher: Receiver
    ) -> None:
        caller.endpoint(watcher.url, filter=endpoint_pb2.EventFilter(types=[DISABLED]))
        receiver.answer = status(500)
        endpoint, _ = caller.endpoint(receiver.url)
        for number in range(12):
            caller.company(f"Failing {number} GmbH")
        receiver.wait(10)

        def disabled() -> int | None:
            hurry(caller.server)
            return len(watcher.posted) or None

        eventually(disabled)
        now = caller.send("GetEndpoint", id=endpoint.id).endpoint
        assert now.disable_reason == endpoint_pb2.DISABLE_REASON_FAILING

    def test_a_success_forgets_the_failures_before_it(self, caller: WebhookCaller, receiver: Receiver) -> None:
        receiver.planned.append(status(500))
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        caller.attempted(endpoint.id)
        assert caller.send("GetEndpoint", id=endpoint.id).endpoint.HasField("failing_since")
        hurry(caller.server)
        caller.ended(endpoint.id, DELIVERED)
        assert not caller.send("GetEndpoint", id=endpoint.id).endpoint.HasField("failing_since")


class TestOthers:
    def test_a_receiver_that_hangs_does_not_hold_up_the_others(
        self, start_server: StartServer, receiver: Receiver, watcher: Receiver
    ) -> None:
        released = threading.Event()
        settings = {**LOCAL, "webhooks.in_flight": 8, "webhooks.in_flight_per_endpoint": 2}
        caller = WebhookCaller(start_server(settings={**settings, "webhooks.attempt_timeout": "30s"}))
        receiver.answer = lambda *_: released.wait(60)
        try:
            hanging, _ = caller.endpoint(receiver.url)
            caller.endpoint(watcher.url)
            for number in range(20):
                caller.company(f"Held up {number} GmbH")
            assert len(watcher.wait(20)) == 20
            assert len(receiver.posted) == 2
            assert all(each.attempts == 0 for each in caller.deliveries(hanging.id))
        finally:
            released.set()

    def test_an_event_is_delivered_to_each_endpoint_once(
        self, caller: WebhookCaller, receiver: Receiver, watcher: Receiver
    ) -> None:
        for running in (receiver, watcher):
            caller.endpoint(running.url)
        companies = {caller.company(f"Number {number} GmbH").id for number in range(30)}
        for running in (receiver, watcher):
            posted = running.wait(30)
            assert len({each.headers["webhook-id"] for each in posted}) == len(posted) == 30
        assert len(companies) == 30


class TestOrder:
    def test_events_of_one_company_arrive_in_order_whatever_fails(
        self, caller: WebhookCaller, receiver: Receiver
    ) -> None:
        receiver.planned.extend([status(500), status(503), status(404)])
        endpoint, _ = caller.endpoint(receiver.url, ordered=True)
        companies = [caller.company(f"Ordered {number} GmbH") for number in range(3)]
        for _ in range(5):
            for company in companies:
                caller.rename(company)

        def done() -> list[delivery_pb2.Delivery] | None:
            hurry(caller.server)
            found = caller.deliveries(endpoint.id, state=DELIVERED, page_size=1000)
            return found if len(found) == 18 else None

        found = {each.event_id: each for each in eventually(done)}
        accepted: dict[str, list[int]] = {}
        for posted in receiver.posted[3:]:
            delivery = found[posted.headers["webhook-id"]]
            accepted.setdefault(delivery.subject_id, []).append(delivery.event_position)
        assert all(positions == sorted(positions) for positions in accepted.values())
        assert sum(map(len, accepted.values())) == 18

    def test_only_the_first_of_a_company_is_attempted_while_it_fails(
        self, caller: WebhookCaller, receiver: Receiver
    ) -> None:
        receiver.answer = status(500)
        endpoint, _ = caller.endpoint(receiver.url, ordered=True)
        company = caller.company("Stuck GmbH")
        caller.rename(company)
        other = caller.company("Other GmbH")
        receiver.wait(2)
        found = eventually(lambda: ((each := caller.deliveries(endpoint.id)) and len(each) == 3 and each) or None)
        states = {(each.subject_id, each.event_type.rpartition(".")[2]): each.state for each in found}
        assert states[company.id, "CompanyUpdated"] == WAITING
        assert states[company.id, "CompanyCreated"] == states[other.id, "CompanyCreated"] == PENDING
