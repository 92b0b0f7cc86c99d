"""Write the proto source of a file of which only the descriptor is at hand.

Covers what proto2 and proto3 files without groups, services and custom defaults use, and proves each
result: the text is compiled again and has to give the descriptor it came from.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

_TYPE = descriptor_pb2.FieldDescriptorProto.Type
_LABEL = descriptor_pb2.FieldDescriptorProto.Label
_MAX_FIELD_NUMBER = 536_870_911


class SourceMismatchError(Exception):
    """The printed source does not compile to the descriptor it was printed from."""


def proto_source(file: descriptor_pb2.FileDescriptorProto, *, include: Path) -> str:
    """Return the source of `file`; `include` is a folder holding what it imports besides the well-known types."""
    printer = _Printer(file)
    source = "\n".join(printer.lines()) + "\n"
    _prove(source, file, include)
    return source


def _prove(source: str, file: descriptor_pb2.FileDescriptorProto, include: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = root / file.name
        path.parent.mkdir(parents=True)
        path.write_text(source)
        output = root / "descriptors.binpb"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{root}", f"-I{include}"]
        subprocess.run([*command, f"--descriptor_set_out={output}", file.name], check=True)
        compiled = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file[0]
    if compiled != file:
        raise SourceMismatchError(file.name)


class _Printer:
    def __init__(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        self._file = file
        self._proto3 = file.syntax == "proto3"
        # A pool of its own that knows the file's own extensions, so that options written with them are readable.
        pool = descriptor_pool.DescriptorPool()
        for name in (*file.dependency, "google/protobuf/descriptor.proto"):
            module = importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
            known = descriptor_pb2.FileDescriptorProto()
            module.DESCRIPTOR.CopyToProto(known)
            pool.Add(known)
        pool.Add(file)
        self._pool = pool

    def lines(self) -> Iterator[str]:
        yield f'syntax = "{self._file.syntax or "proto2"}";'
        yield f"package {self._file.package};"
        public = set(self._file.public_dependency)
        for index, name in enumerate(self._file.dependency):
            yield f'import {"public " if index in public else ""}"{name}";'
        for option in self._options(self._file.options):
            yield f"option {option};"
        for enum in self._file.enum_type:
            yield from self._enum(enum)
        for message in self._file.message_type:
            yield from self._message(message)
        yield from self._extensions(self._file.extension)

    def _message(self, message: descriptor_pb2.DescriptorProto) -> Iterator[str]:
        yield f"message {message.name} {{"
        for option in self._options(message.options):
            yield f"option {option};"
        for enum in message.enum_type:
            yield from self._enum(enum)
        entries = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
        for nested in message.nested_type:
            if nested.name not in entries:
                yield from self._message(nested)
        yield from self._fields(message, entries)
        yield from self._extensions(message.extension)
        for extension_range in message.extension_range:
            yield f"extensions {_span(extension_range.start, extension_range.end - 1)};"
        yield from _reserved(((r.start, r.end - 1) for r in message.reserved_range), message.reserved_name)
        yield "}"

    def _fields(
        self, message: descriptor_pb2.DescriptorProto, entries: dict[str, descriptor_pb2.DescriptorProto]
    ) -> Iterator[str]:
        opened: int | None = None
        for field in message.field:
            inside = field.oneof_index if field.HasField("oneof_index") and not field.proto3_optional else None
            if opened is not None and inside != opened:
                yield "}"
            if inside is not None and inside != opened:
                yield f"oneof {message.oneof_decl[inside].name} {{"
                for option in self._options(message.oneof_decl[inside].options):
                    yield f"option {option};"
            opened = inside
            yield self._field(field, entry=entries.get(field.type_name.rpartition(".")[2]), labelled=inside is None)
        if opened is not None:
            yield "}"

    def _extensions(self, fields: Iterable[descriptor_pb2.FieldDescriptorProto]) -> Iterator[str]:
        for field in fields:
            yield f"extend {field.extendee} {{"
            yield self._field(field, entry=None, labelled=True)
            yield "}"

    def _field(
        self,
        field: descriptor_pb2.FieldDescriptorProto,
        *,
        entry: descriptor_pb2.DescriptorProto | None,
        labelled: bool,
    ) -> str:
        kind, label = _type_name(field), ""
        if entry is not None:
            kind = f"map<{_type_name(entry.field[0])}, {_type_name(entry.field[1])}>"
        elif labelled and (field.label != _LABEL.LABEL_OPTIONAL or not self._proto3 or field.proto3_optional):
            label = _LABEL.Name(field.label).removeprefix("LABEL_").lower() + " "
        options = ", ".join(self._options(field.options))
        return f"{label}{kind} {field.name} = {field.number}{f' [{options}]' if options else ''};"

    def _enum(self, enum: descriptor_pb2.EnumDescriptorProto) -> Iterator[str]:
        yield f"enum {enum.name} {{"
        for option in self._options(enum.options):
            yield f"option {option};"
        for value in enum.value:
            options = ", ".join(self._options(value.options))
            yield f"{value.name} = {value.number}{f' [{options}]' if options else ''};"
        yield from _reserved(((r.start, r.end) for r in enum.reserved_range), enum.reserved_name)
        yield "}"

    def _options(self, options: Message) -> Iterator[str]:
        kind = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name))
        for field, value in kind.FromString(options.SerializeToString()).ListFields():
            name = f"({field.full_name})" if field.is_extension else field.name
            yield f"{name} = {_option_value(field, value)}"


def _option_value(field: FieldDescriptor, value: Any) -> str:  # noqa: ANN401 - whatever the option holds
    if field.message_type is not None:
        text = text_format.MessageToString(value, as_one_line=True, use_short_repeated_primitives=True)
        return f"{{ {text} }}"
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _type_name(field: descriptor_pb2.FieldDescriptorProto) -> str:
    return field.type_name or _TYPE.Name(field.type).removeprefix("TYPE_").lower()


def _span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first} to {'max' if last == _MAX_FIELD_NUMBER else last}"


def _reserved(spans: Iterable[tuple[int, int]], names: Sequence[str]) -> Iterator[str]:
    for first, last in spans:
        yield f"reserved {_span(first, last)};"
    if names:
        yield "reserved " + ", ".join(f'"{name}"' for name in names) + ";"
