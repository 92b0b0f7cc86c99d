"""Makes a difference small enough to be read, and writes down how to see it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from google.protobuf import text_format
from google.protobuf.message import Message

from tests.rules_engine.differential import comparison, vocabulary
from tests.rules_engine.differential.comparison import Difference, Subject, Tally
from tests.rules_engine.differential.expressions import Node

_TRIES = 2_000


def shrunk(subject: Subject, difference: Difference) -> Difference:
    """The smallest difference that is found by leaving things away."""
    tries = _TRIES
    smaller: Difference | None = difference
    while smaller is not None and tries > 0:
        difference, smaller = smaller, None
        for node, row in _smaller(difference):
            tries -= 1
            smaller = _difference(subject, node, row)
            if smaller is not None or tries <= 0:
                break
    return difference


def _smaller(difference: Difference) -> Iterator[tuple[Node, Mapping[str, object]]]:
    whole = difference.node
    for way, node in whole.nodes():
        inside = [found for _, found in node.nodes() if found.type == node.type and found is not node]
        literals = [Node(node.type, (text,)) for text in vocabulary.LITERALS.get(node.type, ())[:2]]
        for instead in [*inside, *literals]:
            if len(str(instead)) < len(str(node)):
                yield whole.replaced(way, instead), difference.row
    for name, value in difference.row.items():
        if isinstance(value, Message):
            for message in _smaller_messages(value):
                yield whole, {**difference.row, name: message}


def _smaller_messages(message: Message) -> Iterator[Message]:
    for descriptor, value in message.ListFields():
        copy = type(message)()
        copy.CopyFrom(message)
        copy.ClearField(descriptor.name)
        yield copy
        if isinstance(value, Message) and descriptor.message_type is not None:
            for inner in _smaller_messages(value):
                copy = type(message)()
                copy.CopyFrom(message)
                getattr(copy, descriptor.name).CopyFrom(inner)
                yield copy


def _difference(subject: Subject, node: Node, row: Mapping[str, object]) -> Difference | None:
    subject.oracle.bind([row])
    return next(comparison.compare(subject, node, [row], Tally()), None)


def reproduction(subject: Subject, difference: Difference) -> str:
    """Python that shows the difference, to be copied."""
    message = difference.row["c"]
    text = text_format.MessageToString(message) if isinstance(message, Message) else ""
    used = {name: value for name, value in difference.row.items() if name != "c"}
    return "\n".join(
        (
            f"expression = {str(difference.node)!r}",
            f"variables = {subject.variables!r}",
            f"c = text_format.Parse({text!r}, {subject.message.name}())",
            f"others = {used!r}",
            f"# engine, {difference.path}: {difference.ours}",
            f"# oracle: {difference.theirs}",
        )
    )
