"""What the sinks tell about themselves."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class SinkMetrics:
    """The metrics of all sinks of a process, each with the label `sink`."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self.up = Gauge(
            "function_backend_sink_up",
            "Whether the broker took events at the last attempt; 0 while it is away or does not take one.",
            ["sink"],
            multiprocess_mode="livemin",
            registry=registry,
        )
        self.events = Counter(
            "function_backend_sink_events",
            "Events that were handed to the broker, by what it said: confirmed or refused.",
            ["sink", "outcome"],
            registry=registry,
        )
        self.failures = Counter(
            "function_backend_sink_failures",
            "Attempts that ended without an answer, by why: away or held.",
            ["sink", "why"],
            registry=registry,
        )
        self.seconds = Histogram(
            "function_backend_sink_publish_seconds",
            "Seconds from handing events to the broker to its last answer.",
            ["sink"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.backlog = Gauge(
            "function_backend_sink_backlog",
            "Events that wait for the broker, over all tenants, as last counted.",
            ["sink"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.lag = Gauge(
            "function_backend_sink_lag_seconds",
            "Age of the event that is carried at the moment, from its commit on.",
            ["sink"],
            multiprocess_mode="livemax",
            registry=registry,
        )
