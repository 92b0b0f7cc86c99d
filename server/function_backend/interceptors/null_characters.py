"""Finds U+0000 in the strings of a message: PostgreSQL cannot store it, and nothing sensible contains it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

Finder = Callable[[Any, str], Iterator[str]]

_NULL = "\x00"


class NullCharacters:
    """Names the fields that contain U+0000.

    Looking is needed only where the bytes of the message contain a zero, which strings without U+0000 hardly ever bring
    along. Fields with `ignore: IGNORE_ALWAYS` are left to whoever checks them one by one.
    """

    def __init__(self) -> None:
        self._finders: dict[str, list[tuple[FieldDescriptor, Finder]]] = {}

    def find(self, message: Message, path: str = "") -> Iterator[str]:
        """The paths of the fields, such as `company.names[1].text`."""
        for field, finder in self._of(cast("Descriptor", message.DESCRIPTOR)):
            if not field.is_repeated and field.has_presence and not message.HasField(field.name):
                continue
            yield from finder(getattr(message, field.name), f"{path}.{field.name}" if path else field.name)

    def _of(self, message: Descriptor) -> list[tuple[FieldDescriptor, Finder]]:
        known = self._finders.get(message.full_name)
        if known is None:
            # Entered before it is filled: a message type may contain itself, as google.protobuf.Value does.
            known = self._finders[message.full_name] = []
            for field in message.fields:
                finder = self._finder(field)
                if finder is not None:
                    known.append((field, finder))
        return known

    def _finder(self, field: FieldDescriptor) -> Finder | None:
        if _is_left_out(field):
            return None
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            return self._in_map(entry.fields_by_name["key"], entry.fields_by_name["value"])
        single = self._single(field)
        if single is None or not field.is_repeated:
            return single

        def find(values: Iterable[object], path: str) -> Iterator[str]:
            for index, value in enumerate(values):
                yield from single(value, f"{path}[{index}]")

        return find

    def _single(self, field: FieldDescriptor) -> Finder | None:
        if field.message_type is not None:
            self._of(field.message_type)
            return self.find
        return _in_text if field.type == FieldDescriptor.TYPE_STRING else None

    def _in_map(self, key: FieldDescriptor, value: FieldDescriptor) -> Finder | None:
        in_key, in_value = self._single(key), self._single(value)
        if in_key is None and in_value is None:
            return None

        def find(entries: dict[object, object], path: str) -> Iterator[str]:
            for name, entry in entries.items():
                where = f'{path}["{name}"]'
                if in_key is not None and _NULL in str(name):
                    yield where
                if in_value is not None:
                    yield from in_value(entry, where)

        return find


def _in_text(text: object, path: str) -> Iterator[str]:
    if _NULL in str(text):
        yield path


def _is_left_out(field: FieldDescriptor) -> bool:
    options = field.GetOptions()
    return (
        options.HasExtension(validate_pb2.field)
        and options.Extensions[validate_pb2.field].ignore == validate_pb2.IGNORE_ALWAYS
    )
