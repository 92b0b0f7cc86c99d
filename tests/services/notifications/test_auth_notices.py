"""What auth tells people by e-mail: tokens that are theirs alone, and what they should know of."""

from __future__ import annotations

import re
import secrets
from typing import Any

import grpc
import psycopg
import pyotp
import pytest

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    oauth_service_pb2,
    oauth_service_pb2_grpc,
    second_factor_service_pb2,
    second_factor_service_pb2_grpc,
    user_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from function.notifications.v1 import template_pb2
from tests.factories.notifications import Notifier, invoice, wish
from tests.fixtures.database_faults import eventually
from tests.fixtures.mail_server import MailServer, mail_settings
from tests.fixtures.server import RunningServer, StartServer

PASSWORD, OTHER = f"planted {secrets.token_hex(12)}", f"another {secrets.token_hex(12)}"
LINKS = {
    "invitation_link": "https://app.example.com/in#{token}",
    "password_reset_link": "https://app.example.com/reset#{token}",
}
wire = user_service_pb2


@pytest.fixture
def mailing(start_server: StartServer, mailbox: MailServer) -> RunningServer:
    return start_server(settings=mail_settings(mailbox.port, **LINKS))


def _users(server: RunningServer) -> Any:  # noqa: ANN401  a stub
    return user_service_pb2_grpc.UserServiceStub(server.channel)


def _person(**attributes: str) -> user_pb2.User:
    name = f"u{secrets.token_hex(6)}"
    user = user_pb2.User(user_name=name, email=f"{name}@example.com", display_name="Ann")
    user.attributes.update(attributes)
    return user


def _text(mailbox: MailServer, to: str, subject: str) -> str:
    def look() -> str | None:
        for message, envelope in zip(mailbox.messages, list(mailbox.envelopes), strict=False):
            if to in envelope.rcpt_tos and message["Subject"] == subject:
                body = message.get_body(("plain",))
                assert body is not None
                return str(body.get_content())
        return None

    return eventually(look)


def _active(server: RunningServer, **attributes: str) -> user_pb2.User:
    request = wire.CreateUserRequest(user=_person(**attributes), password=PASSWORD)
    made: user_pb2.User = _users(server).CreateUser(request, metadata=server.metadata(), timeout=20).user
    return made


def _token(server: RunningServer, user: user_pb2.User, *, device: str, **fields: str) -> str:
    given = {"grant_type": "password", "client_id": "function-backend-cli", "tenant": "default"}
    request = oauth_service_pb2.TokenRequest(**given, username=user.user_name, password=PASSWORD, **fields)
    with grpc.insecure_channel(server.target, options=[("grpc.primary_user_agent", device)]) as channel:
        stub: Any = oauth_service_pb2_grpc.OAuthServiceStub(channel)
        return str(stub.Token(request, timeout=20).access_token)


def test_an_invitation_reaches_the_invited_and_nobody_else(mailing: RunningServer, mailbox: MailServer) -> None:
    person = _person(locale="de-AT")
    made = _users(mailing).InviteUser(wire.InviteUserRequest(user=person), metadata=mailing.metadata(), timeout=20)
    assert made.token == ""
    assert made.HasField("expire_time")
    found = re.search(r"https://app\.example\.com/in#(fbi_\S+)", _text(mailbox, person.email, "Sie sind eingeladen"))
    assert found is not None
    accepted = wire.AcceptInvitationRequest(token=found[1], password=PASSWORD)
    assert _users(mailing).AcceptInvitation(accepted, timeout=20).user.id == made.user.id
    (sent,) = Notifier(mailing).call("ListNotifications", template="auth.invitation").notifications
    assert (sent.category, sent.recipient.user_id, sent.language) == ("account", made.user.id, "de")


def test_a_reset_reaches_the_user_whose_password_is_then_said_to_be_changed(
    mailing: RunningServer, mailbox: MailServer
) -> None:
    user = _active(mailing)
    request = wire.StartPasswordResetRequest(id=user.id)
    assert _users(mailing).StartPasswordReset(request, metadata=mailing.metadata(), timeout=20).token == ""
    found = re.search(r"https://app\.example\.com/reset#(fbp_\S+)", _text(mailbox, user.email, "Set a new password"))
    assert found is not None
    _users(mailing).FinishPasswordReset(wire.FinishPasswordResetRequest(token=found[1], password=OTHER), timeout=20)
    assert "If that was not you" in _text(mailbox, user.email, "Your password was changed")


def test_many_messages_keep_nobody_from_hearing_of_a_new_password(
    start_server: StartServer, mailbox: MailServer
) -> None:
    mailing = start_server(settings=mail_settings(mailbox.port, recipient_per_hour=1, **LINKS))
    user, notifier = _active(mailing), Notifier(mailing)
    notifier.template(invoice())
    sent = [notifier.send(wish(user.email)) for _ in range(3)]
    eventually(lambda: [notifier.get(each.id).failure for each in sent].count("waits for its turn") == len(sent) - 1)
    request = wire.StartPasswordResetRequest(id=user.id)
    _users(mailing).StartPasswordReset(request, metadata=mailing.metadata(), timeout=20)
    assert "fbp_" in _text(mailbox, user.email, "Set a new password")


def test_tokens_are_nowhere_but_in_the_message(mailing: RunningServer, mailbox: MailServer) -> None:
    person = _person()
    _users(mailing).InviteUser(wire.InviteUserRequest(user=person), metadata=mailing.metadata(), timeout=20)
    found = re.search(r"fbi_\S+", _text(mailbox, person.email, "You have been invited"))
    assert found is not None
    notifier = Notifier(mailing)
    (sent,) = notifier.call("ListNotifications", template="auth.invitation").notifications
    notifier.over(sent)
    assert found[0] not in mailing.log_text()
    with psycopg.connect(mailing.database.superuser_url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'select * from "{table}"').fetchall()
            said = [bytes(each) if isinstance(each, memoryview) else each for row in rows for each in row]
            assert not [each for each in said if isinstance(each, bytes) and found[0].encode() in each], table
            assert not [each for each in said if found[0] in str(each)], table


def test_without_a_way_to_the_user_the_token_goes_to_the_administrator_as_before(
    mailing: RunningServer, mailbox: MailServer
) -> None:
    person = _person()
    person.email = ""
    made = _users(mailing).InviteUser(wire.InviteUserRequest(user=person), metadata=mailing.metadata(), timeout=20)
    assert made.token.startswith("fbi_")


def test_without_a_mail_server_everything_is_as_before(start_server: StartServer) -> None:
    server = start_server()
    made = _users(server).InviteUser(wire.InviteUserRequest(user=_person()), metadata=server.metadata(), timeout=20)
    assert made.token.startswith("fbi_")
    assert list(Notifier(server).call("ListNotifications").notifications) == []


def test_the_words_of_a_tenant_are_used_and_when_they_fail_the_built_in_ones(
    mailing: RunningServer, mailbox: MailServer
) -> None:
    notifier = Notifier(mailing)
    words = template_pb2.Template(name="auth.invitation", language="en")
    words.content.subject, words.content.text = "Come in", "{{ link }}"
    made = notifier.template(words)
    first, second = _person(), _person()
    _users(mailing).InviteUser(wire.InviteUserRequest(user=first), metadata=mailing.metadata(), timeout=20)
    _text(mailbox, first.email, "Come in")
    made.content.text = "{{ token.member }}"
    notifier.call("UpdateTemplate", template=made)
    _users(mailing).InviteUser(wire.InviteUserRequest(user=second), metadata=mailing.metadata(), timeout=20)
    assert "fbi_" in _text(mailbox, second.email, "You have been invited")


def test_a_change_that_fails_tells_nobody(mailing: RunningServer, mailbox: MailServer) -> None:
    person = _person()
    request = wire.InviteUserRequest(user=person, validate_only=True)
    _users(mailing).InviteUser(request, metadata=mailing.metadata(), timeout=20)
    again = _person()
    again.user_name = _active(mailing).user_name
    with pytest.raises(grpc.RpcError):
        _users(mailing).InviteUser(wire.InviteUserRequest(user=again), metadata=mailing.metadata(), timeout=20)
    assert list(Notifier(mailing).call("ListNotifications", template="auth.invitation").notifications) == []


def test_a_second_factor_that_comes_and_goes_is_told_of(mailing: RunningServer, mailbox: MailServer) -> None:
    user = _active(mailing)
    by = (("authorization", f"Bearer {_token(mailing, user, device='one')}"),)
    stub: Any = second_factor_service_pb2_grpc.SecondFactorServiceStub(mailing.channel)
    begun = stub.EnrolTotp(second_factor_service_pb2.EnrolTotpRequest(), metadata=by, timeout=20)
    code = pyotp.TOTP(begun.secret).now()
    stub.ConfirmTotp(second_factor_service_pb2.ConfirmTotpRequest(code=code), metadata=by, timeout=20)
    _text(mailbox, user.email, "A second factor was set up")
    request = second_factor_service_pb2.RemoveUserTotpRequest(id=user.id)
    stub.RemoveUserTotp(request, metadata=mailing.metadata(), timeout=20)
    _text(mailbox, user.email, "Your second factor was removed")


def test_a_key_that_acts_for_a_user_is_told_of(mailing: RunningServer, mailbox: MailServer) -> None:
    user = _active(mailing)
    request = api_key_service_pb2.CreateApiKeyRequest(
        display_name="nightly", owner=f"user:{user.id}", permissions=["company.read"]
    )
    stub: Any = api_key_service_pb2_grpc.ApiKeyServiceStub(mailing.channel)
    made = stub.CreateApiKey(request, metadata=mailing.metadata(), timeout=20)
    said = _text(mailbox, user.email, "An API key was made")
    assert "'nightly'" in said
    assert made.secret not in said


def test_a_sign_in_with_another_device_is_told_of_and_the_first_one_is_not(
    mailing: RunningServer, mailbox: MailServer
) -> None:
    user = _active(mailing)
    notifier = Notifier(mailing)
    for _ in range(2):
        _token(mailing, user, device="one")
    assert list(notifier.call("ListNotifications", template="auth.new_sign_in").notifications) == []
    _token(mailing, user, device="another")
    said = _text(mailbox, user.email, "New sign-in to your account")
    assert "not used before" in said
