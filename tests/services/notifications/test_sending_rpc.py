"""Sending over the wire, to a real mail server: what arrives, once, and how far it came."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from function.notifications.v1 import notification_pb2, preference_pb2
from tests.factories.notifications import Notifier, invoice, wish
from tests.fixtures.database_faults import eventually
from tests.fixtures.mail_server import MailServer, mail_server, mail_settings
from tests.fixtures.postgres import Database
from tests.fixtures.server import RunningServer, StartServer, running_server

State = notification_pb2.NotificationState


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def mailing(database: Database, tmp_path_factory: pytest.TempPathFactory, mail: MailServer) -> Iterator[RunningServer]:
    log = tmp_path_factory.mktemp("mailing") / "log"
    with running_server(database, log, settings=mail_settings(mail.port, recipient_per_hour=1000)) as running:
        yield running


@pytest.fixture(scope="module")
def notifier(mailing: RunningServer) -> Notifier:
    made = Notifier(mailing)
    made.template(invoice())
    made.template(invoice(language="de", content={"subject": "Rechnung {{ number }}", "text": "Bitte {{ amount }}."}))
    return made


def _address() -> str:
    return f"u{uuid.uuid4().hex[:12]}@example.com"


def _later(seconds: float) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds))
    return made


def test_a_notification_arrives_with_text_html_and_the_headers_of_mail_programs(
    notifier: Notifier, mail: MailServer
) -> None:
    to = _address()
    sent = notifier.send(wish(to, recipient={"email": to, "display_name": "Ann Müller"}))
    assert sent.state == State.NOTIFICATION_STATE_QUEUED
    message = mail.message_to(to)
    assert message["Subject"] == "Invoice 4711"
    assert message["From"] == "Function <no-reply@function.example>"
    assert message["To"] == f"Ann Müller <{to}>"
    assert message["Message-ID"] == f"<{sent.id}@function.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"].startswith("<https://api.function.example/notifications/unsubscribe?token=")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # As it stands on the wire: mail programs do not decode the header, however long the link is.
    (raw,) = [each.original_content or b"" for each in mail.envelopes if to in each.rcpt_tos]
    assert f"List-Unsubscribe: {message['List-Unsubscribe']}".encode() in raw
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split() == ["Please", "pay", "12.50."]
    assert html.get_content().strip() == "<p>Please pay <b>12.50</b> for 4711.</p>"
    over = notifier.over(sent)
    assert over.state == State.NOTIFICATION_STATE_SENT
    assert (over.attempts, over.provider_id, over.failure) == (1, message["Message-ID"], "")
    assert over.HasField("sent_time")


def test_the_language_of_the_recipient_decides_and_falls_back(notifier: Notifier, mail: MailServer) -> None:
    to, other = _address(), _address()
    german = notifier.send(wish(to, recipient={"email": to, "language": "de-AT"}))
    french = notifier.send(wish(other, recipient={"email": other, "language": "fr"}))
    assert (german.language, french.language) == ("de", "en")
    assert mail.message_to(to)["Subject"] == "Rechnung 4711"
    assert mail.message_to(other)["Subject"] == "Invoice 4711"


def test_the_same_key_is_told_once_and_another_wish_under_it_is_refused(notifier: Notifier, mail: MailServer) -> None:
    to, key = _address(), f"invoice-{uuid.uuid4().hex}"
    first = notifier.call("SendNotification", notification=wish(to, key=key))
    again = notifier.call("SendNotification", notification=wish(to, key=key))
    assert (first.existed, again.existed) == (False, True)
    assert first.notification.id == again.notification.id
    notifier.over(first.notification)
    again = notifier.call("SendNotification", notification=wish(to, key=key))
    assert again.notification.state == State.NOTIFICATION_STATE_SENT
    with pytest.raises(grpc.RpcError, match="belongs to another notification"):
        notifier.send(wish(to, key=key, variables={"number": "4712", "amount": 1}))
    assert len([each for each in mail.envelopes if to in each.rcpt_tos]) == 1


def test_a_batch_is_taken_on_as_a_whole_or_not_at_all(notifier: Notifier, mail: MailServer) -> None:
    to = [_address() for _ in range(5)]
    made = notifier.call("BatchSendNotifications", notifications=[wish(each) for each in to]).notifications
    assert [each.recipient.email for each in made] == to
    for each in to:
        mail.message_to(each)
    lost = _address()
    with pytest.raises(grpc.RpcError, match=r"variables.amount: is missing"):
        notifier.call("BatchSendNotifications", notifications=[wish(lost), wish(_address(), variables={"number": "1"})])
    listed = notifier.call("ListNotifications", recipient=preference_pb2.PreferenceHolder(email=lost)).notifications
    assert list(listed) == []


def test_a_notification_for_later_waits_and_can_be_cancelled(notifier: Notifier, mail: MailServer) -> None:
    to = _address()
    wanted = wish(to)
    wanted.send_time.CopyFrom(_later(3600))
    waiting = notifier.send(wanted)
    assert waiting.state == State.NOTIFICATION_STATE_ACCEPTED
    cancelled = notifier.call("CancelNotification", id=waiting.id).notification
    assert cancelled.state == State.NOTIFICATION_STATE_CANCELLED
    assert notifier.call("CancelNotification", id=waiting.id).notification.state == cancelled.state
    sent = notifier.over(notifier.send(wish(_address())))
    with pytest.raises(grpc.RpcError, match="is sent; only what waits can be cancelled"):
        notifier.call("CancelNotification", id=sent.id)
    assert not [each for each in mail.envelopes if to in each.rcpt_tos]


def test_a_temporary_refusal_is_tried_again_and_a_permanent_one_is_final(notifier: Notifier, mail: MailServer) -> None:
    mail.answers.append("451 4.7.1 greylisted")
    later = notifier.over(notifier.send(wish(_address())))
    assert (later.state, later.attempts) == (State.NOTIFICATION_STATE_SENT, 2)
    mail.answers.append("550 5.1.1 nobody here")
    never = notifier.over(notifier.send(wish(_address())))
    assert never.state == State.NOTIFICATION_STATE_FAILED
    assert (never.failure, never.attempts) == ("the mail server says 550 5.1.1", 1)
    mail.data_answers.append("554 5.7.1 looks like spam")
    refused = notifier.over(notifier.send(wish(_address())))
    assert (refused.state, refused.failure) == (State.NOTIFICATION_STATE_FAILED, "the mail server says 554 5.7.1")


def test_connections_are_kept_from_one_message_to_the_next(notifier: Notifier, mail: MailServer) -> None:
    before = mail.connections
    for _ in range(6):
        notifier.over(notifier.send(wish(_address())))
    assert mail.connections - before <= 4


@pytest.mark.parametrize("name", ["käthe@müller.example", "ann@bücher.example", "δοκιμή@παράδειγμα.example"])
def test_addresses_in_all_letters_arrive(notifier: Notifier, mail: MailServer, name: str) -> None:
    to = f"{uuid.uuid4().hex[:8]}{name}"
    sent = notifier.over(notifier.send(wish(to)))
    assert (sent.state, sent.failure) == (State.NOTIFICATION_STATE_SENT, "")
    local, _, domain = to.partition("@")
    mail.message_to(f"{local}@{domain.encode('idna').decode()}")


@pytest.mark.parametrize(
    "fields",
    [
        {"recipient": {"email": "ann@example.com\r\nBcc: eve@example.com"}},
        {"recipient": {"email": "ann@example.com>\r\nRCPT TO:<eve@example.com"}},
        {"recipient": {"email": "ann@example.com, eve@example.com"}},
        {"recipient": {"email": ""}},
        {"recipient": {"phone": "+43664123"}},
    ],
)
def test_what_is_no_address_is_refused_where_it_is_asked_for(notifier: Notifier, fields: dict[str, Any]) -> None:
    with pytest.raises(grpc.RpcError, match=r"notification.recipient"):
        notifier.send(wish(**fields))


def test_nothing_becomes_a_header_that_is_not_one(notifier: Notifier, mail: MailServer) -> None:
    to, evil = _address(), "x\r\nBcc: eve@example.com\r\n\r\n<b>"
    wanted = wish(to, recipient={"email": to, "display_name": evil}, variables={"number": evil, "amount": 1})
    notifier.send(wanted)
    message = mail.message_to(to)
    assert message["Bcc"] is None
    assert message["Subject"] == "Invoice x Bcc: eve@example.com <b>"
    assert [each.rcpt_tos for each in mail.envelopes if "eve@example.com" in each.rcpt_tos] == []


def test_a_provider_reports_what_became_of_a_message(notifier: Notifier) -> None:
    arrived, bounced = (notifier.over(notifier.send(wish(_address()))) for _ in range(2))
    report: dict[str, Any] = {"channel": "email", "provider_id": arrived.provider_id}
    told = notifier.call("ReportDelivery", **report, delivered=True).notification
    assert told.state == State.NOTIFICATION_STATE_DELIVERED
    later = notifier.call("ReportDelivery", **report, delivered=False).notification
    assert later.state == State.NOTIFICATION_STATE_DELIVERED
    told = notifier.call(
        "ReportDelivery", channel="email", provider_id=bounced.provider_id, failure="mailbox full"
    ).notification
    assert (told.state, told.failure) == (State.NOTIFICATION_STATE_FAILED, "mailbox full")


def test_notifications_are_listed_by_state_template_and_recipient(notifier: Notifier) -> None:
    to = _address()
    sent = [notifier.over(notifier.send(wish(to))) for _ in range(3)]
    holder = preference_pb2.PreferenceHolder(email=to.upper().replace("EXAMPLE.COM", "example.com").lower())
    page = notifier.call("ListNotifications", recipient=holder, page_size=2)
    assert [each.id for each in page.notifications] == [sent[2].id, sent[1].id]
    rest = notifier.call("ListNotifications", recipient=holder, page_size=2, page_token=page.next_page_token)
    assert [each.id for each in rest.notifications] == [sent[0].id]
    failed = notifier.call("ListNotifications", recipient=holder, states=[State.NOTIFICATION_STATE_FAILED])
    assert list(failed.notifications) == []
    assert len(notifier.call("ListNotifications", recipient=holder, template="invoice.due").notifications) == 3


def test_only_checking_sends_nothing(notifier: Notifier, mail: MailServer) -> None:
    to = _address()
    made = notifier.call("SendNotification", notification=wish(to), validate_only=True).notification
    with pytest.raises(grpc.RpcError, match="does not exist"):
        notifier.get(made.id)
    assert not [each for each in mail.envelopes if to in each.rcpt_tos]


def test_the_channels_say_what_they_promise(notifier: Notifier) -> None:
    (channel,) = notifier.call("ListChannels").channels
    assert (channel.name, channel.adapter, channel.idempotent) == ("email", "smtp", False)


def test_what_a_notification_says_is_nowhere_when_it_is_over(
    notifier: Notifier, mailing: RunningServer, mail: MailServer
) -> None:
    import psycopg  # noqa: PLC0415  for this test alone

    secret = uuid.uuid4().hex
    sent = notifier.over(notifier.send(wish(_address(), variables={"number": secret, "amount": 1})))
    with psycopg.connect(mailing.database.superuser_url) as connection:
        row = connection.execute("select sealed, n::text from notification n where id = %s", [sent.id]).fetchone()
    assert row is not None
    assert row[0] is None
    assert secret not in row[1]
    assert secret not in mailing.log_text()


def test_too_many_for_one_recipient_wait_and_too_many_of_a_tenant_are_refused(
    start_server: StartServer, mailbox: MailServer
) -> None:
    server = start_server(settings=mail_settings(mailbox.port, recipient_per_hour=2, tenant_per_second=0.001))
    notifier = Notifier(server)
    notifier.template()
    to = _address()
    sent = [notifier.send(wish(to)) for _ in range(3)]
    eventually(lambda: len([each for each in mailbox.envelopes if to in each.rcpt_tos]) == 2)
    eventually(lambda: [notifier.get(each.id).failure for each in sent].count("waits for its turn") == 1)
    with pytest.raises(grpc.RpcError, match="A tenant sends at most") as refused:
        for _ in range(3):
            notifier.call("BatchSendNotifications", notifications=[wish(_address()) for _ in range(100)])
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_notification_that_cannot_be_sent_in_time_fails_and_says_why(
    start_server: StartServer, tmp_path: Path, mailbox: MailServer
) -> None:
    notifier = Notifier(start_server(settings=mail_settings(mailbox.port)))
    notifier.template()
    mailbox.answers += ["451 4.3.0 later"] * 20
    wanted = wish(_address())
    wanted.expire_time.CopyFrom(_later(4))
    failed = notifier.over(notifier.send(wanted))
    assert failed.state == State.NOTIFICATION_STATE_FAILED
    assert failed.failure == "it was not sent in time: the mail server says 451 4.3.0"
