"""Turns bytes into a message that keeps the rules of the contract, or says which field breaks which."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import protovalidate
from google.protobuf.message import DecodeError, Message
from protovalidate import FieldPathElementPb

from function_backend.interceptors.null_characters import NullCharacters
from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, invalid_fields

_NO_NULLS = "must not contain the character U+0000"


class MalformedRequestError(InvalidArgumentError):
    """The bytes are not a message of the type."""

    reason = "MALFORMED_REQUEST"

    def __init__(self, message_type: str) -> None:
        super().__init__(f"The request is not a valid {message_type}.", metadata={"message_type": message_type})


class Validation:
    """Parses requests and checks them against the rules in the contract."""

    def __init__(self) -> None:
        self._validator = protovalidate.Validator()
        self._nulls = NullCharacters()

    def decoder(self, message_type: type[Message]) -> Callable[[bytes], Message]:
        """A function from bytes to a checked message; the rules are compiled now, not with the first call.

        It raises MalformedRequestError, and InvalidArgumentError with all violations.
        """
        parse, name = message_type.FromString, message_type.DESCRIPTOR.full_name
        collect = self._validator.collect_violations
        collect(message_type())

        def decode(wire: bytes) -> Message:
            try:
                message = parse(wire)
            except DecodeError:
                raise MalformedRequestError(name) from None
            if b"\x00" in wire:
                self._refuse_nulls(message)
            try:
                violations = collect(message)
            except protovalidate.EvaluationError:
                raise invalid_fields(FieldViolation("", "a rule cannot be applied to these values")) from None
            if violations:
                raise invalid_fields(*map(_violation, violations))
            return message

        return decode

    def violations(self, message: Message, *, prefix: str = "") -> Sequence[FieldViolation]:
        """What is wrong with a message that came as a part of another, with paths that begin with the prefix."""
        found = [_violation(violation, prefix) for violation in self._validator.collect_violations(message)]
        if b"\x00" in message.SerializeToString():
            found.extend(FieldViolation(path, _NO_NULLS) for path in self._nulls.find(message, prefix))
        return found

    def _refuse_nulls(self, message: Message) -> None:
        found = [FieldViolation(path, _NO_NULLS) for path in self._nulls.find(message)]
        if found:
            raise invalid_fields(*found)


def _violation(violation: protovalidate.Violation, prefix: str = "") -> FieldViolation:
    proto = violation.proto
    path = prefix
    for element in proto.field.elements if proto.field is not None else ():
        path += f".{element.field_name}" if path else (element.field_name or "")
        path += _subscript(element)
    return FieldViolation(path, proto.message or f"breaks the rule {proto.rule_id}")


def _subscript(element: FieldPathElementPb) -> str:
    subscript = element.subscript
    if subscript is None:
        return ""
    return f'["{subscript.value}"]' if subscript.field == "string_key" else f"[{subscript.value}]"
