"""How connections are opened: address, TLS, keepalive, message sizes and the service config."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc

from function_backend_client.plans import PLANS
from function_backend_client.service_config import Retries, service_config

MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Tls:
    """How the connection is encrypted: the roots to trust, and for mutual TLS the own certificate and key.

    Each is the path of a PEM file or its bytes. Without `roots` the machine's own are trusted.
    """

    roots: Path | str | bytes | None = None
    certificate: Path | str | bytes | None = None
    key: Path | str | bytes | None = field(default=None, repr=False)
    server_name: str | None = None
    """The name in the server's certificate, where it differs from the address."""

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("tls: certificate and key belong together; one of them is missing")

    def credentials(self) -> grpc.ChannelCredentials:
        """Reads the files. Raises OSError when one cannot be read."""
        return grpc.ssl_channel_credentials(_pem(self.roots), _pem(self.key), _pem(self.certificate))


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What a connection is opened with."""

    connections: int = 1
    """Connections that calls take turns on. One reaches one process of the server; more reach more of them."""
    largest_message: int = 64 * MEBIBYTE
    """The largest answer that is accepted, in bytes."""
    keepalive_seconds: float = 60.0
    """How long a connection with calls under way may be silent before it is probed."""
    retries: Retries = field(default_factory=Retries)
    options: tuple[tuple[str, Any], ...] = ()
    """Further channel options of gRPC; they win over the ones here."""

    def __post_init__(self) -> None:
        if self.connections < 1:
            raise ValueError(f"connections: {self.connections} is less than 1")


def channel_options(settings: ChannelSettings, tls: Tls | None, *, number: int) -> list[tuple[str, Any]]:
    """The options of one connection."""
    options: dict[str, Any] = {
        "grpc.service_config": service_config(PLANS.values(), settings.retries),
        "grpc.max_receive_message_length": settings.largest_message,
        "grpc.keepalive_time_ms": round(settings.keepalive_seconds * 1000),
        "grpc.keepalive_timeout_ms": 20_000,
        # Probes of idle connections are what servers punish with GOAWAY; a call under way is what needs them.
        "grpc.keepalive_permit_without_calls": 0,
        # gRPC's own first pause is a second, longer than all retries of a call together: a killed worker would cost it.
        "grpc.initial_reconnect_backoff_ms": 50,
        "grpc.max_reconnect_backoff_ms": 5_000,
        "grpc.primary_user_agent": "function-backend-client-python",
        # Each connection its own: gRPC otherwise shares one socket among all channels to one address, and one socket
        # ends at one process of the server.
        "grpc.use_local_subchannel_pool": 1,
        "function_backend.connection": number,
        # An export would otherwise cost a thread and two switches a message.
        "SingleThreadedUnaryStream": 1,
    }
    if tls is not None and tls.server_name is not None:
        options["grpc.ssl_target_name_override"] = tls.server_name
    options |= dict(settings.options)
    return list(options.items())


def transport(address: str, tls: Tls | bool | None) -> Tls | None:  # noqa: FBT001  As in connect().
    """What `tls` means for an address. None: encrypted, unless the address is this machine.

    So a credential never travels a network in the open because somebody forgot an argument; `False` says it may.
    """
    if not address or address != address.strip():
        raise ValueError(f"address: {address!r} is not an address such as '127.0.0.1:50051'")
    if isinstance(tls, Tls):
        return tls
    encrypt = not _is_local(address) if tls is None else tls
    return Tls() if encrypt else None


def _is_local(address: str) -> bool:
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    host = address.removeprefix("dns:").lstrip("/").rsplit(":", 1)[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_channels(address: str, tls: Tls | None, settings: ChannelSettings) -> list[grpc.Channel]:
    """Opens the connections. Nothing is sent before the first call."""
    channels: list[grpc.Channel] = []
    credentials = None if tls is None else tls.credentials()
    for number in range(settings.connections):
        options = channel_options(settings, tls, number=number)
        if credentials is None:
            channels.append(grpc.insecure_channel(address, options))
        else:
            channels.append(grpc.secure_channel(address, credentials, options))
    return channels


def _pem(source: Path | str | bytes | None) -> bytes | None:
    return Path(source).read_bytes() if isinstance(source, str | Path) else source
