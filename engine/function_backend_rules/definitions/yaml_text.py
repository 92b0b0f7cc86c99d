"""YAML as definitions are written in it: plain data, with the place of every value.

The events of PyYAML are put together here rather than by its composer: a scalar keeps its source text, so that nothing
turns into a truth value or a date by itself, and aliases cannot make a small file large. Tags and merge keys are
refused: what they do is no business of data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from function_backend_rules.definitions.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Mapping,
    Node,
    NodeBudget,
    Place,
    Scalar,
    Sequence,
    TextRefusedError,
)

# The parser in C, where PyYAML was built with it, is twenty times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_START = Place(1, 1)


def read_yaml(text: str, most: int = MAX_NODES) -> list[Node]:
    """The documents of a YAML file that are not empty, together of so many values at most.

    Raises:
        TextRefusedError: it is no YAML, or uses what definitions may not.
    """
    try:
        return list(_Documents(text, most).all())
    except yaml.MarkedYAMLError as error:
        message = " ".join(part for part in (error.context, error.problem) if part)
        # The colon of `a ? b : c`, most of the time.
        hint = "put the text in quotes, or on lines of its own behind |" if "mapping values" in message else None
        raise TextRefusedError(_place(error.problem_mark or error.context_mark), message, hint) from None
    except yaml.YAMLError as error:
        # A character that YAML does not have.
        offset = getattr(error, "position", 0)
        before = text[: offset if isinstance(offset, int) else 0]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise TextRefusedError(place, str(error).split("\n", 1)[0]) from None
    except UnicodeEncodeError:
        raise TextRefusedError(_START, "the text holds half a character") from None


class _Documents:
    def __init__(self, text: str, most: int) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, Node] = {}
        self._budget = NodeBudget(text, most)

    def all(self) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                node = self._node(next(self._events), 0)
                if not (isinstance(node, Scalar) and node.absent):
                    yield node

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - its stubs leave fields out
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            known = self._anchors.get(str(event.anchor))
            if known is None:
                raise TextRefusedError(place, f"there is no anchor &{event.anchor} before this alias")
            self._budget.take(known.size, place)
            return known
        self._budget.take(1, place)
        if getattr(event, "tag", None) is not None:
            raise TextRefusedError(place, f"the tag {event.tag} is not understood here", "leave it out; quote texts")
        if depth > MAX_DEPTH:
            raise TextRefusedError(place, f"lists and mappings nest deeper than {MAX_DEPTH}")
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = _scalar(event, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(place, depth)
        else:
            node = self._mapping(place, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Sequence(tuple(items), place, 1 + sum(item.size for item in items))

    def _mapping(self, place: Place, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise TextRefusedError(key.place, "a key is a text", "put quotes around what begins with [ or {")
            if key.plain and key.text == "<<":
                raise TextRefusedError(key.place, "merge keys are not understood here", "write the values out")
            entries.append((key, self._node(next(self._events), depth + 1)))
        return Mapping(tuple(entries), place, 1 + sum(1 + value.size for _, value in entries))


def _scalar(event: yaml.ScalarEvent, place: Place) -> Scalar:
    plain = event.style in {None, ""}
    return Scalar(event.value, place, plain, absent=plain and not event.value, block=event.style in {"|", ">"})


def _place(mark: Any) -> Place:  # noqa: ANN401 - of the parser in C or in Python
    return Place(mark.line + 1, mark.column + 1) if mark is not None else _START
