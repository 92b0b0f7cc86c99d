"""Constants that code objects cannot hold: made when a module is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool

from function_backend_rules.cel.patterns import compile_pattern
from function_backend_rules.cel.runtime.operators import message_class
from function_backend_rules.cel.values import Duration, Timestamp, TypeValue, UInt


@dataclass(frozen=True, slots=True)
class Constant:
    """What a constant is made of; plain data, so that it can be stored."""

    kind: str
    """`uint`, `timestamp`, `duration`, `type`, `message`, `pattern` or `function`."""
    value: object


class Constants:
    """The constants of one module."""

    def __init__(self) -> None:
        self.names: dict[Constant, str] = {}

    def add(self, constant: Constant) -> str:
        """The name that code finds the constant under."""
        return self.names.setdefault(constant, f"_k{len(self.names)}")


_MAKERS: dict[str, Callable[[Any], object]] = {
    "uint": UInt,
    "timestamp": Timestamp,
    "duration": Duration,
    "type": TypeValue,
    "pattern": compile_pattern,
}


def make(constant: Constant, pool: DescriptorPool, functions: Mapping[str, object]) -> object:
    """The value of a constant.

    Raises:
        KeyError: it is a message or function that is not there any more.
    """
    if constant.kind == "message":
        return message_class(pool, str(constant.value))
    if constant.kind == "function":
        return functions[str(constant.value)]
    return _MAKERS[constant.kind](constant.value)
