"""Random well-typed expressions, as trees that can be made smaller."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.rules_engine.differential import vocabulary

_HOLE = re.compile(r"\{([#=]?)([a-z_]+(?:\([a-z, ]+\))?)\}|([$@])([a-z]+)|\^")
_MESSAGE_LOOPS = ("{0}.exists({1}, {{bool}})", "{0}.all({1}, {{bool}})", "{0}.exists_one({1}, {{bool}})")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression: its type, its text and the parts in between."""

    type: str
    parts: tuple[str | Node, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    def nodes(self) -> Iterator[tuple[tuple[int, ...], Node]]:
        """Every part with the way to it, itself first."""
        yield (), self
        for index, part in enumerate(self.parts):
            if isinstance(part, Node):
                for way, node in part.nodes():
                    yield (index, *way), node

    def replaced(self, way: Sequence[int], node: Node) -> Node:
        """The same with another part at the end of a way."""
        if not way:
            return node
        part = self.parts[way[0]]
        if not isinstance(part, Node):
            raise TypeError(f"{part!r} has no parts")
        return Node(self.type, (*self.parts[: way[0]], part.replaced(way[1:], node), *self.parts[way[0] + 1 :]))


@dataclass(frozen=True, slots=True)
class Names:
    """What an expression may refer to where it stands."""

    leaves: Mapping[str, Sequence[str]]
    """Texts such as `c.revision`, by type."""
    collections: Sequence[tuple[str, str]]
    """Repeated messages: the text, and the type of an element."""
    depth: int = 0
    """How many variables are bound around it."""

    def deeper(self) -> Names:
        """The same, with a name reserved."""
        return Names(self.leaves, self.collections, self.depth + 1)

    def with_leaf(self, kind: str, text: str) -> Names:
        """The same, and a variable."""
        return Names({**self.leaves, kind: [*self.leaves.get(kind, ()), text]}, self.collections, self.depth + 1)

    def with_names(self, other: Names) -> Names:
        """The same, and what a message has."""
        leaves = {kind: [*self.leaves.get(kind, ()), *found] for kind, found in other.leaves.items()}
        return Names({**self.leaves, **leaves}, [*self.collections, *other.collections], self.depth + 1)


class Generator:
    """Makes expressions over the variables of an environment."""

    def __init__(self, chance: random.Random, names: Names, elements: Mapping[str, Names]) -> None:
        self._chance = chance
        self._names = names
        # What an element of a repeated message has, by its type; for a variable `v`, and that is how they begin.
        self._elements = elements
        self._templates = vocabulary.templates()

    def expression(self, kind: str, size: int) -> Node:
        """An expression of a type, of at most about `size` parts."""
        return self._make(kind, size, self._names)

    def _make(self, kind: str, size: int, names: Names) -> Node:
        if size <= 1 or kind not in self._templates or self._chance.random() < 0.1:
            return self._leaf(kind, names)
        if kind == "bool" and names.collections and self._chance.random() < 0.2:
            return self._message_loop(size, names)
        template = self._chance.choice(self._templates[kind])
        return self._filled(kind, template, size, names)

    def _leaf(self, kind: str, names: Names) -> Node:
        known = names.leaves.get(kind, ())
        if known and self._chance.random() < 0.75:
            return Node(kind, (self._chance.choice(known),))
        return Node(kind, (self._chance.choice(vocabulary.LITERALS[kind]),))

    def _filled(self, kind: str, template: str, size: int, names: Names) -> Node:
        holes = len(_HOLE.findall(template))
        # On average the parts have what is left, so that expressions stay of the size that was asked for.
        share = (size - 1) // max(1, holes)
        parts: list[str | Node] = []
        pending: tuple[str, str] | None = None
        bound_last = ""
        at = 0
        for found in _HOLE.finditer(template):
            parts.append(template[at : found.start()])
            at = found.end()
            literal, wanted, marked, bound = found.groups()
            if marked == "$":
                bound_last = f"v{names.depth}"
                parts.append(bound_last)
                names = names.with_leaf(bound, bound_last)
            elif marked == "@":
                bound_last = f"v{names.depth}"
                pending = bound, bound_last
                parts.append(bound_last)
            elif found[0] == "^":
                parts.append(bound_last)
            elif literal == "#":
                parts.append(Node(wanted, (self._chance.choice(vocabulary.LITERALS[wanted]),)))
            else:
                part_size = 1 if literal == "=" else self._chance.randint(1, max(1, 2 * share - 1))
                parts.append(self._make(wanted, part_size, names.deeper()))
                if pending:
                    names, pending = names.with_leaf(*pending), None
        parts.append(template[at:])
        return Node(kind, tuple(part for part in parts if part != ""))

    def _message_loop(self, size: int, names: Names) -> Node:
        text, element = self._chance.choice(names.collections)
        variable = f"v{names.depth}"
        template = self._chance.choice(_MESSAGE_LOOPS).format(text, variable)
        inside = names.with_names(_renamed(self._elements[element], variable))
        before, after = template.split("{bool}")
        return Node("bool", (before, self._make("bool", size - 1, inside.deeper()), after))


def _renamed(names: Names, variable: str) -> Names:
    leaves = {kind: [_rename(text, variable) for text in found] for kind, found in names.leaves.items()}
    return Names(leaves, [(_rename(text, variable), element) for text, element in names.collections], names.depth)


def _rename(text: str, variable: str) -> str:
    return re.sub(r"\bv\.", f"{variable}.", text)
