"""Random messages: small, with the values at which engines differ."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor

_F = FieldDescriptor
_DEPTH = 3
_LONGEST = 4
_INT32, _INT64, _UINT32, _UINT64 = 2**31, 2**63, 2**32, 2**64
_TEXTS = (
    "",
    "a",
    "b",
    "FR",
    "DE",
    "abc",
    "ab ab",
    "é",
    "e\u0301",
    "😀x",
    "A,b,C",
    "12",
    "x\0y",
    "İı",
    " \t",
    "ÿ",
    "lei",
)
_BYTES = (b"", b"a", b"\xff\x00", b"abc", "é".encode())
_DOUBLES = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 1e300, 5e-324, 123456.789, math.inf, -math.inf, math.nan, 2.0**53)
_KEYS: Mapping[str, tuple[Any, ...]] = {"string": ("", "a", "x", "FR"), "int": (0, 1, 2, -1), "uint": (0, 1, 2)}
_SMALL = 0.8
_SET = 0.6


class MessageMaker:
    """Makes messages of a type."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._scalars: Mapping[int, Callable[[], object]] = {
            _F.CPPTYPE_BOOL: lambda: chance.random() < 0.5,
            _F.CPPTYPE_INT32: lambda: self._whole(-_INT32, _INT32 - 1),
            _F.CPPTYPE_INT64: lambda: self._whole(-_INT64, _INT64 - 1),
            _F.CPPTYPE_UINT32: lambda: self._whole(0, _UINT32 - 1),
            _F.CPPTYPE_UINT64: lambda: self._whole(0, _UINT64 - 1),
            _F.CPPTYPE_FLOAT: lambda: chance.choice(_DOUBLES[:7]),
            _F.CPPTYPE_DOUBLE: self.double,
            _F.CPPTYPE_ENUM: lambda: chance.choice((0, 1, 2, 3, 3, 99)),
        }

    def message(self, kind: Descriptor, depth: int = 0) -> Any:
        """A message with some of its fields set."""
        made = message_factory.GetMessageClass(kind)()
        if kind.full_name in {"google.protobuf.Timestamp", "google.protobuf.Duration"}:
            self._set_time(made)
        elif kind.full_name == "google.protobuf.Struct":
            self._set_struct(made)
        else:
            for field in kind.fields:
                if self._chance.random() < _SET and (field.message_type is None or depth < _DEPTH):
                    self._set(made, field, depth)
        return made

    def double(self) -> float:
        """A double, often one of those that behave unlike the others."""
        return self._chance.choice(_DOUBLES)

    def whole(self, low: int, high: int) -> int:
        """A whole number, mostly small, sometimes at an end of the range."""
        return self._whole(low, high)

    def _whole(self, low: int, high: int) -> int:
        if self._chance.random() < _SMALL:
            return self._chance.randint(max(low, -3), 10)
        return self._chance.choice((low, low + 1, high, high - 1, high // 3, 1000))

    def _set(self, made: Any, field: FieldDescriptor, depth: int) -> None:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            self._set_map(getattr(made, field.name), field.message_type)
        elif field.is_repeated:
            items = [self._value(field, depth) for _ in range(self._chance.randint(0, _LONGEST))]
            getattr(made, field.name).extend(items)
        elif field.message_type is not None:
            getattr(made, field.name).CopyFrom(self._value(field, depth))
        else:
            setattr(made, field.name, self._value(field, depth))

    def _value(self, field: FieldDescriptor, depth: int) -> Any:
        if field.message_type is not None:
            return self.message(field.message_type, depth + 1)
        if field.cpp_type == _F.CPPTYPE_STRING:
            return self._chance.choice(_BYTES if field.type == _F.TYPE_BYTES else _TEXTS)
        return self._scalars[field.cpp_type]()

    def _set_map(self, entries: Any, entry: Descriptor) -> None:
        key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
        if value.message_type is not None:
            return
        for _ in range(self._chance.randint(0, _LONGEST)):
            if key.cpp_type == _F.CPPTYPE_BOOL:
                chosen: Any = self._chance.random() < 0.5
            else:
                kind = "string" if key.cpp_type == _F.CPPTYPE_STRING else "int"
                unsigned = key.cpp_type in {_F.CPPTYPE_UINT32, _F.CPPTYPE_UINT64}
                chosen = self._chance.choice(_KEYS["uint" if unsigned else kind])
            entries[chosen] = self._value(value, _DEPTH)

    def _set_time(self, made: Any) -> None:
        # Within the years that every engine can say, and some of them a day before the epoch.
        # A duration is of less than 292 years, as many as fit into nanoseconds.
        # With a duration taken off, a time must stay within the years that have a name in every time zone.
        earliest = -50_000_000_000 if made.DESCRIPTOR.name == "Timestamp" else -3_000_000_000
        made.seconds = self._chance.choice((0, 1, 86_399, -86_400, 951_782_400, 1_735_689_599, earliest))
        if made.seconds >= 0:
            made.nanos = self._chance.choice((0, 0, 1, 789_000_000, 999_999_999))

    def _set_struct(self, made: Any) -> None:
        for key in ("a", "b"):
            if self._chance.random() < _SET:
                made[key] = self._chance.choice((None, True, False, 1.0, 0.0, 2.5, "x", "", [1.0, "x"], {"c": 1.0}))
