"""What the checker asks about messages and enums."""

from __future__ import annotations

import hashlib

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from function_backend_rules.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    INT,
    STRING,
    UINT,
    Type,
    list_of,
    map_of,
    message_type,
)

_F = FieldDescriptor
SCALARS = {
    _F.TYPE_BOOL: BOOL,
    _F.TYPE_DOUBLE: DOUBLE,
    _F.TYPE_FLOAT: DOUBLE,
    _F.TYPE_INT32: INT,
    _F.TYPE_INT64: INT,
    _F.TYPE_SINT32: INT,
    _F.TYPE_SINT64: INT,
    _F.TYPE_SFIXED32: INT,
    _F.TYPE_SFIXED64: INT,
    _F.TYPE_UINT32: UINT,
    _F.TYPE_UINT64: UINT,
    _F.TYPE_FIXED32: UINT,
    _F.TYPE_FIXED64: UINT,
    _F.TYPE_STRING: STRING,
    _F.TYPE_BYTES: BYTES,
    _F.TYPE_ENUM: INT,
}


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    return bool(field.message_type is not None and field.message_type.GetOptions().map_entry)


def field_type(field: FieldDescriptor) -> Type:
    """The type that reading a field gives."""
    if field.message_type is not None and is_map(field):
        entry = field.message_type.fields_by_name
        return map_of(_single(entry["key"]), _single(entry["value"]))
    return list_of(_single(field)) if field.is_repeated else _single(field)


def _single(field: FieldDescriptor) -> Type:
    return message_type(field.message_type.full_name) if field.message_type is not None else SCALARS[field.type]


def _digest(file: FileDescriptor) -> str:
    pending, seen = [file], {file.name: file}
    while pending:
        for needed in pending.pop().dependencies:
            if needed.name not in seen:
                seen[needed.name] = needed
                pending.append(needed)
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(seen[name].serialized_pb)
    return digest.hexdigest()


class Contract:
    """The messages and enums of a descriptor pool."""

    def __init__(self, pool: DescriptorPool | None) -> None:
        self.pool = pool if pool is not None else descriptor_pool.Default()
        self._digests: dict[str, str] = {}

    def file_digest(self, message: str) -> str:
        """SHA-256 of the file that a message is declared in and of all that it imports."""
        found = self._digests.get(message)
        if found is None:
            descriptor = self.message(message)
            found = _digest(descriptor.file) if descriptor is not None else ""
            self._digests[message] = found
        return found

    def message(self, name: str) -> Descriptor | None:
        """The message of this full name."""
        try:
            return self.pool.FindMessageTypeByName(name)
        except KeyError:
            return None

    def enum(self, name: str) -> EnumDescriptor | None:
        """The enum of this full name."""
        try:
            return self.pool.FindEnumTypeByName(name)
        except KeyError:
            return None

    def enum_number(self, name: str) -> int | None:
        """The number of `some.package.Enum.MEMBER`; the member may also be named beside the enum, as in protobuf."""
        enum, _, member = name.rpartition(".")
        found = self.enum(enum)
        if found is not None and member in found.values_by_name:
            number = found.values_by_name[member].number
            return int(number)
        return None
