"""Receivers and networks of every bad kind, met by the transport alone."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from function_backend.services.webhooks.adapters.http_client import AioHttpClient
from function_backend.services.webhooks.adapters.transport import Answer, Resolver, Transport
from function_backend.services.webhooks.domain.addresses import AddressRules, read_url
from function_backend.services.webhooks.domain.delivery import AttemptOutcome
from tests.fixtures.webhook_receiver import Posted, Receiver, receiving, status
from tests.runtime.certificates import Authority

LOCAL = AddressRules((ip_network("127.0.0.0/8"), ip_network("::1/128")))
NAME = "hooks.example.com"


def resolver_to(*answers: Sequence[str]) -> tuple[Resolver, list[str]]:
    """Says these addresses, one answer for each question, the last one again and again; and what was asked."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


def transporting(resolver: Resolver, rules: AddressRules, seconds: float, ca_file: Path | None) -> Transport:
    """With the client that is used in earnest."""
    timeout = timedelta(seconds=seconds)

    def client() -> AioHttpClient:
        return AioHttpClient(timeout=timeout, kept_response=100, connections=10, ca_file=ca_file)

    return Transport(rules=rules, timeout=timeout, resolver=resolver, open_client=client)


def post(
    url: str,
    *,
    times: int = 1,
    resolver: Resolver | None = None,
    rules: AddressRules = LOCAL,
    seconds: float = 0.5,
    ca_file: Path | None = None,
) -> list[Answer]:
    """The answers to posting so often."""

    async def run() -> list[Answer]:
        transport = transporting(resolver or resolver_to(["127.0.0.1"])[0], rules, seconds, ca_file)
        try:
            target = read_url(url, allow_http=True)
            return [await transport.post(target, {"webhook-id": "1"}, b"{}") for _ in range(times)]
        finally:
            await transport.close()

    return asyncio.run(run())


def raw(*parts: bytes, pause: float = 0.0, stays: bool = False) -> Callable[[Posted, socket.socket], bool]:
    """Sends the parts, with a pause after each, and closes."""

    def answer(_: Posted, connection: socket.socket) -> bool:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        return stays

    return answer


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Receiver, Path, list[str | None]]]:
    """A receiver behind TLS that proves NAME, the authority it trusts, and the names it was asked for."""
    authority = Authority()
    pair = authority.issue(domains=[NAME])
    for name, content in (("root", authority.root), ("certificate", pair.certificate), ("key", pair.private_key)):
        (tmp_path / name).write_bytes(content)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with receiving(tls=context) as running:
        yield running, tmp_path / "root", asked


class TestBadReceivers:
    def test_one_that_never_answers_is_given_up_in_time(self, receiver: Receiver) -> None:
        receiver.answer = raw(pause=0.0, stays=True)
        (answer,) = post(receiver.url)
        assert answer.outcome is AttemptOutcome.TIMED_OUT

    def test_one_that_answers_byte_by_byte_is_cut_off_in_the_head(self, receiver: Receiver) -> None:
        receiver.answer = raw(*(bytes([each]) for each in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500), pause=0.02)
        (answer,) = post(receiver.url)
        assert answer.outcome is AttemptOutcome.TIMED_OUT

    def test_one_that_dribbles_its_body_has_said_that_it_took_it(self, receiver: Receiver) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        receiver.answer = raw(head, *(b"x" for _ in range(200)), pause=0.02)
        (answer,) = post(receiver.url)
        assert (answer.outcome, answer.status, answer.truncated) == (AttemptOutcome.DELIVERED, 200, True)
        assert 0 < len(answer.body) < 200

    def test_of_ten_megabytes_little_is_read(self, receiver: Receiver) -> None:
        sent: list[int] = []

        def answer(_: Posted, connection: socket.socket) -> bool:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n")
            for _number in range(160):
                connection.sendall(b"x" * 65_536)
                sent.append(65_536)
            return False

        receiver.answer = answer
        (got,) = post(receiver.url, seconds=5)
        assert (got.outcome, len(got.body), got.truncated) == (AttemptOutcome.DELIVERED, 100, True)
        assert sum(sent) < 10_485_760

    def test_a_head_that_never_ends_is_no_answer(self, receiver: Receiver) -> None:
        receiver.answer = raw(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n")
        (answer,) = post(receiver.url)
        assert answer.outcome is AttemptOutcome.PROTOCOL_ERROR

    def test_very_many_headers_are_no_answer_or_kept_in_part(self, receiver: Receiver) -> None:
        lines = b"".join(b"X-%d: y\r\n" % number for number in range(5_000))
        receiver.answer = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + lines + b"\r\n")
        (answer,) = post(receiver.url, seconds=5)
        assert answer.outcome in {AttemptOutcome.PROTOCOL_ERROR, AttemptOutcome.DELIVERED}
        assert len(answer.headers or {}) <= 32

    @pytest.mark.parametrize(
        "part", [b"", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Le"], ids=["none", "line", "head"]
    )
    def test_one_that_closes_before_its_status_is_no_answer(self, receiver: Receiver, part: bytes) -> None:
        receiver.answer = raw(part)
        (answer,) = post(receiver.url)
        assert answer.outcome is AttemptOutcome.PROTOCOL_ERROR

    def test_one_that_closes_in_the_middle_of_its_body_has_said_what_it_said(self, receiver: Receiver) -> None:
        receiver.answer = raw(b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\nhalf")
        (answer,) = post(receiver.url)
        assert (answer.outcome, answer.status, answer.body) == (AttemptOutcome.REFUSED, 500, b"half")
        assert answer.truncated

    def test_what_is_no_http_is_no_answer(self, receiver: Receiver) -> None:
        receiver.answer = raw(b"220 mail.example.com ESMTP\r\n")
        (answer,) = post(receiver.url)
        assert answer.outcome is AttemptOutcome.PROTOCOL_ERROR

    def test_a_compressed_answer_is_kept_as_it_came(self, receiver: Receiver) -> None:
        body = gzip.compress(b"0" * 50_000_000)
        receiver.answer = status(200, body=body, Content_Encoding="gzip")
        (answer,) = post(receiver.url, seconds=5)
        assert answer.body == body[:100]

    def test_a_redirect_is_not_followed(self, receiver: Receiver) -> None:
        with receiving() as elsewhere:
            receiver.answer = status(307, Location=elsewhere.url)
            (answer,) = post(receiver.url)
            assert (answer.outcome, answer.status) == (AttemptOutcome.REFUSED, 307)
            assert "not followed" in answer.error
            assert elsewhere.posted == []

    def test_where_nothing_listens_is_unreachable(self) -> None:
        (answer,) = post("http://127.0.0.1:1/")
        assert answer.outcome is AttemptOutcome.UNREACHABLE

    def test_a_connection_is_used_again_and_a_cut_one_is_not(self, receiver: Receiver) -> None:
        assert [each.status for each in post(receiver.url, times=5)] == [204] * 5
        assert receiver.connections == 1
        receiver.planned.append(
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n" + b"x" * 200_000, stays=True)
        )
        assert [each.status for each in post(receiver.url, times=2, seconds=5)] == [200, 204]
        assert receiver.connections == 3

    def test_no_proxy_of_the_environment_is_used(self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert post(receiver.url)[0].status == 204


class TestNames:
    def test_a_name_that_leads_inside_at_the_second_look_up_is_refused(self, receiver: Receiver) -> None:
        rules = AddressRules((ip_network("127.0.0.1/32"),))
        resolver, asked = resolver_to(["127.0.0.1"], ["127.0.0.2"])
        first, second = post(f"http://{NAME}:{receiver.port}/", times=2, resolver=resolver, rules=rules)
        assert first.outcome is AttemptOutcome.DELIVERED
        assert (second.outcome, second.address) == (AttemptOutcome.FORBIDDEN_ADDRESS, "127.0.0.2")
        assert asked == [NAME, NAME]
        assert len(receiver.posted) == 1

    def test_the_connection_goes_to_the_address_that_was_judged(self, receiver: Receiver) -> None:
        resolver, asked = resolver_to(["127.0.0.1"], ["10.0.0.1"])
        (answer,) = post(f"http://{NAME}:{receiver.port}/hook?a=b", resolver=resolver)
        assert (answer.outcome, answer.address) == (AttemptOutcome.DELIVERED, "127.0.0.1")
        assert asked == [NAME]
        (posted,) = receiver.posted
        assert (posted.path, posted.headers["host"]) == ("/hook?a=b", f"{NAME}:{receiver.port}")

    @pytest.mark.parametrize(
        "address", ["10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fe80::1%1", "64:ff9b::a00:1"]
    )
    def test_a_name_with_one_address_inside_is_refused_with_all_others(self, receiver: Receiver, address: str) -> None:
        resolver, _ = resolver_to(["127.0.0.1", address])
        (answer,) = post(f"http://{NAME}:{receiver.port}/", resolver=resolver)
        assert answer.outcome is AttemptOutcome.FORBIDDEN_ADDRESS
        assert receiver.connections == 0

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:{}/", "http://2130706433:{}/", "http://0x7f.1:{}/", "http://[::1]:{}/"]
    )
    def test_however_an_address_inside_is_written_it_is_refused(self, receiver: Receiver, url: str) -> None:
        async def resolve(host: str, port: int) -> Sequence[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return [str(address[0]) for *_, address in found]

        (answer,) = post(url.format(receiver.port), resolver=resolve, rules=AddressRules())
        assert answer.outcome is AttemptOutcome.FORBIDDEN_ADDRESS
        assert receiver.connections == 0

    def test_where_nothing_listens_the_next_address_of_the_name_is_tried(self, receiver: Receiver) -> None:
        resolver, _ = resolver_to(["127.0.0.2", "127.0.0.1"])
        (answer,) = post(f"http://{NAME}:{receiver.port}/", resolver=resolver)
        assert (answer.outcome, answer.address) == (AttemptOutcome.DELIVERED, "127.0.0.1")

    def test_what_one_address_has_refused_goes_to_no_other(self, receiver: Receiver) -> None:
        receiver.answer = status(500)
        resolver, _ = resolver_to(["127.0.0.1", "127.0.0.2"])
        (answer,) = post(f"http://{NAME}:{receiver.port}/", resolver=resolver)
        assert (answer.outcome, answer.address) == (AttemptOutcome.REFUSED, "127.0.0.1")
        assert len(receiver.posted) == 1

    def test_a_name_that_is_not_found_is_unreachable(self) -> None:
        async def resolve(host: str, port: int) -> Sequence[str]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        (answer,) = post(f"http://{NAME}/", resolver=resolve)
        assert answer.outcome is AttemptOutcome.UNREACHABLE
        assert NAME in answer.error

    def test_a_look_up_that_never_ends_is_given_up_in_time(self) -> None:
        async def resolve(host: str, port: int) -> Sequence[str]:
            await asyncio.sleep(60)
            return ["127.0.0.1"]

        (answer,) = post(f"http://{NAME}/", resolver=resolve)
        assert answer.outcome is AttemptOutcome.TIMED_OUT


class TestTls:
    def test_the_name_is_asked_for_and_proved(self, secure: tuple[Receiver, Path, list[str | None]]) -> None:
        receiver, ca_file, asked = secure
        (answer,) = post(f"https://{NAME}:{receiver.port}/", ca_file=ca_file, seconds=5)
        assert answer.outcome is AttemptOutcome.DELIVERED, answer
        assert asked == [NAME]
        assert receiver.posted[0].headers["host"] == f"{NAME}:{receiver.port}"

    def test_a_certificate_of_another_name_is_refused(self, secure: tuple[Receiver, Path, list[str | None]]) -> None:
        receiver, ca_file, _ = secure
        (answer,) = post(f"https://other.example.com:{receiver.port}/", ca_file=ca_file, seconds=5)
        assert answer.outcome is AttemptOutcome.TLS_FAILED
        assert receiver.posted == []

    def test_a_connection_of_one_name_is_not_used_for_another(
        self, secure: tuple[Receiver, Path, list[str | None]]
    ) -> None:
        receiver, ca_file, _ = secure

        async def run() -> list[Answer]:
            transport = transporting(resolver_to(["127.0.0.1"])[0], LOCAL, 5, ca_file)
            try:
                names = (NAME, "other.example.com")
                urls = [read_url(f"https://{name}:{receiver.port}/") for name in names]
                return [await transport.post(url, {}, b"{}") for url in urls]
            finally:
                await transport.close()

        first, second = asyncio.run(run())
        assert first.outcome is AttemptOutcome.DELIVERED
        assert second.outcome is AttemptOutcome.TLS_FAILED

    def test_an_authority_that_nobody_trusts_is_refused(self, secure: tuple[Receiver, Path, list[str | None]]) -> None:
        receiver, _, _ = secure
        (answer,) = post(f"https://{NAME}:{receiver.port}/", seconds=5)
        assert answer.outcome is AttemptOutcome.TLS_FAILED

    def test_a_receiver_without_tls_is_refused(self, receiver: Receiver) -> None:
        (answer,) = post(f"https://{NAME}:{receiver.port}/", seconds=2)
        assert answer.outcome in {AttemptOutcome.TLS_FAILED, AttemptOutcome.PROTOCOL_ERROR, AttemptOutcome.UNREACHABLE}
