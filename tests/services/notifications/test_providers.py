"""Text messages and chats through providers over HTTP, and a channel that a package adds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import orjson
import pytest

from function.notifications.v1 import notification_pb2
from function_backend.kernel.secret import Secret
from function_backend.services.notifications.adapters.channels import open_channels
from function_backend.services.notifications.adapters.twilio import TwilioChannel
from function_backend.services.notifications.adapters.webhook import WebhookChannel
from function_backend.services.notifications.domain.channel_policies import ChannelPolicies, ChatPolicy, SmsPolicy
from function_backend.services.notifications.ports import (
    ChannelAdapter,
    OutgoingMessage,
    PermanentFailureError,
    TemporaryFailureError,
)
from function_backend.services.notifications.settings import NotificationsSettings
from tests.factories.notifications import Notifier, wish
from tests.fixtures.provider import Provider, provider
from tests.fixtures.server import StartServer

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
KEY = b"a key that is known to nobody but us"
SECRET = Secret("whsec_" + base64.b64encode(KEY).decode())


@pytest.fixture
def there() -> Iterator[Provider]:
    with provider() as running:
        yield running


def message(to: str = "+436641234567") -> OutgoingMessage:
    return OutgoingMessage(
        id=uuid4(),
        tenant_id=UUID(int=1),
        to=to,
        display_name="Ann",
        subject="Hello",
        text="Hello, this is long.",
        html="",
        short_text="Hello & good bye",
        category="general",
        language="en",
        unsubscribe_url="",
    )


def sms(there: Provider, *, timeout: float = 2.0, sender: str = "+43720000") -> TwilioChannel:
    policy = SmsPolicy(url=there.url, account="AC4711", token=Secret("the token"), sender=sender)
    return TwilioChannel(policy, timeout=timeout)


def chat(there: Provider, *, timeout: float = 2.0) -> WebhookChannel:
    return WebhookChannel(ChatPolicy(url=f"{there.url}/hook", secret=SECRET), timeout=timeout, now=lambda: NOW)


def test_a_text_message_is_a_form_with_basic_authentication(there: Provider) -> None:
    there.status, there.body = 201, b'{"sid": "SM4711", "status": "queued"}'
    assert sms(there).send(message()) == "SM4711"
    (posted,) = there.posted
    assert posted.path == "/2010-04-01/Accounts/AC4711/Messages.json"
    assert posted.headers["content-type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(posted.headers["authorization"].removeprefix("Basic ")) == b"AC4711:the token"
    said = parse_qs(posted.body.decode())
    assert said == {"To": ["+436641234567"], "From": ["+43720000"], "Body": ["Hello & good bye"]}


def test_a_messaging_service_is_named_as_one(there: Provider) -> None:
    sms(there, sender="MG4711").send(message())
    assert parse_qs(there.posted[0].body.decode())["MessagingServiceSid"] == ["MG4711"]


def test_a_message_for_a_chat_is_signed_as_standard_webhooks_has_it(there: Provider) -> None:
    there.body = b'{"id": "thread-1"}'
    sent = message("#support")
    assert chat(there).send(sent) == "thread-1"
    (posted,) = there.posted
    signed = f"{sent.id}.{int(NOW.timestamp())}.".encode() + posted.body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert posted.headers["webhook-signature"] == f"v1,{expected}"
    assert posted.headers["webhook-id"] == posted.headers["idempotency-key"] == str(sent.id)
    data = orjson.loads(posted.body)["data"]
    assert (data["to"], data["text"], data["subject"]) == ("#support", "Hello & good bye", "Hello")


@pytest.mark.parametrize("status", [401, 404, 408, 429, 500, 503])
def test_what_may_pass_is_temporary(there: Provider, status: int) -> None:
    there.status, there.headers = status, {"Retry-After": "7"}
    for adapter in (sms(there), chat(there)):
        with pytest.raises(TemporaryFailureError, match=str(status)) as failed:
            adapter.send(message())
        assert failed.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [400, 410, 413, 422])
def test_what_is_wrong_with_the_message_is_permanent(there: Provider, status: int) -> None:
    there.status, there.body = status, b'{"code": 21211, "message": "The number +436641234567 is not valid"}'
    for adapter in (sms(there), chat(there)):
        with pytest.raises(PermanentFailureError, match=str(status)) as failed:
            adapter.send(message())
        assert "+43664" not in str(failed.value)


def test_a_redirect_is_not_followed(there: Provider) -> None:
    there.status, there.headers = 302, {"Location": f"{there.url}/elsewhere"}
    for adapter in (sms(there), chat(there)):
        with pytest.raises(PermanentFailureError, match="redirects are not followed"):
            adapter.send(message())
    assert "/elsewhere" not in {each.path for each in there.posted}


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[1]", b'"text"', b"\xff", b"{}" + b" " * 10_000_000])
def test_whatever_is_answered_a_success_is_one(there: Provider, body: bytes) -> None:
    there.body = body
    assert sms(there).send(message()) == ""
    assert chat(there).send(message()) == ""


@pytest.mark.timeout(30)  # All of it would take 100 s.
def test_an_answer_byte_by_byte_keeps_nobody_for_long(there: Provider) -> None:
    there.body, there.pause = b" " * 1000, 0.1
    assert sms(there, timeout=0.5).send(message()) == ""


def test_a_provider_that_is_away_is_a_temporary_failure() -> None:
    gone = Provider(url="http://127.0.0.1:9")
    with pytest.raises(TemporaryFailureError, match="cannot be reached"):
        sms(gone).send(message())


def test_a_channel_is_chosen_by_the_addresses_there_are(start_server: StartServer, there: Provider) -> None:
    server = start_server(
        settings={
            "notifications.sms_url": there.url,
            "notifications.sms_account": "AC4711",
            "notifications.sms_token": "the token",
            "notifications.sms_sender": "+43720000",
            "notifications.chat_url": f"{there.url}/hook",
            "notifications.chat_secret": SECRET.reveal(),
        }
    )
    notifier = Notifier(server)
    notifier.template()
    there.body = b'{"sid": "SM1"}'
    by_phone = notifier.over(notifier.send(wish(recipient={"phone": "+43 664 1234567", "chat": "#x"})))
    assert (by_phone.channel, by_phone.provider_id) == ("sms", "SM1")
    assert by_phone.recipient.phone == "+436641234567"
    by_chat = notifier.over(notifier.send(wish(recipient={"chat": "#support", "email": "ann@example.com"})))
    assert by_chat.channel == "chat"
    assert [each.name for each in notifier.call("ListChannels").channels] == ["sms", "chat"]
    assert by_chat.state == notification_pb2.NOTIFICATION_STATE_SENT


PLUGIN = """
class Pager:
    name = "pager"
    idempotent = True

    def __init__(self, options):
        self.options = options

    def send(self, message):
        with open(self.options["file"], "a") as file:
            file.write(f"{message.to}: {message.short_text}\\n")
        return "paged"

    def close(self):
        pass
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A distribution with a channel, installed as pip would: a module, and its metadata with an entry point."""
    site = tmp_path / "site"
    (site / "pager_channel-1.0.dist-info").mkdir(parents=True)
    (site / "pager_channel.py").write_text(PLUGIN)
    metadata = "Metadata-Version: 2.1\nName: pager-channel\nVersion: 1.0\n"
    (site / "pager_channel-1.0.dist-info/METADATA").write_text(metadata)
    points = "[function_backend.notification_channels]\npager = pager_channel:Pager\n"
    (site / "pager_channel-1.0.dist-info/entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(site)
    yield tmp_path / "paged.txt"
    sys.modules.pop("pager_channel", None)


def test_a_package_adds_a_channel_by_an_entry_point(start_server: StartServer, installed: Path) -> None:
    server = start_server(
        settings={
            "notifications.chat_url": "",
            "notifications.plugins": "pager",
            "notifications.plugin_options": f"pager.file={installed}",
        }
    )
    notifier = Notifier(server)
    notifier.template()
    sent = notifier.over(notifier.send(wish(recipient={"other": "on call"})))
    assert (sent.channel, sent.provider_id) == ("pager", "paged")
    assert installed.read_text() == "on call: Invoice 4711: 12.50\n"
    (channel,) = notifier.call("ListChannels").channels
    assert (channel.name, channel.adapter, channel.idempotent) == ("pager", "pager", True)


def test_a_channel_that_nobody_has_installed_is_said_at_start() -> None:
    with pytest.raises(ValueError, match="0 installed packages have the channel 'pager'"):
        open_channels(NotificationsSettings(plugins=("pager",)).channel_policies, lambda: NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"email_server": "mail.example.com"},
        {"sms_url": "https://sms.example.com"},
        {"chat_url": "ftp://chat.example.com"},
        {"invitation_link": "https://app.example.com/"},
        {"public_url": "example.com"},
        {"senders": 0},
    ],
)
def test_settings_that_do_not_add_up_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields)).split("_", maxsplit=1)[0]):
        NotificationsSettings(**fields)  # type: ignore[arg-type]  # each under the name of its field


def test_nothing_is_opened_where_nothing_is_set() -> None:
    policies: ChannelPolicies = NotificationsSettings().channel_policies
    found: dict[str, ChannelAdapter] = dict(open_channels(policies, lambda: NOW))
    assert found == {}
