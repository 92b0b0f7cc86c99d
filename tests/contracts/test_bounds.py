"""Nothing in a request is unbounded: what a caller may send has a size that the contract states."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

ROOT = Path(__file__).parents[2]
# Bounded by the platform rather than field by field: Struct and Value by their size as JSON, FieldMask by the fields
# there are, Any by the size of the whole request.
BOUNDED_ELSEWHERE = {
    "google.protobuf.Struct",
    "google.protobuf.Value",
    "google.protobuf.FieldMask",
    "google.protobuf.Any",
}
WELL_KNOWN_FORMATS = {"uuid", "tuuid", "email", "hostname", "ip", "ipv4", "ipv6", "ulid"}
# A pattern bounds when it is anchored at both ends and repeats nothing without a limit.
UNLIMITED_REPETITION = ("*", "+", ",}")

Rules = validate_pb2.FieldRules


def _own_pool() -> tuple[descriptor_pool.DescriptorPool, list[str]]:
    files = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "generated/descriptors.binpb").read_bytes()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    names = [
        f"{file.package}.{service.name}.{method.name}"
        for file in files
        if file.package.startswith("function.")
        for service in file.service
        for method in service.method
    ]
    return pool, names


POOL, METHODS = _own_pool()


def _fields(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    if message.full_name in seen or message.full_name in BOUNDED_ELSEWHERE:
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            yield from _fields(field.message_type, seen)


def _rules(field: FieldDescriptor) -> Rules:
    # The pool of the test is not the one the options were generated for: read them again by their bytes.
    options = descriptor_pb2.FieldOptions.FromString(field.GetOptions().SerializeToString())
    return options.Extensions[validate_pb2.field]


def _text_is_bounded(rules: validate_pb2.StringRules | validate_pb2.BytesRules) -> bool:
    if any(rules.HasField(name) for name in ("max_len", "len", "const")) or len(getattr(rules, "in")) > 0:
        return True
    if isinstance(rules, validate_pb2.BytesRules):
        return False
    if rules.HasField("max_bytes") or rules.WhichOneof("well_known") in WELL_KNOWN_FORMATS:
        return True
    pattern = rules.pattern
    anchored = pattern.startswith("^") and pattern.endswith("$")
    return anchored and not any(sign in pattern for sign in UNLIMITED_REPETITION)


def _scalar_is_bounded(field: FieldDescriptor, rules: Rules) -> bool:
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text_is_bounded(rules.string)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _text_is_bounded(rules.bytes)
    if field.name.endswith("page_size"):
        return rules.int32.HasField("lte")
    return True


def _is_bounded(field: FieldDescriptor) -> bool:
    rules = _rules(field)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name
        return (
            rules.map.HasField("max_pairs")
            and _scalar_is_bounded(entry["key"], rules.map.keys)
            and _scalar_is_bounded(entry["value"], rules.map.values)
        )
    if field.is_repeated:
        return rules.repeated.HasField("max_items") and _scalar_is_bounded(field, rules.repeated.items)
    return _scalar_is_bounded(field, rules)


@pytest.mark.parametrize("name", METHODS)
def test_every_field_of_the_request_is_bounded(name: str) -> None:
    request = POOL.FindMethodByName(name).input_type
    unbounded = [field.full_name for field in _fields(request, set()) if not _is_bounded(field)]
    assert unbounded == []


@pytest.mark.parametrize("name", METHODS)
def test_request_and_response_belong_to_the_method_alone(name: str) -> None:
    method = POOL.FindMethodByName(name)
    assert method.input_type.name == f"{method.name}Request"
    assert method.output_type.name == f"{method.name}Response"
