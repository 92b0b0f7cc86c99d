"""NATS JetStream, with the acknowledgement of the stream and its deduplication by `Nats-Msg-Id`."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from nats.js.errors import APIError, NoStreamResponseError

from function_backend.sinks.sink import CONFIRMED, Held, Message, Outcome, Refused, SinkAwayError
from function_backend.sinks.template import Template
from function_backend.sinks.transport_security import client_context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.sinks.settings import NatsSettings

_PREFIX = "ce-"
_TOO_LARGE = 10054
_EXISTS_DIFFERENTLY = 10058
_HEADER_LINE = len("NATS/1.0\r\n\r\n")
_CLOSE_SECONDS = 2.0
_AWAY = (nats.errors.Error, OSError, asyncio.TimeoutError)


class NatsSink:
    """Publishes to the subjects of one stream."""

    def __init__(self, settings: NatsSettings, *, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._gone = asyncio.Event()
        self._causes: list[Exception] = []

    async def connect(self) -> None:
        """Connects, and makes the stream where it is missing."""
        await self.close()
        client = Client()
        self._gone = asyncio.Event()
        self._causes.clear()
        try:
            # Without its own reconnecting: what is sent after a gap would overtake what was lost in it.
            await asyncio.wait_for(client.connect(**self._options()), self._timeout)
            self._client = client
            self._stream = client.jetstream(timeout=self._timeout)
            if self._settings.declare:
                await self._declare(self._stream)
        except _AWAY as error:
            await self.close()
            raise SinkAwayError(f"NATS cannot be used: {_said((*self._causes, error)[0])}") from error

    async def publish(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Publishes them at once and waits for the stream's acknowledgements."""
        client, stream = self._client, self._stream
        if client is None or stream is None or client.is_closed:
            raise SinkAwayError("NATS is not connected")
        answers = asyncio.gather(*(self._publish(client, stream, message) for message in messages))
        # The client leaves those waiting whose connection is gone.
        gone = asyncio.ensure_future(self._gone.wait())
        either: set[asyncio.Future[Any]] = {answers, gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answers.done():
                raise SinkAwayError("NATS broke off: the connection is gone")
            return answers.result()
        except _AWAY as error:
            raise SinkAwayError(f"NATS broke off: {_said(error)}") from error
        finally:
            answers.cancel()
            gone.cancel()
            await asyncio.gather(answers, gone, return_exceptions=True)

    async def close(self) -> None:
        """Gives up the connection."""
        client, self._client, self._stream = self._client, None, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.close(), _CLOSE_SECONDS)

    async def _declare(self, stream: JetStreamContext) -> None:
        settings = self._settings
        try:
            await stream.add_stream(
                StreamConfig(
                    name=settings.stream,
                    subjects=[Template(settings.subject).wildcard()],
                    num_replicas=settings.replicas,
                    duplicate_window=settings.duplicate_window.total_seconds(),
                    max_age=settings.max_age.total_seconds(),
                )
            )
        except APIError as error:
            if error.err_code != _EXISTS_DIFFERENTLY:
                raise

    async def _publish(self, client: Client, stream: JetStreamContext, message: Message) -> Outcome:
        headers = {name: _header(value) for name, value in message.headers(_PREFIX).items()}
        headers |= {"content-type": message.content_type, "Nats-Msg-Id": message.id}
        size = _HEADER_LINE + len(message.body) + sum(len(name) + len(value) + 4 for name, value in headers.items())
        if size > client.max_payload:
            return Refused(f"it has {size} bytes with its headers, and the server takes {client.max_payload}")
        try:
            await stream.publish(message.destination, message.body, stream=self._settings.stream, headers=headers)
        except NoStreamResponseError:
            return Held(f"no stream takes the subject {message.destination}")
        except APIError as error:
            if error.err_code == _TOO_LARGE:
                return Refused(f"the stream refuses it: {error.description}")
            return Held(f"the stream does not take it: {error.description}")
        return CONFIRMED

    async def _remember(self, error: Exception) -> None:
        """The client prints what goes wrong unless it is given something else to do with it."""
        self._causes.append(error)

    async def _lose(self) -> None:
        self._gone.set()

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {
            "servers": list(settings.servers),
            "name": "function-backend events",
            "allow_reconnect": False,
            # It would try the servers for ever, and wait two seconds in between.
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": 0,
            "connect_timeout": max(1, round(self._timeout)),
            "error_cb": self._remember,
            "closed_cb": self._lose,
        }
        if settings.user:
            options["user"] = settings.user
        if settings.password is not None:
            options["password"] = settings.password.reveal()
        if settings.token is not None:
            options["token"] = settings.token.reveal()
        if settings.credentials is not None:
            options["user_credentials"] = str(settings.credentials)
        if settings.ca_file is not None or settings.certificate is not None:
            options["tls"] = client_context(
                ca_file=settings.ca_file, certificate=settings.certificate, private_key=settings.private_key
            )
        return options


def _header(value: str) -> str:
    """The value as the binding wants it in a header: what is not printable ASCII by percent signs."""
    return quote(value, safe=" !#$&'()*+,/:;<=>?@[]^`{|}~")


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
