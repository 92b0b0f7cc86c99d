"""JSON (RFC 8259) with the place of every value, which the reader of the standard library does not give."""

from __future__ import annotations

import re
from bisect import bisect_right
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]  # Older than its stubs.

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

_SPACE = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)", re.ASCII)


def read_json(text: str, most: int = MAX_NODES) -> list[Node]:
    """The one document of a JSON file, of so many values at most.

    Raises:
        TextRefusedError: it is no JSON.
    """
    return [_Reader(text, most).document()]


class _Reader:
    def __init__(self, text: str, most: int) -> None:
        self._text = text
        self._at = 0
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._budget = NodeBudget(text, most)

    def document(self) -> Node:
        node = self._value(0)
        self._skip()
        if self._at < len(self._text):
            raise self._refused("there is something behind the end of the document")
        return node

    def _skip(self) -> str:
        """The next character that is not white space; nothing at the end."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _place(self, offset: int) -> Place:
        line = bisect_right(self._lines, offset)
        return Place(line, offset - self._lines[line - 1] + 1)

    def _refused(self, message: str, offset: int | None = None) -> TextRefusedError:
        return TextRefusedError(self._place(self._at if offset is None else offset), message)

    def _value(self, depth: int) -> Node:
        sign = self._skip()
        place = self._place(self._at)
        self._budget.take(1, place)
        if depth > MAX_DEPTH:
            raise TextRefusedError(place, f"lists and objects nest deeper than {MAX_DEPTH}")
        if sign == "{":
            return self._object(place, depth)
        if sign == "[":
            return self._list(place, depth)
        if sign == '"':
            return self._string()
        word = _WORD.match(self._text, self._at)
        if word is None:
            raise self._refused("a value is expected here" if sign else "the document ends too early")
        self._at = word.end()
        return Scalar(word[0], place, plain=True, absent=word[0] == "null")

    def _string(self) -> Scalar:
        place = self._place(self._at)
        try:
            text, self._at = scanstring(self._text, self._at + 1)
        except JSONDecodeError as error:
            raise self._refused(error.msg, error.pos) from None
        return Scalar(text, place)

    def _list(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        self._at += 1
        if self._skip() != "]":
            items.append(self._value(depth + 1))
            while self._more("]"):
                items.append(self._value(depth + 1))
        self._at += 1
        return Sequence(tuple(items), place, 1 + sum(item.size for item in items))

    def _object(self, place: Place, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        self._at += 1
        if self._skip() != "}":
            entries.append(self._entry(depth))
            while self._more("}"):
                entries.append(self._entry(depth))
        self._at += 1
        return Mapping(tuple(entries), place, 1 + sum(1 + value.size for _, value in entries))

    def _more(self, end: str) -> bool:
        sign = self._skip()
        if sign == end:
            return False
        if sign != ",":
            raise self._refused(f"a comma or {end} is expected here")
        self._at += 1
        return True

    def _entry(self, depth: int) -> tuple[Scalar, Node]:
        if self._skip() != '"':
            raise self._refused("a key in double quotes is expected here")
        key = self._string()
        if self._skip() != ":":
            raise self._refused("a colon is expected here")
        self._at += 1
        return key, self._value(depth + 1)
