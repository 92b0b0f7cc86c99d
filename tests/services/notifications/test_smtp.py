"""The channel of e-mail against real mail servers: encrypted, signed in, and with whatever goes wrong."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from function_backend.kernel.secret import Secret
from function_backend.services.notifications.adapters.mime import Mailbox, as_email
from function_backend.services.notifications.adapters.smtp import SmtpChannel
from function_backend.services.notifications.domain.channel_policies import EmailPolicy
from function_backend.services.notifications.ports import (
    OutgoingMessage,
    PermanentFailureError,
    TemporaryFailureError,
)
from tests.fixtures.mail_server import PASSWORD, SENDER, USER, free_port, mail_server
from tests.runtime.certificates import Authority

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
AUTHORITY = Authority()


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """What a mail server on 127.0.0.1 shows."""
    pair = AUTHORITY.issue()
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.private_key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The certificate to trust."""
    path = tmp_path / "root.pem"
    path.write_bytes(AUTHORITY.root)
    return path


def message(to: str = "ann@example.com", **fields: object) -> OutgoingMessage:
    described: dict[str, object] = {
        "id": uuid4(),
        "tenant_id": UUID(int=1),
        "to": to,
        "display_name": "",
        "subject": "Hello",
        "text": "Hello.",
        "html": "",
        "short_text": "Hello.",
        "category": "general",
        "language": "en",
        "unsubscribe_url": "",
        **fields,
    }
    return OutgoingMessage(**described)  # type: ignore[arg-type]  # each under the name of its field


@contextlib.contextmanager
def channel(port: int, **fields: object) -> Iterator[SmtpChannel]:
    described: dict[str, object] = {
        "server": f"127.0.0.1:{port}",
        "security": "none",
        "user": "",
        "password": None,
        "ca": None,
        "sender": SENDER,
        "reply_to": "",
        "connections": 2,
        "timeout": 2.0,
        **fields,
    }
    policy = EmailPolicy(**described)  # type: ignore[arg-type]
    made = SmtpChannel(policy, sender=Mailbox.parse(SENDER), reply_to=None, now=lambda: NOW)
    yield made
    made.close()


@contextlib.contextmanager
def scripted_server(*lines: bytes, hangs: bool = False) -> Iterator[int]:
    """The port of a server that says these lines, one per line it gets, and then breaks off or says nothing more."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def talk() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as heard:
            for line in lines:
                connection.sendall(line)
                heard.readline()
            if hangs:
                over.wait(20)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.close()
        thread.join(5)


def test_starttls_encrypts_before_anybody_signs_in(tls: ssl.SSLContext, root: Path) -> None:
    with (
        mail_server(starttls=tls) as server,
        channel(server.port, security="starttls", ca=root, user=USER, password=Secret(PASSWORD)) as mail,
    ):
        for _ in range(3):
            mail.send(message())
    assert server.signed_in == [USER.encode()]
    assert len(server.envelopes) == 3


def test_tls_from_the_first_byte_on_does_as_well(tls: ssl.SSLContext, root: Path) -> None:
    with mail_server(tls=tls) as server, channel(server.port, security="tls", ca=root) as mail:
        said = mail.send(message(to="käthe@müller.example"))
    assert server.envelopes[0].rcpt_tos == ["käthe@xn--mller-kva.example"]
    assert said == server.messages[0]["Message-ID"]


def test_a_server_that_cannot_encrypt_gets_nothing() -> None:
    with mail_server() as server, channel(server.port, security="starttls") as mail:
        with pytest.raises(TemporaryFailureError, match="cannot be reached"):
            mail.send(message())
        assert server.envelopes == []


def test_a_certificate_of_somebody_else_is_not_trusted(tls: ssl.SSLContext) -> None:
    with mail_server(starttls=tls) as server, channel(server.port, security="starttls") as mail:
        with pytest.raises(TemporaryFailureError, match="cannot be reached"):
            mail.send(message())
        assert server.envelopes == []


def test_wrong_credentials_are_the_operators_to_mend_and_so_temporary(tls: ssl.SSLContext, root: Path) -> None:
    wrong = Secret("a wrong password")
    with (
        mail_server(starttls=tls) as server,
        channel(server.port, security="starttls", ca=root, user=USER, password=wrong) as mail,
        pytest.raises(TemporaryFailureError, match="535") as refused,
    ):
        mail.send(message())
    assert "a wrong password" not in str(refused.value)


def test_a_server_that_is_away_is_a_temporary_failure() -> None:
    with channel(free_port()) as mail, pytest.raises(TemporaryFailureError, match="cannot be reached"):
        mail.send(message())


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (b"220 here\r\n",),
        (b"220 here\r\n", b"250 here\r\n"),
        (b"220 here\r\n", b"250 here\r\n", b"250 from\r\n"),
        (b"220 here\r\n", b"250 here\r\n", b"250 from\r\n", b"250 to\r\n"),
        (b"220 here\r\n", b"250 here\r\n", b"250 from\r\n", b"250 to\r\n", b"354 go on\r\n"),
        (b"554 go away\r\n",),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"\xff\xfe\x00\r\n",),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("hangs", [False, True], ids=["breaks off", "hangs"])
def test_a_server_that_stops_in_the_middle_is_a_temporary_failure(lines: tuple[bytes, ...], *, hangs: bool) -> None:
    with scripted_server(*lines, hangs=hangs) as port, channel(port, timeout=0.3) as mail:
        with pytest.raises(TemporaryFailureError) as failed:
            mail.send(message())
        assert "example.com" not in str(failed.value)


@pytest.mark.parametrize(
    ("answer", "kind"), [("451 4.3.0 busy", TemporaryFailureError), ("550 no", PermanentFailureError)]
)
def test_a_refusal_says_its_code_and_not_the_address(answer: str, kind: type[Exception]) -> None:
    with mail_server() as server, channel(server.port) as mail:
        server.answers.append(f"{answer} for ann@example.com")
        with pytest.raises(kind, match=answer[:3]) as refused:
            mail.send(message())
        assert "ann" not in str(refused.value)
        mail.send(message())
    assert len(server.envelopes) == 1


def test_a_connection_that_the_server_has_closed_is_replaced() -> None:
    port = free_port()
    with channel(port) as mail:
        for _ in range(2):
            with mail_server(port=port) as server:
                mail.send(message())
                assert len(server.envelopes) == 1


@pytest.mark.parametrize("field", ["subject", "display_name", "language", "unsubscribe_url"])
def test_a_line_end_never_becomes_a_header(field: str) -> None:
    evil = "x\r\nBcc: eve@example.com"
    with contextlib.suppress(PermanentFailureError):
        made = as_email(message(**{field: evil}), sender=Mailbox.parse(SENDER), reply_to=None, now=NOW)
        assert b"\nBcc:" not in made.as_bytes()


def test_long_lines_and_all_letters_arrive_as_they_were_written() -> None:
    text = "ä" * 3000 + "\n.\n..\n" + "x" * 2000 + "\nFrom here"
    with mail_server() as server, channel(server.port) as mail:
        mail.send(message(subject="Grüße " * 30, text=text, html="<p>€</p>"))
    body = server.messages[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").strip() == text
    assert server.messages[0]["Subject"].strip() == ("Grüße " * 30).strip()
