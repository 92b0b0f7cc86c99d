"""What can be set about webhooks."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksSettings:
    """What can be set about webhooks: where to they may go, how fast, and how long they are tried."""

    most_endpoints: int = 50
    """Endpoints that a tenant may have."""
    allow_http: bool = False
    """Whether endpoints may have addresses that begin with http://."""
    allowed_networks: tuple[str, ...] = ()
    """Networks such as `10.1.0.0/16` to which something is delivered although they are not of the public internet."""
    ca_file: Path | None = None
    """Certificates of authorities that are trusted besides those of the system, as PEM."""
    attempt_timeout: timedelta = timedelta(seconds=15)
    """How long an attempt may take, from looking up the name to the end of the answer."""
    retry_for: timedelta = timedelta(days=3)
    """From when a delivery was queued to its last attempt."""
    disable_after: timedelta = timedelta(days=5)
    """An endpoint of which every attempt failed for so long, and at least 10, is disabled."""
    rate_limit_per_second: int = 0
    """Attempts per second of an endpoint that has no limit of its own; 0 for no limit."""
    in_flight: int = 256
    """Attempts of one process at the same time."""
    in_flight_per_endpoint: int = 32
    """Attempts to one endpoint at the same time, over all processes."""
    kept_response: int = 4096
    """Bytes of an answer that are kept with an attempt."""
    kept_for: timedelta = timedelta(days=30)
    """How long deliveries and their attempts stay, from when they were queued."""

    def __post_init__(self) -> None:
        for name in ("most_endpoints", "in_flight", "in_flight_per_endpoint"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("rate_limit_per_second", "kept_response"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        for name in ("attempt_timeout", "retry_for", "disable_after", "kept_for"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name} must be more than 0")
        if self.kept_for < self.retry_for:
            raise ValueError("kept_for must not be shorter than retry_for")
        if self.ca_file is not None:
            _check_certificates(self.ca_file)
        for text in self.allowed_networks:
            _check_network(text)


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"allowed_networks: '{text}' is no network; an example is 10.1.0.0/16") from None


def _check_certificates(path: Path) -> None:
    """Said at the start and not by each delivery."""
    import ssl  # noqa: PLC0415 - of use to those alone who set it

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:
        raise ValueError(
            f"ca_file: '{path}' cannot be read as certificates in PEM: {error.strerror or error}"
        ) from None
