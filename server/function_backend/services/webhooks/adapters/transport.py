"""Posting a delivery: a name is looked up, its addresses are judged, and the connection goes to one of these.

Every attempt looks the name up anew. The client is handed the address in place of the name, so that it cannot look up
another one; the name goes along in `Host`, and in TLS, which proves it. Connections stay open for the next attempt, for
the same address and name alone.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

import aiohttp
from yarl import URL

from function_backend.services.webhooks.domain.addresses import Address, AddressRules, ForbiddenAddressError, Target
from function_backend.services.webhooks.domain.delivery import AttemptOutcome

_CONNECT_SHARE = 2 / 3
"""The share of the time of an attempt that connecting may take, so that a dead address leaves some for another."""
_MOST_ADDRESSES = 4
"""Addresses of a name that are tried one after the other while there is no connection."""
_KEPT_HEADERS = 32
_KEPT_HEADER_LENGTH = 512
_READ_AT_MOST = 65_536
"""Bytes of an answer that are read, so that its connection can be used again; beyond, it is cut off."""
_KEEP_ALIVE_SECONDS = 20.0
_SUCCESS = range(200, 300)
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of posting."""

    outcome: AttemptOutcome
    error: str = ""
    address: str = ""
    status: int = 0
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    truncated: bool = False
    retry_after: str | None = None


class Resolver(Protocol):
    """Looks names up."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of the name, in the order in which to try them. Raises OSError when there are none."""


class SystemResolver:
    """Looks names up as the system does, each in a thread: a name server that does not answer holds up only its own."""

    def __init__(self, *, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="webhook-names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """See Resolver."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def close(self) -> None:
        """Waits for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Transport:
    """Posts deliveries. For one event loop."""

    def __init__(
        self,
        *,
        rules: AddressRules,
        timeout: timedelta,
        kept_response: int,
        connections: int,
        ca_file: Path | None = None,
        resolver: Resolver,
    ) -> None:
        self._rules = rules
        self._seconds = timeout.total_seconds()
        self._kept = kept_response
        self._resolver = resolver
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._lookups: dict[tuple[str, int], asyncio.Task[Sequence[str]]] = {}
        self._session = aiohttp.ClientSession(
            # The client never looks anything up: it gets addresses alone.
            connector=aiohttp.TCPConnector(
                limit=connections, keepalive_timeout=_KEEP_ALIVE_SECONDS, use_dns_cache=False, ssl=self._tls
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            raise_for_status=False,
            skip_auto_headers=("Accept-Encoding", "User-Agent"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._seconds * _CONNECT_SHARE),
            max_line_size=8190,
            max_field_size=8190,
        )

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        """Posts once. It never raises for what a receiver or a network does."""
        ends_at = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(ends_at):
                addresses = (await self._addresses(target))[:_MOST_ADDRESSES]
        except TimeoutError:
            return Answer(AttemptOutcome.TIMED_OUT, f"the name was not found within {self._seconds:g} seconds")
        except ForbiddenAddressError as error:
            return Answer(AttemptOutcome.FORBIDDEN_ADDRESS, str(error), str(error.address))
        except OSError as error:
            return Answer(AttemptOutcome.UNREACHABLE, f"the name {target.host} was not found: {_words(error)}")
        answer = await self._post_to(addresses[0], target, headers, body, ends_at=ends_at)
        for address in addresses[1:]:
            # Nothing was sent where there was no connection, so the next address gets it for the first time.
            if answer.outcome is not AttemptOutcome.UNREACHABLE:
                break
            answer = await self._post_to(address, target, headers, body, ends_at=ends_at)
        return answer

    async def _addresses(self, target: Target) -> Sequence[Address]:
        """The addresses that the URL leads to; ForbiddenAddressError when one of them is not allowed."""
        literal = target.literal
        found = [literal] if literal is not None else [ip_address(each) for each in await self._look_up(target)]
        # One is enough to refuse all: a name that also leads inside is not to be trusted with its others.
        for address in found:
            self._rules.check(address)
        if not found:
            raise OSError("it has no address")
        return found

    async def _look_up(self, target: Target) -> Sequence[str]:
        """Attempts that begin while a name is being looked up share the answer."""
        key = (target.host, target.port)
        running = self._lookups.get(key)
        if running is None:
            running = asyncio.ensure_future(self._resolver(*key))
            self._lookups[key] = running
            running.add_done_callback(lambda _: self._lookups.pop(key, None))
        return await asyncio.shield(running)

    async def _post_to(
        self, address: Address, target: Target, headers: Mapping[str, str], body: bytes, *, ends_at: float
    ) -> Answer:
        shown = str(address)
        host = f"[{shown}]" if address.version == 6 else shown  # noqa: PLR2004  of IP
        url = URL(f"{target.scheme}://{host}:{target.port}{target.path}", encoded=True)
        try:
            async with asyncio.timeout_at(ends_at):
                response = await self._session.post(
                    url,
                    data=body,
                    headers={**headers, "Host": target.host_header},
                    server_hostname=target.host if target.scheme == "https" else None,
                    allow_redirects=False,
                )
        except aiohttp.ConnectionTimeoutError:
            return Answer(
                AttemptOutcome.UNREACHABLE, f"no connection within {self._seconds * _CONNECT_SHARE:g} seconds", shown
            )
        except TimeoutError:
            return Answer(AttemptOutcome.TIMED_OUT, f"no answer within {self._seconds:g} seconds", shown)
        except (aiohttp.ClientConnectorError, ssl.SSLError) as error:
            return _not_connected(error, shown)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            return Answer(AttemptOutcome.PROTOCOL_ERROR, "the connection was closed before there was an answer", shown)
        except (aiohttp.ClientError, ValueError) as error:
            return Answer(AttemptOutcome.PROTOCOL_ERROR, f"the answer is no HTTP: {type(error).__name__}", shown)
        return await self._answer(response, shown, ends_at=ends_at)

    async def _answer(self, response: aiohttp.ClientResponse, address: str, *, ends_at: float) -> Answer:
        """The status decides; what comes after it is kept as far as it comes."""
        body, whole = await _read(response, ends_at=ends_at)
        if whole:
            response.release()
        else:
            response.close()
        delivered = response.status in _SUCCESS
        redirected = "; redirects are not followed" if response.status in _REDIRECTS else ""
        return Answer(
            outcome=AttemptOutcome.DELIVERED if delivered else AttemptOutcome.REFUSED,
            error="" if delivered else f"the receiver answered {response.status}{redirected}",
            address=address,
            status=response.status,
            headers=_kept_headers(response),
            body=body[: self._kept],
            truncated=not whole or len(body) > self._kept,
            retry_after=response.headers.get("Retry-After"),
        )


async def _read(response: aiohttp.ClientResponse, *, ends_at: float) -> tuple[bytes, bool]:
    """The beginning of the answer, and whether that is all of it.

    What comes after the status does not make a success of a failure, nor the other way round: a receiver that dribbles
    is cut off when the time is over, and of one that breaks off is kept what it said.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout_at(ends_at):
            while size <= _READ_AT_MOST:
                part = await response.content.readany()
                if not part:
                    return b"".join(parts), True
                parts.append(part)
                size += len(part)
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass
    return b"".join(parts), False


def _not_connected(error: aiohttp.ClientConnectorError | ssl.SSLError, address: str) -> Answer:
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return Answer(AttemptOutcome.TLS_FAILED, f"TLS failed: {_words(error)}", address)
    return Answer(AttemptOutcome.UNREACHABLE, f"no connection: {_words(error)}", address)


def _kept_headers(response: aiohttp.ClientResponse) -> Mapping[str, str]:
    kept = list(response.headers.items())[:_KEPT_HEADERS]
    return {name.lower()[:_KEPT_HEADER_LENGTH]: _printable(value[:_KEPT_HEADER_LENGTH]) for name, value in kept}


def _printable(text: str) -> str:
    # What is no UTF-8 comes as surrogates, which cannot be stored; neither can a zero.
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _words(error: BaseException) -> str:
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    verified = getattr(inner, "verify_message", "")
    text = verified or getattr(inner, "reason", None) or getattr(inner, "strerror", None) or type(inner).__name__
    return _printable(str(text))[:200]
