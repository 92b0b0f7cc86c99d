"""The syntax tree. Macros are nodes of their own, so that types, code and explanations can speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from function_backend_rules.cel.source import Span
from function_backend_rules.cel.types import DYN, Type


@dataclass(slots=True, kw_only=True)
class Node:
    """What all nodes have."""

    id: int
    """Unique in its expression, from 1 in the order of reading."""
    span: Span
    type: Type = DYN
    """Filled in by the checker."""

    def children(self) -> Iterator[Node]:
        """The nodes right below."""
        return iter(())

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(list(node.children())))


@dataclass(slots=True, kw_only=True)
class Literal(Node):
    """A constant: None, bool, int, `UInt`, float, str or bytes."""

    value: object


@dataclass(slots=True, kw_only=True)
class TypeLiteral(Node):
    """The name of a type used as a value; made by the checker."""

    name: str


@dataclass(slots=True, kw_only=True)
class Ident(Node):
    """A name: a variable after checking. A leading dot means the root namespace."""

    name: str


@dataclass(slots=True, kw_only=True)
class Select(Node):
    """`operand.field`, `operand.?field` or `has(operand.field)`."""

    operand: Node
    field: str
    test: bool = False
    optional: bool = False

    def children(self) -> Iterator[Node]:
        yield self.operand


@dataclass(slots=True, kw_only=True)
class Call(Node):
    """A function, method or operator; operators are named as in the CEL specification: `_+_`, `!_`, `_[_]`."""

    function: str
    target: Node | None
    args: list[Node]
    overloads: tuple[str, ...] = ()
    """Those that fit the types of the arguments; filled in by the checker."""

    def children(self) -> Iterator[Node]:
        if self.target is not None:
            yield self.target
        yield from self.args

    def operands(self) -> list[Node]:
        """Target and arguments."""
        return [self.target, *self.args] if self.target is not None else self.args


@dataclass(slots=True, kw_only=True)
class Logic(Node):
    """`a && b && …` or `a || b || …`, as one node."""

    conjunction: bool
    terms: list[Node]

    def children(self) -> Iterator[Node]:
        yield from self.terms


@dataclass(slots=True, kw_only=True)
class Conditional(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node

    def children(self) -> Iterator[Node]:
        yield self.condition
        yield self.then
        yield self.otherwise


@dataclass(slots=True, kw_only=True)
class ListLiteral(Node):
    """`[a, ?b]`."""

    elements: list[Node]
    optional: frozenset[int] = frozenset()
    """Which of the elements are optional."""

    def children(self) -> Iterator[Node]:
        yield from self.elements


@dataclass(slots=True)
class Entry:
    """One key with its value, or one field with its value."""

    key: Node
    value: Node
    optional: bool


@dataclass(slots=True, kw_only=True)
class MapLiteral(Node):
    """`{key: value, ?key: value}`."""

    entries: list[Entry]

    def children(self) -> Iterator[Node]:
        for entry in self.entries:
            yield entry.key
            yield entry.value


@dataclass(slots=True)
class FieldEntry:
    """One field of a message literal."""

    name: str
    span: Span
    value: Node
    optional: bool


@dataclass(slots=True, kw_only=True)
class MessageLiteral(Node):
    """`some.Message{field: value}`."""

    name: str
    fields: list[FieldEntry]

    def children(self) -> Iterator[Node]:
        for entry in self.fields:
            yield entry.value


@dataclass(slots=True, kw_only=True)
class Macro(Node):
    """A loop over a list or map.

    `kind` is `all`, `exists`, `exists_one`, `filter`, `map` (with one variable), or `all`, `exists`, `exists_one`,
    `transform_list`, `transform_map`, `transform_map_entry` (with two), or `sort_by`.
    """

    kind: str
    target: Node
    variables: tuple[str, ...]
    condition: Node | None
    """What must hold for an element to count; None where all do."""
    body: Node | None
    """What an element gives; None for the kinds that only test."""
    names: tuple[str, ...] = field(default=())
    """The variables under names that no other of the expression has; filled in by the checker."""

    def children(self) -> Iterator[Node]:
        yield self.target
        if self.condition is not None:
            yield self.condition
        if self.body is not None:
            yield self.body


@dataclass(slots=True, kw_only=True)
class Bind(Node):
    """`cel.bind(variable, value, body)`, or an `optMap` or `optFlatMap`, whose value is an optional."""

    kind: str
    """`bind`, `opt_map` or `opt_flat_map`."""
    variable: str
    value: Node
    body: Node
    name: str = ""
    """The variable under a name that no other has; filled in by the checker."""

    def children(self) -> Iterator[Node]:
        yield self.value
        yield self.body
