"""Senders that are killed, that work side by side, and tenants that go away meanwhile."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from function.auth.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from function.notifications.v1 import notification_pb2, preference_pb2
from function_backend.services.notifications.adapters.webhook import WebhookChannel
from tests.factories.notifications import Notifier, invoice, wish
from tests.fixtures.accounts import tenant_of
from tests.fixtures.database_faults import eventually
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_child_tenant
from tests.fixtures.provider import Provider, provider
from tests.fixtures.server import RunningServer, running_server

State = notification_pb2.NotificationState
SECRET = base64.b64encode(b"a key of the tests, of 32 bytes.").decode()
MANY = 60


@pytest.fixture(scope="module")
def there() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def settings(there: Provider) -> dict[str, object]:
    return {
        "notifications.chat_url": f"{there.url}/hook",
        "notifications.chat_secret": SECRET,
        "notifications.recipient_per_hour": 1_000,
        "notifications.channel_per_second": 10_000,
    }


@pytest.fixture(scope="module")
def serving(
    database: Database, tmp_path_factory: pytest.TempPathFactory, settings: dict[str, object]
) -> Iterator[RunningServer]:
    with running_server(database, tmp_path_factory.mktemp("sending") / "log", settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def notifier(serving: RunningServer) -> Notifier:
    made = Notifier(serving)
    made.template(invoice())
    return made


def _wish(chat: str = "#ops", *, later: bool = False, **fields: Any) -> notification_pb2.NotificationWish:  # noqa: ANN401
    made = wish(recipient={"chat": chat}, **fields)
    if later:
        made.send_time.FromDatetime(datetime.now(UTC) + timedelta(days=1))
    return made


def _execute(server: RunningServer, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _handed_over(there: Provider) -> Counter[str]:
    return Counter(each.headers["webhook-id"] for each in there.posted)


def test_what_a_killed_sender_had_is_handed_over_again_with_the_same_id(
    notifier: Notifier, serving: RunningServer, there: Provider
) -> None:
    """As it is after the provider took it, when the process died before it wrote that down."""
    sent = notifier.over(notifier.send(_wish()))
    lost = notifier.send(_wish(later=True))
    claimed = "update notification set state = 'sending', holder = %s, due_at = %s, attempts = 1 where id = %s"
    _execute(serving, claimed, uuid.uuid4(), datetime.now(UTC) - timedelta(seconds=1), lost.id)
    found = notifier.over(lost)
    assert (found.state, found.attempts) == (State.NOTIFICATION_STATE_SENT, 2)
    assert _handed_over(there)[lost.id] == 1
    assert _handed_over(there)[sent.id] == 1


def test_whoever_is_late_writes_nothing_down(notifier: Notifier, serving: RunningServer) -> None:
    """What a sender holds whose claim is over belongs to another one."""
    held = notifier.send(_wish(later=True))
    claimed = "update notification set state = 'sending', holder = %s, due_at = %s where id = %s"
    _execute(serving, claimed, uuid.uuid4(), datetime.now(UTC) + timedelta(days=1), held.id)
    with pytest.raises(Exception, match="only what waits can be cancelled"):
        notifier.call("CancelNotification", id=held.id)
    _execute(serving, "update notification set due_at = now() where id = %s", held.id)
    assert notifier.over(held).state == State.NOTIFICATION_STATE_SENT


def test_two_servers_hand_each_notification_over_once(
    notifier: Notifier, serving: RunningServer, there: Provider, settings: dict[str, object], tmp_path: Path
) -> None:
    with running_server(
        serving.database, tmp_path / "log", settings=settings, admin_key=serving.admin_key
    ):  # fmt: skip
        wanted = [_wish(f"#c{number}") for number in range(MANY)]
        made = notifier.call("BatchSendNotifications", notifications=wanted).notifications
        over = [notifier.over(each) for each in made]
    assert {each.state for each in over} == {State.NOTIFICATION_STATE_SENT}
    handed_over = _handed_over(there)
    assert {handed_over[each.id] for each in made} == {1}


def test_one_that_fails_in_an_unforeseen_way_holds_up_no_other(
    notifier: Notifier, serving: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = notifier.send(_wish("#bad", later=True))
    good = [notifier.send(_wish("#good", later=True)) for _ in range(3)]
    # What it says is no sealed text at all, so it cannot even be opened.
    _execute(serving, "update notification set sealed = %s where id = %s", b"\x00", bad.id)
    ids = [each.id for each in (bad, *good)]
    _execute(serving, "update notification set due_at = now() where id = any(%s)", ids)
    assert {notifier.over(each).state for each in good} == {State.NOTIFICATION_STATE_SENT}
    assert notifier.get(bad.id).state != State.NOTIFICATION_STATE_SENT

    def broken(*_: object) -> str:
        raise KeyError("#secret-address")

    monkeypatch.setattr(WebhookChannel, "send", broken)
    failing = notifier.send(_wish("#secret-address"))
    found = eventually(lambda: each if (each := notifier.get(failing.id)).failure else None)
    assert found.failure == "the channel failed (KeyError)"
    monkeypatch.undo()
    _execute(serving, "update notification set due_at = now() where id = %s", failing.id)
    assert notifier.over(failing).state == State.NOTIFICATION_STATE_SENT
    assert "#secret-address" not in serving.log_text()


def test_a_report_of_a_digest_counts_for_all_that_is_in_it(
    notifier: Notifier, serving: RunningServer, there: Provider
) -> None:
    name, chat = f"f{secrets.token_hex(4)}", f"#d{secrets.token_hex(4)}"
    schedule = preference_pb2.DigestSchedule(times=["00:00"])
    notifier.call("SetCategory", category=preference_pb2.Category(name=name, digest=schedule))
    notifier.template(invoice(f"order.{name}", category=name))
    parts = [notifier.send(_wish(chat, template=f"order.{name}")) for _ in range(2)]
    there.body = b'{"id": "digest-1"}'
    _execute(serving, "update notification set due_at = now() where id = %s", parts[0].digest_id)
    digest = notifier.over(notifier.get(parts[0].digest_id))
    there.body = b"{}"
    assert digest.provider_id == "digest-1"
    notifier.call("ReportDelivery", channel="chat", provider_id="digest-1", delivered=True)
    assert {notifier.get(each.id).state for each in parts} == {State.NOTIFICATION_STATE_DELIVERED}


def test_what_a_tenant_has_waits_while_it_is_suspended_and_goes_with_it(serving: RunningServer) -> None:
    child = make_child_tenant(serving)
    notifier = Notifier(serving, child.key)
    notifier.template(invoice())
    waiting = notifier.send(_wish(later=True))
    tenants: Any = tenant_service_pb2_grpc.TenantServiceStub(serving.channel)

    def administer(method: str, **fields: object) -> None:
        request = getattr(tenant_service_pb2, f"{method}Request")(id=child.tenant.id, **fields)
        getattr(tenants, method)(request, metadata=serving.metadata(), timeout=60)

    administer("SuspendTenant")
    _execute(serving, "update notification set due_at = now() where id = %s", waiting.id)
    other = Notifier(serving)
    other.over(other.send(_wish()))
    assert _execute(serving, "select state from notification where id = %s", waiting.id) == [("accepted",)]
    administer("ResumeTenant")
    assert eventually(lambda: notifier.over(waiting)).state == State.NOTIFICATION_STATE_SENT
    left = notifier.send(_wish(later=True))
    administer("SuspendTenant")
    administer("DeleteTenant", name=child.tenant.name)
    _execute(serving, "update notification set due_at = now() where id = %s", left.id)
    _execute(serving, "select purge_notifications(now() - interval '1 day', 500)")
    assert _execute(serving, "select id from notification where tenant_id = %s", child.tenant.id) == []
    assert tenant_of(serving) != child.tenant.id


def test_what_is_over_goes_after_its_time_and_what_waits_stays(notifier: Notifier, serving: RunningServer) -> None:
    over, waiting = notifier.over(notifier.send(_wish())), notifier.send(_wish(later=True))
    _execute(serving, "update notification set ended_at = '2020-01-01' where id = %s", over.id)
    _execute(serving, "select purge_notifications(now() - interval '90 days', 500)")
    with pytest.raises(Exception, match="does not exist"):
        notifier.get(over.id)
    assert notifier.get(waiting.id).state == State.NOTIFICATION_STATE_ACCEPTED
