"""What recipients want: categories, unsubscribing by a link, and digests."""

from __future__ import annotations

import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import grpc
import psycopg
import pytest

from function.notifications.v1 import notification_pb2, preference_pb2
from tests.factories.notifications import Notifier, invoice, wish
from tests.fixtures.http_port import http_port
from tests.fixtures.mail_server import MailServer, mail_server, mail_settings
from tests.fixtures.postgres import Database
from tests.fixtures.server import RunningServer, running_server

State = notification_pb2.NotificationState
Holder = preference_pb2.PreferenceHolder


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def mailing(database: Database, tmp_path_factory: pytest.TempPathFactory, mail: MailServer) -> Iterator[RunningServer]:
    with running_server(
        database, tmp_path_factory.mktemp("mailing") / "log", settings=mail_settings(mail.port)
    ) as running:
        yield running


@pytest.fixture(scope="module")
def notifier(mailing: RunningServer) -> Notifier:
    made = Notifier(mailing)
    made.template(invoice())
    return made


def _address() -> str:
    return f"u{secrets.token_hex(6)}@example.com"


def _link(mail: MailServer, to: str) -> str:
    return str(mail.message_to(to)["List-Unsubscribe"]).strip("<>")


def _request(url: str, *, method: str, **headers: str) -> tuple[int, str]:
    data = b"List-Unsubscribe=One-Click" if method == "POST" else None
    request = urllib.request.Request(url, data=data, method=method, headers=headers)  # noqa: S310  our own port
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_one_click_on_the_link_ends_the_category_for_the_address_alone(
    notifier: Notifier, mailing: RunningServer, mail: MailServer
) -> None:
    to, other = _address(), _address()
    notifier.send(wish(to))
    query = urlsplit(_link(mail, to)).query
    with http_port(mailing) as base:
        page = f"{base}/notifications/unsubscribe?{query}"
        # Scanners follow links: a look changes nothing.
        status, shown = _request(page, method="GET", **{"Accept-Language": "de-AT"})
        assert (status, "Abbestellen" in shown, 'method="post"' in shown) == (200, True, True)
        assert notifier.over(notifier.send(wish(to))).state == State.NOTIFICATION_STATE_SENT
        for _ in range(2):
            assert _request(page, method="POST")[0] == 200
    suppressed = notifier.send(wish(to))
    assert (suppressed.state, suppressed.failure) == (State.NOTIFICATION_STATE_SUPPRESSED, "unsubscribed")
    assert notifier.over(notifier.send(wish(other))).state == State.NOTIFICATION_STATE_SENT
    (said,) = notifier.call("ListPreferences", holder=Holder(email=to)).preferences
    assert (said.category, said.channel, said.subscribed, said.source) == ("general", "email", False, "recipient")
    again = notifier.call(
        "SetPreference", holder=Holder(email=to), category="general", channel="email", subscribed=True
    )
    assert again.preference.subscribed
    assert notifier.over(notifier.send(wish(to))).state == State.NOTIFICATION_STATE_SENT


def test_a_token_that_was_tampered_with_ends_nothing(
    notifier: Notifier, mailing: RunningServer, mail: MailServer
) -> None:
    to = _address()
    notifier.send(wish(to))
    (token,) = parse_qs(urlsplit(_link(mail, to)).query)["token"]
    page_token = notifier.call("ListNotifications", page_size=1).next_page_token
    changed = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    for wrong in (changed, token[:-1], token + "x", token[::-1], page_token or "x", "!", "x" * 900):
        with pytest.raises(grpc.RpcError, match="The link is not valid") as refused:
            notifier.call("Unsubscribe", token=wrong)
        assert wrong not in str(refused.value)
    with http_port(mailing) as base:
        for query in ("", "?token=", f"?token={changed}", f"?token={token}&token={token}", "?token=%00%ff", "?a=1"):
            assert _request(f"{base}/notifications/unsubscribe{query}", method="POST")[0] == 400
    assert list(notifier.call("ListPreferences", holder=Holder(email=to)).preferences) == []


def test_the_link_holds_no_address_and_is_logged_nowhere(
    notifier: Notifier, mailing: RunningServer, mail: MailServer
) -> None:
    import base64  # noqa: PLC0415  for this test alone

    to = _address()
    notifier.send(wish(to))
    (token,) = parse_qs(urlsplit(_link(mail, to)).query)["token"]
    assert to.encode() not in base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    notifier.call("Unsubscribe", token=token)
    assert token not in mailing.log_text()


def test_what_concerns_safety_cannot_be_unsubscribed_from(notifier: Notifier, mail: MailServer) -> None:
    to = _address()
    wanted = wish(to, template="auth.password_changed", variables={"when": "2026-11-26T08:00:00Z"})
    notifier.send(wanted)
    assert mail.message_to(to)["List-Unsubscribe"] is None
    with pytest.raises(grpc.RpcError, match="cannot be unsubscribed from"):
        notifier.call("SetPreference", holder=Holder(email=to), category="security", subscribed=False)


def test_a_user_who_wants_nothing_gets_nothing_at_any_address(notifier: Notifier) -> None:
    user = "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"
    notifier.call("SetPreference", holder=Holder(user_id=user), category="general", subscribed=False)
    to = _address()
    sent = notifier.send(wish(to, recipient={"email": to, "user_id": user}))
    assert sent.state == State.NOTIFICATION_STATE_SUPPRESSED


def test_whoever_unsubscribes_before_a_notification_goes_does_not_get_it(
    notifier: Notifier, mailing: RunningServer, mail: MailServer
) -> None:
    to = _address()
    wanted = wish(to)
    wanted.send_time.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
    waiting = notifier.send(wanted)
    notifier.call("SetPreference", holder=Holder(email=to), category="general", subscribed=False)
    _make_due(mailing)
    assert notifier.over(waiting).state == State.NOTIFICATION_STATE_SUPPRESSED
    assert not [each for each in mail.envelopes if to in each.rcpt_tos]


def test_categories_are_set_listed_and_deleted_when_nothing_is_in_them(notifier: Notifier) -> None:
    name = f"c{secrets.token_hex(4)}"
    days = [preference_pb2.WEEKDAY_MONDAY, preference_pb2.WEEKDAY_FRIDAY]
    schedule = preference_pb2.DigestSchedule(times=["17:00", "08:00"], weekdays=days, time_zone="Europe/Vienna")
    wanted = preference_pb2.Category(name=name, description="News of ours", digest=schedule)
    made = notifier.call("SetCategory", category=wanted).category
    assert (list(made.digest.times), list(made.digest.weekdays)) == (["08:00", "17:00"], days)
    listed = notifier.call("ListCategories").categories
    assert [each.name for each in listed][:3] == ["general", "account", "security"]
    assert made in list(listed)
    template = notifier.template(invoice(f"in.{name}", category=name))
    with pytest.raises(grpc.RpcError, match="has templates"):
        notifier.call("DeleteCategory", name=name)
    notifier.call("DeleteTemplate", name=template.name, language="en")
    assert notifier.call("DeleteCategory", name=name).category == made
    for method, fields in (
        ("DeleteCategory", {"name": "security"}),
        ("SetCategory", {"category": {"name": "account"}}),
    ):
        with pytest.raises(grpc.RpcError, match="is built in"):
            notifier.call(method, **fields)
    with pytest.raises(grpc.RpcError, match="is no time zone"):
        schedule.time_zone = "Europe/Nowhere"
        notifier.call("SetCategory", category=preference_pb2.Category(name=name, digest=schedule))


def _make_due(server: RunningServer) -> None:
    """As if the time had come."""
    with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
        connection.execute("update notification set due_at = now() where due_at > now() and state = 'accepted'")


def test_what_is_collected_goes_as_one_message_at_its_time(
    notifier: Notifier, mailing: RunningServer, mail: MailServer
) -> None:
    name = f"d{secrets.token_hex(4)}"
    category = preference_pb2.Category(
        name=name, description="orders", digest=preference_pb2.DigestSchedule(times=["00:00"])
    )
    notifier.call("SetCategory", category=category)
    notifier.template(invoice(f"order.{name}", category=name))
    to, other = _address(), _address()
    sent = [
        notifier.send(wish(to, template=f"order.{name}", variables={"number": str(number), "amount": number}))
        for number in (1, 2, 3)
    ]
    alone = notifier.send(wish(other, template=f"order.{name}", variables={"number": "9", "amount": 9}))
    assert {each.state for each in sent} == {State.NOTIFICATION_STATE_ACCEPTED}
    assert len({each.digest_id for each in sent}) == 1
    notifier.call("CancelNotification", id=sent[1].id)
    _make_due(mailing)
    message = mail.message_to(to)
    assert message["Subject"] == "2 news: orders"
    body = message.get_body(("plain",))
    assert body is not None
    assert re.findall(r"Invoice (\d): [\d.]+", body.get_content()) == ["1", "3"]
    assert [notifier.over(each).state for each in sent] == [
        State.NOTIFICATION_STATE_SENT,
        State.NOTIFICATION_STATE_CANCELLED,
        State.NOTIFICATION_STATE_SENT,
    ]
    # One alone goes as it is.
    assert mail.message_to(other)["Subject"] == "Invoice 9"
    assert notifier.over(alone).state == State.NOTIFICATION_STATE_SENT
    assert len([each for each in mail.envelopes if to in each.rcpt_tos]) == 1
    later = notifier.send(wish(to, template=f"order.{name}", variables={"number": "4", "amount": 4}))
    assert later.state == State.NOTIFICATION_STATE_ACCEPTED
    assert later.digest_id != sent[0].digest_id


def test_a_digest_of_which_nothing_is_left_is_not_sent(
    notifier: Notifier, mailing: RunningServer, mail: MailServer
) -> None:
    name, to = f"e{secrets.token_hex(4)}", _address()
    schedule = preference_pb2.DigestSchedule(times=["00:00"])
    notifier.call("SetCategory", category=preference_pb2.Category(name=name, digest=schedule))
    notifier.template(invoice(f"order.{name}", category=name))
    one = notifier.send(wish(to, template=f"order.{name}"))
    notifier.call("CancelNotification", id=one.id)
    _make_due(mailing)
    digest = notifier.over(notifier.get(one.digest_id))
    assert digest.state == State.NOTIFICATION_STATE_CANCELLED
    assert not [each for each in mail.envelopes if to in each.rcpt_tos]
