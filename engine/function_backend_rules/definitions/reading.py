"""From lists and mappings to the message: the JSON mapping of protobuf, with the place of everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from function.rules.v1 import definition_pb2
from function_backend_rules.cel.names import nearest
from function_backend_rules.definitions.nodes import Mapping, Node, Scalar, Sequence, told
from function_backend_rules.definitions.scalars import (
    ScalarRefusedError,
    bool_of,
    enum_of,
    integer_of,
    struct_of,
    text_of,
    timestamp_of,
    value_of,
)

CSV = "csv"
"""The key of a table that names a file with its columns and rows."""
MAX_PROBLEMS = 100

Refuse = Callable[[Node, str, str, str | None], None]
"""Takes what is wrong: the node, the path of its field, the message and what to do."""
_FREE: dict[str, Callable[[Node], Message]] = {
    "google.protobuf.Struct": struct_of,
    "google.protobuf.Value": value_of,
    "google.protobuf.Timestamp": timestamp_of,
}


class DefinitionReader:
    """Reads one definition. What is wrong goes to `refuse`, and reading goes on."""

    def __init__(self, refuse: Refuse, read_csv: Callable[[Scalar], definition_pb2.DecisionTable | None]) -> None:
        """Takes where problems go, and what reads the file that `csv` names."""
        self._refuse = refuse
        self._read_csv = read_csv

    def read(self, node: Node) -> definition_pb2.Definition:
        """The definition, as far as it can be read."""
        definition = definition_pb2.Definition()
        self._message(definition, node, "")
        return definition

    def _message(self, message: Message, node: Node, path: str) -> None:
        if not isinstance(node, Mapping):
            kind = message.DESCRIPTOR.name
            self._refuse(
                node, path, f"a mapping of the fields of {kind} is expected here, and this is {told(node)}", None
            )
            return
        for field, key, value in self._fields(message.DESCRIPTOR, node, path):
            inside = f"{path}.{field.name}" if path else field.name
            if field.containing_oneof is not None and not field.containing_oneof.name.startswith("_"):
                before = message.WhichOneof(field.containing_oneof.name)
                if before is not None:
                    self._refuse(key, inside, f"there is a {before} already, and only one of them may be", None)
                    continue
            self._field(message, field, value, inside)
        if isinstance(message, definition_pb2.DecisionTable):
            self._table_file(message, node, path)

    def _fields(
        self,
        descriptor: Any,  # noqa: ANN401 - either of two classes, by how protobuf was built
        node: Mapping,
        path: str,
    ) -> Iterator[tuple[FieldDescriptor, Scalar, Node]]:
        known = {field.name: field for field in descriptor.fields}
        known |= {field.json_name: field for field in descriptor.fields}
        seen: dict[str, Scalar] = {}
        for key, value in node.entries:
            field = known.get(key.text)
            name = field.name if field is not None else key.text
            if name in seen:
                self._refuse(key, path, f"{name!r} is there twice, first in line {seen[name].place.line}", None)
                continue
            seen[name] = key
            if field is not None:
                yield field, key, value
            elif not (key.text == CSV and descriptor is definition_pb2.DecisionTable.DESCRIPTOR):
                names = [each.name for each in descriptor.fields]
                hint = nearest(key.text, names) or f"there are {', '.join(names)}"
                self._refuse(key, path, f"{descriptor.name} has no field {key.text!r}", hint)

    def _field(self, message: Message, field: FieldDescriptor, node: Node, path: str) -> None:
        entry = field.message_type is not None and field.message_type.GetOptions().map_entry
        free = field.message_type is not None and field.message_type.full_name == "google.protobuf.Value"
        if isinstance(node, Scalar) and node.absent and not free:
            return  # As in JSON: a key with nothing behind it says nothing.
        if entry:
            self._map(message, field, node, path)
        elif field.is_repeated:
            self._list(message, field, node, path)
        elif field.message_type is not None and field.message_type.full_name not in _FREE:
            inner = getattr(message, field.name)
            inner.SetInParent()
            self._message(inner, node, path)
        else:
            self._single(message, field, node, path)

    def _single(self, message: Message, field: FieldDescriptor, node: Node, path: str) -> None:
        value = self._value(field, node, path)
        if value is None:
            return
        if field.message_type is not None:
            inner = getattr(message, field.name)
            inner.SetInParent()
            inner.CopyFrom(value)
        else:
            setattr(message, field.name, value)

    def _list(self, message: Message, field: FieldDescriptor, node: Node, path: str) -> None:
        if not isinstance(node, Sequence):
            hint = f"[{node.text}]" if isinstance(node, Scalar) and len(node.text) < 40 else "put a dash before each"  # noqa: PLR2004
            self._refuse(node, path, f"a list is expected here, and this is {told(node)}", hint)
            return
        items = getattr(message, field.name)
        for number, item in enumerate(node.items):
            inside = f"{path}[{number}]"
            if field.message_type is not None:
                self._message(items.add(), item, inside)
            elif isinstance(item, Scalar) and item.absent and item.text:
                self._refuse(item, inside, "null is no text", 'write "null" for the expression')
            else:
                value = self._value(field, item, inside)
                items.append(value if value is not None else "")

    def _map(self, message: Message, field: FieldDescriptor, node: Node, path: str) -> None:
        if not isinstance(node, Mapping):
            self._refuse(node, path, f"a mapping of names to texts is expected here, and this is {told(node)}", None)
            return
        values = getattr(message, field.name)
        for key, item in node.entries:
            inside = f"{path}[{key.text!r}]"
            name, value = self._try(text_of, key, inside), self._try(text_of, item, inside)
            if name is None or value is None:
                continue
            if name in values:
                self._refuse(key, inside, f"{name!r} is there twice", None)
            values[name] = value

    def _value(self, field: FieldDescriptor, node: Node, path: str) -> Any:  # noqa: ANN401 - of the field's type
        """The value of a field that holds one; None where it is wrong."""
        if field.message_type is not None:
            return self._try(_FREE[field.message_type.full_name], node, path)
        if field.enum_type is not None:
            return self._try(lambda each: enum_of(each, field), node, path)
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return self._try(text_of, node, path)
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self._try(bool_of, node, path)
        return self._try(lambda each: integer_of(each, field), node, path)

    def _try(self, read: Callable[[Node], Any], node: Node, path: str) -> Any:  # noqa: ANN401 - what `read` gives
        try:
            return read(node)
        except ScalarRefusedError as error:
            self._refuse(error.node, path + error.path, error.message, error.suggestion)
            return None

    def _table_file(self, table: definition_pb2.DecisionTable, node: Mapping, path: str) -> None:
        """Puts the columns and rows of the file that a table names into it."""
        found = [(key, value) for key, value in node.entries if key.text == CSV]
        if not found:
            return
        key, value = found[0]
        if not isinstance(value, Scalar) or not value.text:
            self._refuse(
                value, f"{path}.{CSV}", f"the name of a file is expected here, and this is {told(value)}", None
            )
            return
        for name in ("input_columns", "output_columns", "rows", "otherwise"):
            if len(getattr(table, name)):
                self._refuse(key, f"{path}.{name}", f"{name} stand in {value.text}, so they cannot stand here", None)
                return
        read = self._read_csv(value)
        if read is not None:
            # What is said here has the last word over the lines `#hit_policy` and so on of the file.
            read.MergeFrom(table)
            table.CopyFrom(read)
