"""Posting a delivery: a name is looked up, its addresses are judged, and the connection goes to one of these.

Every attempt looks the name up anew. The client is handed the address in place of the name, so that it cannot look up
another one; the name goes along in `Host`, and in TLS, which proves it. Connections stay open for the next attempt, for
the same address and name alone.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from typing import Protocol

from function_backend.services.webhooks.domain.addresses import Address, AddressRules, ForbiddenAddressError, Target
from function_backend.services.webhooks.domain.delivery import AttemptOutcome

_MOST_ADDRESSES = 4
"""Addresses of a name that are tried one after the other while there is no connection."""


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


class HttpClient(Protocol):
    """Posts to addresses, and keeps connections to them for the next time."""

    async def post(
        self, address: Address, target: Target, headers: Mapping[str, str], body: bytes, *, ends_at: float
    ) -> Answer:
        """Posts once; `ends_at` is a time of the event loop. It never raises for what a receiver or a network does."""

    async def close(self) -> None:
        """Closes all connections."""


class SystemResolver:
    """Looks names up as the system does, each in a thread: a name server that does not answer holds up only its own."""

    def __init__(self, *, threads: int) -> None:
        """A thread starts when there is a name to look up and none is free, so after the fork."""
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
        self, *, rules: AddressRules, timeout: timedelta, resolver: Resolver, open_client: Callable[[], HttpClient]
    ) -> None:
        """`open_client` is called when there is something to post for the first time."""
        self._rules = rules
        self._seconds = timeout.total_seconds()
        self._resolver = resolver
        self._open_client = open_client
        self._opened: HttpClient | None = None
        self._lookups: dict[tuple[str, int], asyncio.Task[Sequence[str]]] = {}

    async def close(self) -> None:
        """Closes all connections."""
        if self._opened is not None:
            await self._opened.close()

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
            return Answer(AttemptOutcome.UNREACHABLE, f"the name {target.host} was not found: {words(error)}")
        client = self._client
        answer = await client.post(addresses[0], target, headers, body, ends_at=ends_at)
        for address in addresses[1:]:
            # Nothing was sent where there was no connection, so the next address gets it for the first time.
            if answer.outcome is not AttemptOutcome.UNREACHABLE:
                break
            answer = await client.post(address, target, headers, body, ends_at=ends_at)
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

    @property
    def _client(self) -> HttpClient:
        if self._opened is None:
            self._opened = self._open_client()
        return self._opened


def printable(text: str) -> str:
    """What can be stored of the text."""
    # What is no UTF-8 comes as surrogates, which cannot be stored; neither can a zero.
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def words(error: BaseException) -> str:
    """What went wrong with a connection, in short."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    verified = getattr(inner, "verify_message", "")
    text = verified or getattr(inner, "reason", None) or getattr(inner, "strerror", None) or type(inner).__name__
    return printable(str(text))[:200]
