"""The ordered values that a column can have, and sets of them.

A set is a union of half-open spans. That a span can always be half-open, on every type, comes from the successor: the
next larger value exists for integers, for doubles (the next float), for texts and bytes (a NUL more) and for times
(a nanosecond more), so `> 5.0` and `>= 5.000000000000001` are the same set and one bisection finds any value's place.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from function_backend_rules.cel import types, values

# int (also for uint, bool, enums, timestamps and durations), float, str or bytes; one kind per domain. Python compares
# ints with floats exactly, so a double column keeps whole numbers beyond 2^53 as they were written.
Key = Any
# A half-open span; None as its end: without end.
Spans = tuple[tuple[Key, Key | None], ...]

_ENUM_MIN, _ENUM_MAX = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class Domain:
    """The values of one type in their order. `low` is the smallest; `high` the largest, None where there is none."""

    type: types.Type
    low: Key
    high: Key | None
    nullable: bool = False
    enum_names: tuple[tuple[int, str], ...] = ()
    """Number and name of the values of an enum, by number; empty for other types."""

    @property
    def has_nan(self) -> bool:
        """Whether a value may be not a number, which no comparison finds."""
        return self.type == types.DOUBLE

    @property
    def ordered(self) -> bool:
        """Whether `<` means something here."""
        return self.type != types.BOOL and not self.enum_names

    def successor(self, key: Key) -> Key | None:
        """Gives the next larger value, None after the largest."""
        if self.high is not None and key >= self.high:
            return None
        if isinstance(key, str):
            return key + "\0"
        if isinstance(key, bytes):
            return key + b"\0"
        if isinstance(key, float):
            return math.nextafter(key, math.inf)
        return int(key) + 1

    def at_least(self, key: Key) -> Spans:
        """Gives the values from `key` on."""
        return self._from(self._first(key))

    def above(self, key: Key) -> Spans:
        """Gives the values larger than `key`."""
        first = self._first(key)
        return self._from(self.successor(first) if first == key else first)

    def equal(self, key: Key) -> Spans:
        """Gives the value that equals `key`; nothing where no value of the type does."""
        first = self._first(key)
        if first is None or first != key or first < self.low:
            return ()
        return ((first, self.successor(first)),)

    def between(self, above: Spans, beyond: Spans) -> Spans:
        """Gives what is in `above` and not in `beyond`; both are made by `at_least` or `above`."""
        if not above or not beyond:
            return above
        low, high = above[0][0], beyond[0][0]
        return ((low, high),) if low < high else ()

    def everything(self) -> Spans:
        """Gives all values of the type, but for null and NaN."""
        return ((self.low, None),)

    def _from(self, first: Key | None) -> Spans:
        return () if first is None else ((max(first, self.low), None),)

    def _first(self, key: Key) -> Key | None:
        """The smallest value of the type that is not below `key`: a whole number may be none that a double can be."""
        if self.type == types.DOUBLE and isinstance(key, int):
            try:
                rounded = float(key)
            except OverflowError:
                return math.inf if key > 0 else math.nextafter(-math.inf, 0.0)
            return math.nextafter(rounded, math.inf) if rounded < key else rounded
        if self.high is not None and key > self.high:
            return None
        return key

    def text(self, key: Key) -> str:
        """Gives the value as it is written in a cell."""
        names = dict(self.enum_names)
        if self.type == types.BOOL:
            return "true" if key else "false"
        if key in names:
            return names[key]
        if self.type == types.TIMESTAMP:
            return f'timestamp("{_timestamp_text(key)}")'
        if self.type == types.DURATION:
            return f'duration("{_duration_text(key)}")'
        if self.type == types.UINT:
            return f"{int(key)}u"
        return cel_text(key)


_PLAIN: dict[types.Type, tuple[Key, Key | None]] = {
    types.INT: (values.INT_MIN, values.INT_MAX),
    types.UINT: (0, values.UINT_MAX),
    types.BOOL: (0, 1),
    types.DOUBLE: (-math.inf, math.inf),
    types.STRING: ("", None),
    types.BYTES: (b"", None),
    types.TIMESTAMP: (values.TIMESTAMP_MIN, values.TIMESTAMP_MAX),
    types.DURATION: (-values.DURATION_LIMIT, values.DURATION_LIMIT),
}


def domain_of(kind: types.Type, enum_names: Iterable[tuple[int, str]] = ()) -> Domain | None:
    """Gives the domain of a type, None for types without order such as messages, lists and maps.

    Optionals and wrappers have the domain of what they hold, and null besides.
    """
    nullable = kind.kind in {"wrapper", "optional"}
    inner = kind.parameters[0] if nullable else kind
    bounds = _PLAIN.get(inner)
    if bounds is None:
        return None
    names = tuple(sorted(enum_names))
    if names:
        bounds = (_ENUM_MIN, _ENUM_MAX)
    low, high = bounds
    return Domain(inner, low, high, nullable=nullable, enum_names=names)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Which values a cell accepts: spans in ascending order that do not touch, null, and NaN."""

    spans: Spans = ()
    null: bool = False
    nan: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is accepted."""
        return not (self.spans or self.null or self.nan)

    def union(self, *others: "ValueSet") -> "ValueSet":
        """Gives what this or another accepts."""
        sets = (self, *others)
        return joined(
            (span for one in sets for span in one.spans),
            null=any(one.null for one in sets),
            nan=any(one.nan for one in sets),
        )

    def complement(self, domain: Domain) -> "ValueSet":
        """Gives what this does not accept."""
        spans, start = list[tuple[Key, Key | None]](), domain.low
        for low, high in self.spans:
            if start is not None and start < low:
                spans.append((start, low))
            start = high
        if start is not None:
            spans.append((start, None))
        return ValueSet(tuple(spans), domain.nullable and not self.null, domain.has_nan and not self.nan)

    def __contains__(self, value: object) -> bool:
        """Says whether a value of the domain's type, or null, is accepted. The index answers the same, faster."""
        if value is None:
            return self.null
        key: Key = value
        if key != key:  # noqa: PLR0124 - NaN alone is unlike itself.
            return self.nan
        return any(low <= key and (high is None or key < high) for low, high in self.spans)


def everything(domain: Domain) -> ValueSet:
    """Gives the set of all values."""
    return ValueSet(domain.everything(), domain.nullable, domain.has_nan)


def joined(spans: Iterable[tuple[Key, Key | None]], *, null: bool = False, nan: bool = False) -> ValueSet:
    """Gives the set of these spans, whatever their order and however they overlap."""
    merged = list[tuple[Key, Key | None]]()
    for low, high in sorted(spans, key=lambda span: span[0]):
        if merged and (merged[-1][1] is None or low <= merged[-1][1]):
            end = merged[-1][1]
            if end is not None and (high is None or high > end):
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return ValueSet(tuple(merged), null, nan)


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def cel_text(value: object) -> str:
    """Gives a plain value (null, bool, number, text, bytes) as CEL writes it."""
    if value is None:
        return "null"
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)


def _double_text(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return f'double("{"NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"}")'


def _bytes_text(value: bytes) -> str:
    return "b'" + "".join(chr(byte) if byte in _PLAIN_BYTES else f"\\x{byte:02x}" for byte in value) + "'"


_PLAIN_BYTES = frozenset(range(ord(" "), ord("~") + 1)) - frozenset(b"'\\")
# bool before int, of which it is a kind.
_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (str, lambda value: f'"{"".join(map(_escaped, value))}"'),
    (bytes, _bytes_text),
    (values.UInt, lambda value: f"{int(value)}u"),
    (float, _double_text),
)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _timestamp_text(nanos: int) -> str:
    seconds, rest = divmod(int(nanos), values.NANOS)
    at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{at.replace(tzinfo=None).isoformat()}{fraction}Z"


def _duration_text(nanos: int) -> str:
    sign, (seconds, rest) = "-" if nanos < 0 else "", divmod(abs(int(nanos)), values.NANOS)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{sign}{seconds}{fraction}s"
