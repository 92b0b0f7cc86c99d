"""What can be set about the process, its port and its workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from function_backend.runtime.address import Address

OLDER_EVENT_LOOP = "-event_engine_client,-event_engine_listener,-event_engine_for_all_other_endpoints"
"""The experiments of grpcio 1.85 to switch off for the event loop that gRPC had before (docs/adr/0006-runtime.md)."""

_MIB = 1024 * 1024
_SMALLEST_MESSAGE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The gRPC server of each worker."""

    listen: str = "127.0.0.1:50051"
    """Address of the gRPC port, shared by all workers; port 0 takes a free one."""
    threads: int = 8
    """Threads of a worker for calls with one request and one response."""
    stream_threads: int = 8
    """Threads of a worker for imports and exports, each of which keeps one as long as it lasts."""
    max_message_bytes: int = 4 * _MIB
    """Largest message taken or sent."""
    max_concurrent_streams: int = 1_000
    """Calls that one connection may have open at once; further ones wait in the client."""
    max_concurrent_calls: int = 10_000
    """Calls that one worker may have open at once; beyond it RESOURCE_EXHAUSTED, whatever else is going on. Streams of
    watchers count, up to `events.most_watchers`: what is left is for all other calls."""
    keepalive_time: timedelta = timedelta(seconds=60)
    """How long a connection may be silent before the server asks whether anybody is there."""
    keepalive_timeout: timedelta = timedelta(seconds=20)
    """How long it waits for the answer before it closes the connection."""
    min_ping_interval: timedelta = timedelta(seconds=10)
    """Clients that ping more often than this are disconnected."""
    max_connection_age: timedelta = timedelta(seconds=20)
    """When a connection is told to move on, give or take a tenth; no call is lost by it. It bounds how long the orderly
    end of a worker takes, and spreads connections over new workers."""
    max_connection_age_grace: timedelta = timedelta(minutes=10)
    """How long calls of such a connection may still run, so how long a stream can last at most."""
    reflection: bool = True
    """Whether callers can ask for the contract by server reflection, which needs no credential."""
    admin_listen: str = ""
    """Address for channelz, health and reflection, without TLS and credentials: keep it local. The first worker takes
    this port, the second the next one, and so on; empty for none."""

    def __post_init__(self) -> None:
        _require_address("listen", self.listen)
        if self.admin_listen:
            _require_address("admin_listen", self.admin_listen)
        for name in ("threads", "stream_threads", "max_concurrent_streams", "max_concurrent_calls"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.max_message_bytes < _SMALLEST_MESSAGE:
            raise ValueError("max_message_bytes must be at least 64KiB")
        for name in ("keepalive_time", "keepalive_timeout", "max_connection_age", "max_connection_age_grace"):
            if getattr(self, name) < timedelta(milliseconds=100):
                raise ValueError(f"{name} must be at least 100ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundSettings:
    """What goes on without a call; no service has any yet."""

    in_process: Literal["auto", "on", "off"] = "auto"
    """Whether the workers that serve do it too; by default with the embedded database alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Certificates of the gRPC port; without them it speaks plain HTTP/2."""

    certificate: Path | None = None
    """PEM file with the certificate of the server and those between it and the root; read again when it changes."""
    private_key: Path | None = None
    """PEM file with the private key."""
    client_ca: Path | None = None
    """PEM file with the roots of client certificates; when set, every caller must present one."""

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key belong together; set both or neither")
        if self.client_ca is not None and self.certificate is None:
            raise ValueError("client_ca needs certificate and private_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """The supervisor and its workers."""

    workers: int = 0
    """Worker processes; 0 for one per processor."""
    pin_workers: bool = False
    """Whether each worker stays on one processor. It helps where nothing else runs on the machine."""
    drain_timeout: timedelta = timedelta(seconds=25)
    """How long the orderly end of a worker may take; calls that still run then are cancelled."""
    interrupt_grace: timedelta = timedelta(seconds=3)
    """How long running calls may go on after Ctrl-C."""
    grpc_experiments: str = OLDER_EVENT_LOOP
    """Value for GRPC_EXPERIMENTS, which gRPC reads once when it is loaded; the log names it at start. The default takes
    gRPC's older event loop, with which a call costs a fifth less; empty leaves the choice to gRPC."""

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ValueError("workers must be 0 or more")


def _require_address(name: str, text: str) -> None:
    try:
        Address.parse(text)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
