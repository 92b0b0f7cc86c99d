"""Turns bytes into a message that keeps the rules of the contract, or says which field breaks which."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from function_backend.interceptors.null_characters import NullCharacters
from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, invalid_fields

if TYPE_CHECKING:
    from protovalidate import FieldPathElementPb, Violation

_LONGEST_REMEMBERED = 64
_MOST_REMEMBERED = 4096
_CLOCK = re.compile(r"\bnow\b|_now\b|\bwithin\b")
_NO_NULLS = "must not contain the character U+0000"


class MalformedRequestError(InvalidArgumentError):
    """The bytes are not a message of the type."""

    reason = "MALFORMED_REQUEST"

    def __init__(self, message_type: str) -> None:
        super().__init__(f"The request is not a valid {message_type}.", metadata={"message_type": message_type})


class Validation:
    """Parses requests and checks them against the rules in the contract."""

    def __init__(self) -> None:
        self._nulls = NullCharacters()

    def decoder(self, message_type: type[Message]) -> Callable[[bytes], Message]:
        """A function from bytes to a checked message; its rules are compiled with its first call, which takes 1 ms.

        Not before: those of all methods would take 13 MB of each worker.
        It raises MalformedRequestError, and InvalidArgumentError with all violations.
        """
        parse, name = message_type.FromString, message_type.DESCRIPTOR.full_name
        # Whoever reads something often sends the same few bytes, and what was valid a moment ago still is. Checking
        # them anew would cost a read from memory 8 % of its time.
        passed: set[bytes] = set()
        longest: int | None = None

        def decode(wire: bytes) -> Message:
            nonlocal longest
            try:
                message = parse(wire)
            except DecodeError:
                raise MalformedRequestError(name) from None
            if wire in passed:
                return message
            if b"\x00" in wire:
                self._refuse_nulls(message)
            violations = _rules()(message)
            if violations:
                raise invalid_fields(*map(_violation, violations))
            if longest is None:
                longest = 0 if _looks_at_the_clock(cast("Descriptor", message_type.DESCRIPTOR)) else _LONGEST_REMEMBERED
            if len(wire) <= longest:
                if len(passed) >= _MOST_REMEMBERED:
                    passed.clear()
                passed.add(wire)
            return message

        return decode

    def warm_up(self) -> None:
        """Loads what checks messages, which takes 70 ms, before the first one comes."""
        _rules()

    def violations(self, message: Message, *, prefix: str = "") -> Sequence[FieldViolation]:
        """What is wrong with a message that came as a part of another, with paths that begin with the prefix."""
        found = [_violation(violation, prefix) for violation in _rules()(message)]
        if b"\x00" in message.SerializeToString():
            found.extend(FieldViolation(path, _NO_NULLS) for path in self._nulls.find(message, prefix))
        return found

    def _refuse_nulls(self, message: Message) -> None:
        found = [FieldViolation(path, _NO_NULLS) for path in self._nulls.find(message)]
        if found:
            raise invalid_fields(*found)


@cache
def _rules() -> Callable[[Message], Sequence[Violation]]:
    """Checks messages; one for the process, since it keeps what it has compiled.

    Loaded when it is needed, or by the warm-up: it takes a twentieth of a start.
    """
    import protovalidate  # noqa: PLC0415

    collect = protovalidate.Validator().collect_violations

    def check(message: Message) -> Sequence[Violation]:
        try:
            return collect(message)
        except protovalidate.EvaluationError:
            raise invalid_fields(FieldViolation("", "a rule cannot be applied to these values")) from None

    return check


def _looks_at_the_clock(message: Descriptor) -> bool:
    """Whether a rule of it, or of what is inside it, depends on the time: what was valid may be so no longer."""
    reached, todo = {message.full_name}, [message]
    while todo:
        each = todo.pop()
        if _own_rules_look_at_the_clock(each):
            return True
        inside = [field.message_type for field in each.fields if field.message_type is not None]
        todo += [part for part in inside if part.full_name not in reached]
        reached.update(part.full_name for part in inside)
    return False


@cache
def _own_rules_look_at_the_clock(message: Descriptor) -> bool:
    rules = [message.GetOptions(), *(field.GetOptions() for field in message.fields)]
    rules += [oneof.GetOptions() for oneof in message.oneofs]
    return any(_CLOCK.search(str(each)) for each in rules)


def _violation(violation: Violation, prefix: str = "") -> FieldViolation:
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
