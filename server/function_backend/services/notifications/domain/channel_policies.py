"""What the operator says about the ways by which notifications go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from function_backend.kernel.secret import Secret

_MAIL_PORT = 587


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailPolicy:
    """Where e-mail is handed in, and from whom it is."""

    server: str
    """Such as `smtp.example.com:587`."""
    security: Literal["starttls", "tls", "none"]
    user: str
    password: Secret | None = field(repr=False)
    ca: Path | None
    sender: str
    reply_to: str
    connections: int
    timeout: float
    """Seconds."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port. Raises ValueError when the port is no number."""
        host, colon, port = self.server.rpartition(":")
        if not colon or self.server.endswith("]"):
            return self.server.strip("[]"), _MAIL_PORT
        return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsPolicy:
    """Where text messages are handed in."""

    url: str
    account: str
    token: Secret = field(repr=False)
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPolicy:
    """Where messages for chats are posted."""

    url: str
    secret: Secret = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicies:
    """All of them; None for what is not set up."""

    email: EmailPolicy | None
    sms: SmsPolicy | None
    chat: ChatPolicy | None
    provider_timeout: float
    """Seconds."""
    plugins: Mapping[str, Mapping[str, str]] = field(repr=False)
    """The options of each channel that a package adds."""


def options_of(channel: str, texts: Sequence[Secret]) -> Mapping[str, str]:
    """The options of one channel among those of all, each of which is written `<channel>.<option>=<value>`."""
    prefix = f"{channel}."
    pairs = (text.reveal().removeprefix(prefix).partition("=") for text in texts if text.reveal().startswith(prefix))
    return {name: value for name, _, value in pairs}
