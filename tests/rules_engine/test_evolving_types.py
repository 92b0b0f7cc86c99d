"""A message whose type has changed since its rule was compiled gives an error or the right value, never another one."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from function_backend_rules.cel import Environment, EvaluationError, InputError, RefusedError
from tests.rules_engine import canonical

_FIELD = descriptor_pb2.FieldDescriptorProto
_NAME = "exam.v1.Changing"
_KINDS = {
    "int64": _FIELD.TYPE_INT64,
    "uint64": _FIELD.TYPE_UINT64,
    "double": _FIELD.TYPE_DOUBLE,
    "string": _FIELD.TYPE_STRING,
    "bool": _FIELD.TYPE_BOOL,
}
_VALUES: dict[str, Any] = {"int64": 7, "uint64": 7, "double": 7.0, "string": "7", "bool": True}


def _version(kind: str | None, *, repeated: bool = False) -> tuple[descriptor_pool.DescriptorPool, Any]:
    """A pool with one version of the message, whose field `x` is of this kind, and the class of the message."""
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorProto(name="exam/v1/changing.proto", package="exam.v1", syntax="proto3")
    message = file.message_type.add(name="Changing")
    if kind is not None:
        label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
        message.field.add(name="x", number=1, type=_KINDS[kind], label=label)
    pool.Add(file)
    return pool, message_factory.GetMessageClass(pool.FindMessageTypeByName(_NAME))


@pytest.mark.parametrize("before", _KINDS)
@pytest.mark.parametrize("after", _KINDS)
def test_a_field_of_another_kind_gives_no_wrong_value(before: str, after: str) -> None:
    pool, old = _version(before)
    _, new = _version(after)
    program = Environment({"c": _NAME}, pool=pool).check(_DOUBLED[before]).program()
    assert canonical.of(program.evaluate({"c": old(x=_VALUES[before])})) == canonical.of(_RESULTS[before])
    try:
        found = program.evaluate({"c": new(x=_VALUES[after])})
    except (EvaluationError, InputError):
        return
    assert canonical.of(found) == canonical.of(_RESULTS[before])


_DOUBLED = {
    "int64": "c.x / 2",
    "uint64": "c.x == 7u",
    "double": "c.x / 2.0",
    "string": "c.x + c.x",
    "bool": "c.x && true",
}
_RESULTS: dict[str, Any] = {"int64": 3, "uint64": True, "double": 3.5, "string": "77", "bool": True}


@pytest.mark.parametrize("repeated", [False, True])
def test_a_field_that_is_gone_or_repeated_gives_no_value(repeated: bool) -> None:  # noqa: FBT001 - from the line above
    pool, _ = _version("int64")
    _, new = _version("int64" if repeated else None, repeated=repeated)
    program = Environment({"c": _NAME}, pool=pool).check("c.x + 1 > 0").program()
    with pytest.raises((EvaluationError, InputError)):
        program.evaluate({"c": new()})


def test_a_rule_is_checked_against_the_version_there_is() -> None:
    pool, _ = _version("string")
    with pytest.raises(RefusedError, match="int"):
        Environment({"c": _NAME}, pool=pool).check("c.x + 1 > 0")
    gone, _ = _version(None)
    with pytest.raises(RefusedError, match="no field 'x'"):
        Environment({"c": _NAME}, pool=gone).check("c.x > 0")
