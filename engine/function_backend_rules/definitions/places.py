"""From the path of a field, and a place inside its text, to the line and column of the file."""

from __future__ import annotations

import re

from function_backend_rules.definitions.nodes import Mapping, Node, Place, Scalar, Sequence

_STEP = re.compile(r"\.?(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\[(?P<number>\d+)\]|\[(?P<key>'[^']*'|\"[^\"]*\")\]")
_CAMEL = re.compile(r"_([a-z0-9])")


def node_at(root: Node, path: str) -> tuple[Node, bool]:
    """The node that a path leads to, and whether it is that one: the innermost one around it otherwise."""
    node, at = root, 0
    while at < len(path):
        found = _STEP.match(path, at)
        inner = _inside(node, found) if found is not None else None
        if found is None or inner is None:
            return node, False
        node, at = inner, found.end()
    return node, True


def _inside(node: Node, step: re.Match[str]) -> Node | None:
    if step["number"] is not None:
        number = int(step["number"])
        return node.items[number] if isinstance(node, Sequence) and number < len(node.items) else None
    if not isinstance(node, Mapping):
        return None
    name = step["name"] or step["key"][1:-1]
    camel = _CAMEL.sub(lambda found: found[1].upper(), name) if step["name"] else name
    return next((value for key, value in node.entries if key.text in {name, camel}), None)


def place_in(node: Node, text: str, line: int, column: int) -> tuple[Place, bool]:
    """The place in a file of a line and column inside a node's text.

    Args:
        node: the value.
        text: the whole file.
        line: inside the value, from 1; 0 for the whole of it.
        column: inside that line, from 1.

    Returns:
        The place, and whether it is exact rather than the start of the value.
    """
    if not isinstance(node, Scalar) or not line:
        return node.place, not line
    lines = text.split("\n")
    if node.block:
        return _in_block(node, lines, line, column)
    start = node.place.column - 1 + (not node.plain)
    written = lines[node.place.line - 1][start:]
    # An escape, or a text over several lines, would shift the rest.
    if line == 1 and written.startswith(node.text):
        return Place(node.place.line, start + column), True
    return node.place, False


def _in_block(node: Scalar, lines: list[str], line: int, column: int) -> tuple[Place, bool]:
    inside = node.text.split("\n")
    wanted = inside[line - 1] if line <= len(inside) else ""
    number = node.place.line + line
    written = lines[number - 1].rstrip("\r") if number <= len(lines) else ""
    # Folded lines (`>`) are others than those of the value.
    if wanted and written.endswith(wanted) and not written[: -len(wanted)].strip():
        return Place(number, len(written) - len(wanted) + column), True
    return node.place, False
