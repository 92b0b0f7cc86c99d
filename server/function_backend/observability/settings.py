"""What can be set about logs, metrics and traces."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from typing import Literal

_STANDARD_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How much is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe lines that are written; calls are logged at `info`."""
    format: Literal["auto", "json", "text"] = "auto"
    """`json` for machines, `text` for people; `auto` is `text` on a terminal and `json` elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Where the metrics are served."""

    listen: str = "127.0.0.1:9464"
    """Address of the HTTP port with `/metrics`, `/healthz` and `/readyz`, with the paths of OAuth and of links to
    unsubscribe; empty for none. Port 0 takes a free one. It speaks plain HTTP: let nobody reach it but through a proxy
    that speaks TLS."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks of proxies in front of the HTTP port, such as `10.0.0.0/8`, whose `X-Forwarded-For` is believed."""

    def __post_init__(self) -> None:
        for name in self.trusted_proxies:
            try:
                ipaddress.ip_network(name)
            except ValueError:
                raise ValueError(f"trusted_proxies must be networks, such as 10.0.0.0/8, not {name!r}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingSettings:
    """Where traces go, and how many."""

    endpoint: str = ""
    """OTLP/gRPC endpoint such as `http://127.0.0.1:4317`; empty means the one in `OTEL_EXPORTER_OTLP_ENDPOINT`, and
    without that no traces."""
    ratio: float = 0.01
    """The share of calls that are traced when the caller has not decided, from 0 to 1."""
    service_name: str = "function-backend"
    """The name under which the traces are filed."""

    def __post_init__(self) -> None:
        if not 0 <= self.ratio <= 1:
            raise ValueError("ratio must lie between 0 and 1")

    def resolved_endpoint(self) -> str:
        """The endpoint in force; empty when traces are off."""
        named = (os.environ.get(name, "") for name in _STANDARD_VARIABLES)
        return self.endpoint or next((endpoint for endpoint in named if endpoint), "")
