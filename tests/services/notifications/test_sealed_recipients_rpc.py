"""Whom notifications are for is nowhere in the database as it is, and is found, shown and sealed anew all the same."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import psycopg
import pytest

from function.auth.v1 import data_key_service_pb2, data_key_service_pb2_grpc
from function.notifications.v1 import notification_pb2
from tests.factories.notifications import Notifier, invoice, wish
from tests.fixtures.database_faults import eventually
from tests.fixtures.mail_server import MailServer, mail_settings
from tests.fixtures.principals import make_child_tenant
from tests.fixtures.server import RunningServer, StartServer

NAME = "Käthe Recipient"


@pytest.fixture
def notifier(server: RunningServer) -> Notifier:
    """A tenant of its own, whose notifications wait: nobody is at the other end of the chat."""
    made = Notifier(server, make_child_tenant(server).key)
    made.template(invoice())
    return made


def _target() -> str:
    return f"#room-{uuid.uuid4().hex}"


def _send(notifier: Notifier, target: str) -> notification_pb2.Notification:
    return notifier.send(wish(recipient={"chat": target, "display_name": NAME}))


def _row(server: RunningServer, notification_id: str) -> tuple[str, bytes, bytes, str]:
    """The row as text, with the sealed columns and the index."""
    with psycopg.connect(server.database.superuser_url) as connection:
        row = connection.execute(
            "select n::text, sealed_address, sealed_display_name, address_key from notification n where id = %s",
            [notification_id],
        ).fetchone()
    assert row is not None
    return row


def _execute(server: RunningServer, statement: str, values: Sequence[object]) -> None:
    with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
        connection.execute(statement, values)


def _as_of_the_release_before(server: RunningServer, notification_id: str, target: str) -> None:
    _execute(
        server,
        "update notification set address = %s, display_name = %s, sealed_address = null, sealed_display_name = null, "
        "address_key = null where id = %s",
        (target, NAME, notification_id),
    )


def test_neither_address_nor_name_is_stored_as_it_is(notifier: Notifier, server: RunningServer) -> None:
    target = _target()
    sent = _send(notifier, target)
    text, *_ = _row(server, sent.id)
    assert target not in text
    assert NAME not in text
    assert target.encode().hex() not in text
    shown = notifier.get(sent.id).recipient
    assert (shown.chat, shown.display_name) == (target, NAME)


def test_it_is_found_by_its_address_and_another_one_is_not(notifier: Notifier) -> None:
    target = _target()
    first, second, _ = (_send(notifier, each) for each in (target, target, _target()))
    found = notifier.call("ListNotifications", recipient={"chat": target}).notifications
    assert [each.id for each in found] == [second.id, first.id]
    assert {each.recipient.chat for each in found} == {target}


def test_equal_addresses_have_equal_indexes_within_a_tenant_alone(notifier: Notifier, server: RunningServer) -> None:
    target = _target()
    other = Notifier(server, make_child_tenant(server).key)
    other.template(invoice())
    first, second, elsewhere = (_row(server, _send(each, target).id)[3] for each in (notifier, notifier, other))
    assert first == second != elsewhere


def test_rows_of_the_release_before_are_shown_and_found(notifier: Notifier, server: RunningServer) -> None:
    target = _target()
    sent = _send(notifier, target)
    _as_of_the_release_before(server, sent.id, target)
    assert notifier.get(sent.id).recipient.display_name == NAME
    assert [each.id for each in notifier.call("ListNotifications", recipient={"chat": target}).notifications] == [
        sent.id
    ]


def test_a_rotation_seals_anew_what_is_there_and_what_was_not_sealed(server: RunningServer) -> None:
    key = make_child_tenant(server).key
    notifier = Notifier(server, key)
    notifier.template(invoice())
    targets = [_target() for _ in range(3)]
    sent = [_send(notifier, target) for target in targets]
    before = [_row(server, each.id) for each in sent]
    _as_of_the_release_before(server, sent[0].id, targets[0])
    keys = data_key_service_pb2_grpc.DataKeyServiceStub(server.channel)

    def has_a_key() -> bool:
        state = keys.GetDataKey(data_key_service_pb2.GetDataKeyRequest(), metadata=server.metadata(key), timeout=60)
        return bool(state.data_key.generation)

    eventually(has_a_key)
    keys.RotateDataKey(data_key_service_pb2.RotateDataKeyRequest(), metadata=server.metadata(key), timeout=60)
    _, sealed_before, _, _ = before[1]
    eventually(lambda: _row(server, sent[1].id)[1][1:17] != sealed_before[1:17])
    eventually(lambda: _row(server, sent[0].id)[1] is not None)
    for each, target in zip(sent, targets, strict=True):
        text, address, name, index = _row(server, each.id)
        assert target not in text
        assert address[1:17] == name[1:17] != sealed_before[1:17]
        assert index.startswith("~")
        shown = notifier.get(each.id).recipient
        assert (shown.chat, shown.display_name) == (target, NAME)


def test_what_cannot_be_read_any_more_is_not_sent_and_says_so(start_server: StartServer, mailbox: MailServer) -> None:
    notifier = Notifier(server := start_server(settings=mail_settings(mailbox.port)))
    notifier.template(invoice())
    sent = notifier.send(wish("ann@example.com", send_time="2999-01-01T00:00:00Z"))
    _execute(server, "update notification set sealed_address = '\\x01'::bytea, due_at = now() where id = %s", [sent.id])
    over = notifier.over(sent)
    assert over.state == notification_pb2.NOTIFICATION_STATE_FAILED
    assert "cannot be read any more" in over.failure
    assert over.recipient.email == ""
    assert mailbox.envelopes == []
