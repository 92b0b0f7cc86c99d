"""Definitions as YAML and JSON; reading them again gives the same definition."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from google.protobuf import struct_pb2, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from function.rules.v1 import definition_pb2
from function_backend_rules.definitions.enum_names import short_name
from function_backend_rules.definitions.scalars import is_special

_WIDTH = 110
"""How long a list of texts may be to stand in one line."""
_BLOCK = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff][^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")
_SPACE_AT_END = re.compile(r"[ \t]$", re.MULTILINE)
_MAX_SAFE_INTEGER = 2**53 - 1
_UNBROKEN = 2**31 - 1
# The emitter in C, where PyYAML was built with it, is ten times as fast.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_RESOLVER: Any = yaml.SafeDumper(io.StringIO())


def write_json(definition: definition_pb2.Definition) -> str:
    """A definition as JSON, with a line break at the end.

    Raises:
        ValueError: it holds a number that JSON does not have.
    """
    return json.dumps(plain(definition), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_yaml(definitions: Iterable[definition_pb2.Definition]) -> str:
    """Definitions as the documents of one YAML text.

    Texts that another reader of YAML could take for something else are in quotes.

    Raises:
        ValueError: one holds a number that JSON does not have.
    """
    texts = [
        yaml.emit(_document(plain(each)), Dumper=_DUMPER, allow_unicode=True, width=_UNBROKEN) for each in definitions
    ]
    return "---\n".join(texts)


def plain(message: Message) -> dict[str, Any]:
    """A message as dicts, lists, texts, numbers and truth values: its JSON mapping with short names of enum values."""
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            found[field.name] = {key: value[key] for key in sorted(value)}
        elif field.is_repeated:
            found[field.name] = [_single(field, item) for item in value]
        else:
            found[field.name] = _single(field, value)
    return found


def _single(field: FieldDescriptor, value: Any) -> Any:  # noqa: ANN401 - of the field's type
    if isinstance(value, struct_pb2.Struct | struct_pb2.Value):
        return _free(value)
    if isinstance(value, timestamp_pb2.Timestamp):
        return value.ToJsonString()
    if isinstance(value, Message):
        return plain(value)
    return short_name(field.enum_type, value) if field.enum_type is not None else value


def _free(value: struct_pb2.Struct | struct_pb2.Value) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, struct_pb2.Struct):
        return {key: _free(value.fields[key]) for key in sorted(value.fields)}
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _free(value.struct_value)
    if kind == "list_value":
        return [_free(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        if not math.isfinite(number):
            raise ValueError(f"JSON has no number {number}")
        whole = number.is_integer() and abs(number) <= _MAX_SAFE_INTEGER
        # A negative zero is another number than zero.
        return int(number) if whole and not (number == 0 and math.copysign(1, number) < 0) else number
    return None if kind in {None, "null_value"} else getattr(value, kind)


def _document(content: Mapping[str, Any]) -> Iterator[yaml.Event]:
    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=False)
    yield from _events(content, flow=False)
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _events(content: Any, *, flow: bool) -> Iterator[yaml.Event]:  # noqa: ANN401 - any JSON
    if isinstance(content, Mapping):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=flow or not content)
        for key, value in content.items():
            yield _text(key, flow=True)
            yield from _events(value, flow=flow)
        yield yaml.MappingEndEvent()
    elif isinstance(content, list):
        short = flow or _is_short(content)
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=short)
        for item in content:
            yield from _events(item, flow=short)
        yield yaml.SequenceEndEvent()
    elif isinstance(content, str):
        yield _text(content, flow=flow)
    else:
        yield yaml.ScalarEvent(None, None, (True, True), json.dumps(content, allow_nan=False))


def _is_short(items: list[Any]) -> bool:
    """Whether a list stands in one line: texts, numbers and truth values that are not long."""
    if any(isinstance(item, dict | list) or (isinstance(item, str) and "\n" in item) for item in items):
        return False
    return sum(len(str(item)) + 4 for item in items) <= _WIDTH


def _text(text: str, *, flow: bool) -> yaml.ScalarEvent:
    if not flow and "\n" in text and _BLOCK.fullmatch(text) and not _SPACE_AT_END.search(text):
        return yaml.ScalarEvent(None, None, (True, True), text, style="|")
    # PyYAML leaves these as they are in quotes, and reads them as line breaks or not at all.
    strange = any(sign in text for sign in "\x85\u2028\u2029\ufeff") or "\n" in text
    if strange:
        return yaml.ScalarEvent(None, None, (True, True), text, style='"')
    own = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str"
    quoted = "'" if own or is_special(text) or text == "<<" else None
    return yaml.ScalarEvent(None, None, (not quoted, True), text, style=quoted)
