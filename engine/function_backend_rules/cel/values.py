"""Run-time values that Python has no type of its own for.

The others are plain: bool, int, float, str, bytes, None, list (or a repeated field), dict (or a map field) and protobuf
messages.
"""

from __future__ import annotations

from dataclasses import dataclass

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
UINT_MAX = 2**64 - 1
NANOS = 1_000_000_000
TIMESTAMP_MIN = -62_135_596_800 * NANOS
"""0001-01-01T00:00:00Z."""
TIMESTAMP_MAX = 253_402_300_799 * NANOS + 999_999_999
"""9999-12-31T23:59:59.999999999Z."""
DURATION_LIMIT = 2**63 - 1
"""Nanoseconds; about 292 years, as in the specification's tests."""


class UInt(int):
    """An unsigned number of 64 bits."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


class Timestamp(int):
    """Nanoseconds since 1970-01-01T00:00:00Z."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Timestamp({int(self)})"


class Duration(int):
    """Nanoseconds."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Duration({int(self)})"


@dataclass(frozen=True, slots=True)
class TypeValue:
    """What `type(x)` gives."""

    name: str


class OptionalValue:
    """A value that may be absent."""

    __slots__ = ("present", "value")

    def __init__(self, value: object = None, *, present: bool = True) -> None:
        self.present = present
        self.value = value

    def __repr__(self) -> str:
        return f"optional.of({self.value!r})" if self.present else "optional.none()"


NONE = OptionalValue(present=False)
"""`optional.none()`."""
