"""The clients of the brokers, each an extra of the package."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from function_backend.sinks.settings import SinkName

_MODULES: Mapping[SinkName, str] = {
    "rabbitmq": "aio_pika",
    "nats": "nats",
    "kafka": "confluent_kafka",
    "redis": "redis",
}


def missing_extras(names: Iterable[SinkName]) -> list[str]:
    """A sentence with what to do for each of the brokers whose client is not installed; loads none of them."""
    return [
        f"sinks.enabled: {name} is named, whose client is not installed; install it with: "
        f"pip install 'function-backend[{name}]'"
        for name in names
        if find_spec(_MODULES[name]) is None
    ]
