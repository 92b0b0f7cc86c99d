"""The HTTP client of webhooks, on aiohttp. Loaded with the first delivery: it takes as long as a tenth of a start."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import aiohttp
from yarl import URL

from function_backend.services.webhooks.adapters.transport import Answer, printable, words
from function_backend.services.webhooks.domain.addresses import Address, Target
from function_backend.services.webhooks.domain.delivery import AttemptOutcome

_CONNECT_SHARE = 2 / 3
"""The share of the time of an attempt that connecting may take, so that a dead address leaves some for another."""
_KEPT_HEADERS = 32
_KEPT_HEADER_LENGTH = 512
_READ_AT_MOST = 65_536
"""Bytes of an answer that are read, so that its connection can be used again; beyond, it is cut off."""
_KEEP_ALIVE_SECONDS = 20.0
_SUCCESS = range(200, 300)
_REDIRECTS = range(300, 400)


class AioHttpClient:
    """See HttpClient. For one event loop."""

    def __init__(self, *, timeout: timedelta, kept_response: int, connections: int, ca_file: Path | None) -> None:
        """`kept_response` is how many bytes of an answer are told."""
        self._seconds = timeout.total_seconds()
        self._kept = kept_response
        tls = ssl.create_default_context()
        if ca_file is not None:
            tls.load_verify_locations(ca_file)
        self._session = aiohttp.ClientSession(
            # The client never looks anything up: it gets addresses alone.
            connector=aiohttp.TCPConnector(
                limit=connections, keepalive_timeout=_KEEP_ALIVE_SECONDS, use_dns_cache=False, ssl=tls
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

    async def post(
        self, address: Address, target: Target, headers: Mapping[str, str], body: bytes, *, ends_at: float
    ) -> Answer:
        """See HttpClient."""
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
        return Answer(AttemptOutcome.TLS_FAILED, f"TLS failed: {words(error)}", address)
    return Answer(AttemptOutcome.UNREACHABLE, f"no connection: {words(error)}", address)


def _kept_headers(response: aiohttp.ClientResponse) -> Mapping[str, str]:
    kept = list(response.headers.items())[:_KEPT_HEADERS]
    return {name.lower()[:_KEPT_HEADER_LENGTH]: printable(value[:_KEPT_HEADER_LENGTH]) for name, value in kept}
