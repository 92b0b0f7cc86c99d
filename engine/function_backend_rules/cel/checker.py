"""Gives every node its type, names their meaning, and refuses what does not fit."""

from __future__ import annotations

from collections.abc import Callable

from function_backend_rules.cel.checker_calls import CallRules
from function_backend_rules.cel.descriptors import field_type
from function_backend_rules.cel.names import Names, nearest
from function_backend_rules.cel.nodes import (
    Bind,
    Call,
    Conditional,
    Ident,
    ListLiteral,
    Literal,
    Logic,
    Macro,
    MapLiteral,
    MessageLiteral,
    Node,
    Select,
    TypeLiteral,
)
from function_backend_rules.cel.source import Issue, RefusedError, Source, Span
from function_backend_rules.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    RUNTIME_NAMES,
    STRING,
    UINT,
    Type,
    list_of,
    map_of,
    message_type,
    optional_of,
    type_of,
)
from function_backend_rules.cel.unification import Substitution
from function_backend_rules.cel.values import UInt

_LITERALS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}
_KEYS = frozenset({"bool", "int", "uint", "string", "dyn", "param", "error", "any"})
_ISSUES = 50
"""Issues that are told of one expression at most."""


def runtime_name(found: Type) -> str:
    """What `type(x)` calls a type."""
    if found.kind == "message":
        return found.name
    if found.kind == "optional":
        return "optional_type"
    return RUNTIME_NAMES.get(found.kind, found.kind)


class Checker(CallRules):
    """Checks one tree."""

    def __init__(self, names: Names, source: Source, *, gradual: bool = False) -> None:
        """Takes what it checks with; with `gradual`, what does not fit is left to the evaluation."""
        self.names = names
        self._gradual = gradual
        self.types = Substitution()
        self.source = source
        self.issues: list[Issue] = []
        self._scopes: list[dict[str, tuple[str, Type]]] = []
        self._locals = 0
        self._rules: dict[type[Node], Callable[..., Node]] = {
            Literal: self._literal,
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            Logic: self._logic,
            Conditional: self._conditional,
            ListLiteral: self._list,
            MapLiteral: self._map,
            MessageLiteral: self._message,
            Macro: self._macro,
            Bind: self._bind,
        }

    def check(self, root: Node, expect: Type | None = None) -> Node:
        """The tree with types, and with constants in the place of their names.

        Raises:
            RefusedError: it does not fit, with all the reasons.
        """
        root = self.visit(root)
        if expect is not None and not self.issues and not self.types.fits(root.type, expect):
            shown = self.types.apply(root.type, final=True)
            self.refuse(root.span, f"the expression is of type {shown}, and {expect} is asked for")
        if self.issues:
            raise RefusedError(tuple(self.issues[:_ISSUES]))
        for node in root.walk():
            node.type = self.types.apply(node.type, final=True)
        return root

    def refuse(self, span: Span, message: str, suggestion: str | None = None) -> None:
        """Notes an issue."""
        if not self._gradual:
            self.issues.append(self.source.issue(span, message, suggestion))

    def visit(self, node: Node) -> Node:
        """The checked node."""
        return self._rules[type(node)](node)

    def fail(self, node: Node, message: str, suggestion: str | None = None, span: Span | None = None) -> Node:
        """Notes an issue of a node and gives it the type that fits everything."""
        self.refuse(span or node.span, message, suggestion)
        node.type = DYN if self._gradual else ERROR
        return node

    def local(self, name: str) -> tuple[str, Type] | None:
        """A variable of a macro around."""
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return None

    def _literal(self, node: Literal) -> Node:
        node.type = _LITERALS[type(node.value)]
        return node

    def _ident(self, node: Ident) -> Node:
        local = self.local(node.name)
        if local is not None:
            node.name, node.type = local
            return node
        return self._named(node, node.name) or self.fail(
            node, f"{node.name.removeprefix('.')!r} is not declared", nearest(node.name, self._known_names())
        )

    def _known_names(self) -> set[str]:
        return {*self.names.variables, *(name for scope in self._scopes for name in scope)}

    def _named(self, node: Node, name: str) -> Node | None:
        """The node of a variable, a type or an enum's member."""
        variable = self.names.variable(name)
        if variable is not None:
            return Ident(id=node.id, span=node.span, name=variable[0], type=variable[1])
        constant = self.names.constant(name)
        if constant is None:
            return None
        meaning = constant[1]
        if isinstance(meaning, int):
            return Literal(id=node.id, span=node.span, value=meaning, type=INT)
        return TypeLiteral(id=node.id, span=node.span, name=runtime_name(meaning), type=type_of(meaning))

    def qualified(self, node: Node) -> str | None:
        """`a.b.c` when the node is written so and `a` is not the variable of a macro."""
        parts: list[str] = []
        while isinstance(node, Select) and not node.test and not node.optional:
            parts.append(node.field)
            node = node.operand
        if not isinstance(node, Ident) or self.local(node.name) is not None:
            return None
        return ".".join([node.name, *reversed(parts)])

    def _select(self, node: Select) -> Node:
        if not node.test and not node.optional:
            name = self.qualified(node)
            named = self._named(node, name) if name is not None else None
            if named is not None:
                return named
        node.operand = self.visit(node.operand)
        operand = self.types.apply(node.operand.type)
        optional = operand.kind == "optional"
        found = self._field(node, operand.parameters[0] if optional else operand)
        if found is None:
            return node
        if node.test:
            node.type = BOOL
        else:
            node.type = optional_of(found) if (optional or node.optional) and found.kind != "optional" else found
        return node

    def _field(self, node: Select, operand: Type) -> Type | None:
        operand = self.types.apply(operand)
        if operand.kind in {"dyn", "any", "error", "param"}:
            return DYN if operand.kind != "error" else ERROR
        if operand.kind == "map":
            key, value = operand.parameters
            if self.types.fits(STRING, key):
                return value
            self.fail(node, f"the keys of the map are {self.types.apply(key)}; use an index, as in map[1]")
            return None
        if operand.kind != "message":
            self.fail(node, f"a value of type {operand} has no fields, and so no {node.field!r}")
            return None
        descriptor = self.names.contract.message(operand.name)
        if descriptor is None:
            self.fail(node, f"the message {operand.name} is not known")
            return None
        field = descriptor.fields_by_name.get(node.field)
        if field is None:
            span = Span(node.span.end - len(node.field), node.span.end) if not node.test else node.span
            self.fail(
                node,
                f"{operand.name} has no field {node.field!r}",
                nearest(node.field, descriptor.fields_by_name),
                span,
            )
            return None
        return field_type(field)

    def _logic(self, node: Logic) -> Node:
        node.terms = [self.wanted(self.visit(term), BOOL, "&&" if node.conjunction else "||") for term in node.terms]
        node.type = BOOL
        return node

    def wanted(self, node: Node, kind: Type, where: str) -> Node:
        """The node, after noting an issue when it is of another type."""
        if not self.types.fits(node.type, kind):
            shown = self.types.apply(node.type, final=True)
            self.refuse(node.span, f"{where} takes {kind}, and this is {shown}", self.hint(shown, kind))
        return node

    @staticmethod
    def hint(given: Type, wanted: Type) -> str | None:
        """How to turn one type into the other."""
        if wanted.kind == "bool" and given.kind in {"int", "uint", "double"}:
            return "compare it, as in x != 0"
        if wanted.kind == "bool" and given.kind == "string":
            return 'compare it, as in x != ""'
        return None

    def _conditional(self, node: Conditional) -> Node:
        node.condition = self.wanted(self.visit(node.condition), BOOL, "the condition of '?'")
        node.then, node.otherwise = self.visit(node.then), self.visit(node.otherwise)
        then, otherwise = node.then.type, node.otherwise.type
        if self.types.fits(otherwise, then) or self.types.fits(then, otherwise):
            node.type = self.types.more_general(then, otherwise)
            return node
        then, otherwise = self.types.apply(then, final=True), self.types.apply(otherwise, final=True)
        return self.fail(node, f"the two outcomes of '?' are of different types, {then} and {otherwise}")

    def _list(self, node: ListLiteral) -> Node:
        element: Type | None = None
        for index, inner in enumerate(node.elements):
            node.elements[index] = checked = self.visit(inner)
            found = checked.type
            if index in node.optional:
                found = self._unwrapped(checked)
            element = found if element is None else self.types.joined(element, found)
        node.type = list_of(element if element is not None else self.types.fresh())
        return node

    def _unwrapped(self, node: Node) -> Type:
        inner = self.types.fresh()
        if not self.types.fits(node.type, optional_of(inner)):
            self.refuse(
                node.span,
                f"behind '?' stands an optional, and this is {self.types.apply(node.type, final=True)}",
                "write optional.of(…), message.?field or map[?key]",
            )
        found = self.types.apply(node.type)
        return DYN if found.kind in {"dyn", "any"} else self.types.apply(inner)

    def _map(self, node: MapLiteral) -> Node:
        key: Type | None = None
        value: Type | None = None
        kinds: set[str] = set()
        for entry in node.entries:
            entry.key, entry.value = self.visit(entry.key), self.visit(entry.value)
            kind = self.types.apply(entry.key.type)
            kinds.add(kind.kind)
            if kind.kind not in _KEYS:
                self.refuse(entry.key.span, f"keys of maps are bool, int, uint or string, and this is {kind}")
            found = self._unwrapped(entry.value) if entry.optional else entry.value.type
            key = entry.key.type if key is None else self.types.joined(key, entry.key.type)
            value = found if value is None else self.types.joined(value, found)
        if "bool" in kinds and kinds & {"int", "uint"}:
            self.refuse(node.span, "the keys of one map may not be both bool and numbers")
        node.type = map_of(key or self.types.fresh(), value or self.types.fresh())
        return node

    def _message(self, node: MessageLiteral) -> Node:
        name = self.names.message(node.name)
        descriptor = self.names.contract.message(name) if name is not None else None
        if name is None or descriptor is None:
            for entry in node.fields:
                entry.value = self.visit(entry.value)
            return self.fail(node, f"there is no message {node.name!r}")
        node.name = name
        node.type = message_type(name)
        seen: set[str] = set()
        for entry in node.fields:
            entry.value = self.visit(entry.value)
            field = descriptor.fields_by_name.get(entry.name)
            if field is None:
                suggestion = nearest(entry.name, descriptor.fields_by_name)
                self.refuse(entry.span, f"{name} has no field {entry.name!r}", suggestion)
                continue
            if entry.name in seen:
                self.refuse(entry.span, f"the field {entry.name!r} is given twice")
            seen.add(entry.name)
            wanted = field_type(field)
            given = self._unwrapped(entry.value) if entry.optional else entry.value.type
            if not self.types.fits(given, wanted):
                shown = self.types.apply(given, final=True)
                self.refuse(entry.value.span, f"the field {entry.name!r} is of type {wanted}, and this is {shown}")
        return node

    def _declare(self, variable: str, kind: Type) -> str:
        self._locals += 1
        name = f"@{self._locals}"
        self._scopes[-1][variable] = (name, kind)
        return name

    def _macro(self, node: Macro) -> Node:
        node.target = self.visit(node.target)
        elements = self._elements(node, self.types.apply(node.target.type))
        self._scopes.append({})
        node.names = tuple(self._declare(*pair) for pair in zip(node.variables, elements, strict=True))
        if node.condition is not None:
            node.condition = self.wanted(self.visit(node.condition), BOOL, f"the condition of {node.kind}")
        if node.body is not None:
            node.body = self.visit(node.body)
        self._scopes.pop()
        body = node.body.type if node.body is not None else DYN
        if node.kind in {"all", "exists", "exists_one"}:
            node.type = BOOL
        elif node.kind == "filter":
            node.type = list_of(elements[0])
        elif node.kind in {"map", "transform_list"}:
            node.type = list_of(body)
        elif node.kind == "sort_by":
            node.type = self._sorted(node, body)
        elif node.kind == "transform_map":
            node.type = map_of(elements[0], body)
        else:
            node.type = self._entries(node)
        return node

    def _elements(self, node: Macro, target: Type) -> list[Type]:
        two = len(node.variables) > 1
        if target.kind == "list":
            element = target.parameters[0]
            return [INT, element] if two else [element]
        if target.kind == "map" and node.kind != "sort_by":
            return list(target.parameters) if two else [target.parameters[0]]
        if target.kind not in {"dyn", "any", "error", "param"}:
            self.refuse(node.target.span, f"{node.kind} loops over a list or map, and this is {target}")
        return [DYN, DYN] if two else [DYN]

    def _sorted(self, node: Macro, key: Type) -> Type:
        key = self.types.apply(key)
        if node.body is not None and key.kind not in {
            "bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration", "error", "param",
        }:  # fmt: skip
            self.refuse(node.body.span, f"sortBy needs a key that has an order, and {key} has none")
        found = self.types.apply(node.target.type)
        return found if found.kind == "list" else list_of(DYN)

    def _entries(self, node: Macro) -> Type:
        key, value = self.types.fresh(), self.types.fresh()
        if node.body is not None and not self.types.fits(node.body.type, map_of(key, value)):
            shown = self.types.apply(node.body.type, final=True)
            self.refuse(node.body.span, f"transformMapEntry gives a map of one entry, and this is {shown}")
        return map_of(key, value)

    def _bind(self, node: Bind) -> Node:
        node.value = self.visit(node.value)
        value = node.value.type
        if node.kind != "bind":
            inner = self.types.fresh()
            if not self.types.fits(value, optional_of(inner)):
                shown = self.types.apply(value, final=True)
                self.refuse(node.value.span, f"optMap is called on an optional, and this is {shown}")
            value = self.types.apply(inner)
        self._scopes.append({})
        node.name = self._declare(node.variable, value)
        node.body = self.visit(node.body)
        self._scopes.pop()
        node.type = optional_of(node.body.type) if node.kind == "opt_map" else node.body.type
        if node.kind == "opt_flat_map" and not self.types.fits(node.body.type, optional_of(self.types.fresh())):
            self.refuse(node.body.span, "optFlatMap gives an optional; optMap takes any value")
        return node
