"""From the checked tree to Python.

Two kinds of code come out of one tree. The *fast* code is right whenever nothing raises; where Python would give
another value than the language without raising, it calls the run time. The *exact* code calls the run time for
everything, and `&&`, `||`, `all` and `exists` absorb errors as the language says. What the fast code raises is
evaluated again by the exact code. Either can be *traced*: then it tells the budget the value of every node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from function_backend_rules.cel.codegen_calls import CallCode
from function_backend_rules.cel.codegen_loops import LoopCode
from function_backend_rules.cel.constants import Constant, Constants
from function_backend_rules.cel.descriptors import Contract, is_map
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
from function_backend_rules.cel.python_code import PythonCode
from function_backend_rules.cel.runtime.messages import NULL_WHEN_UNSET
from function_backend_rules.cel.source import Span
from function_backend_rules.cel.types import Type
from function_backend_rules.cel.values import UInt

LINES_PER_EXPRESSION = 1 << 16
"""Lines that one expression may use in a module; more than it may have nodes."""
_DATA = (bool, int, float, str, bytes, type(None))


@dataclass(slots=True)
class Places:
    """Which part of which expression a line of generated code stands for."""

    roots: dict[int, Node] = field(default_factory=dict)
    """The expressions by the numbers that their code was generated with."""

    def add(self, root: Node, number: int = 0) -> int:
        """Notes an expression under a number, and gives the number."""
        self.roots[number] = root
        return number

    def find(self, line: int) -> tuple[int, Span] | None:
        """Number of the expression and span of a line."""
        number, node = divmod(line, LINES_PER_EXPRESSION)
        root = self.roots.get(number)
        if root is None:
            return None
        return next(((number, inner.span) for inner in root.walk() if inner.id == node), None)


class Generator(CallCode, LoopCode, PythonCode):
    """Makes the code of expressions for one module."""

    def __init__(
        self, contract: Contract, variables: Sequence[str], *, fast: bool, traced: bool = False, complete: bool = False
    ) -> None:
        self.contract = contract
        self.fast = fast
        self.traced = traced
        self.complete = complete
        self.constants = Constants()
        self.helpers: list[ast.stmt] = []
        self.variables = {name: f"v{number}" for number, name in enumerate(variables)}
        self.loops = 0
        self.hoisted: dict[str, str] = {}
        self._base = 0
        self._rules: dict[type[Node], Callable[..., ast.expr]] = {
            Literal: self._literal,
            TypeLiteral: self._type_literal,
            Ident: self._ident,
            Select: self._select,
            Call: self.call_code,
            Logic: self._logic,
            Conditional: self._conditional,
            ListLiteral: self._list,
            MapLiteral: self._map,
            MessageLiteral: self._message,
            Macro: self.macro_code,
            Bind: self.bind_code,
        }

    @property
    def parameters(self) -> list[str]:
        """The parameters of every function: the budget and the variables."""
        return ["_c", *self.variables.values()]

    def expression(self, root: Node, number: int) -> ast.expr:
        """The code of an expression that `Places` has under this number."""
        self._base = number * LINES_PER_EXPRESSION
        return self.visit(root)

    def visit(self, node: Node) -> ast.expr:
        """The code of a node."""
        line, self.line = self.line, self._base + node.id
        path = self.path(node) if self.hoisted else None
        code = self.name(self.hoisted[path]) if path in self.hoisted else self._rules[type(node)](node)
        if self.traced and not isinstance(node, Literal | TypeLiteral):
            code = self.method(self.name("_c"), "record", self.constant(node.id), code)
        self.line = line
        return code

    def module(self, functions: Iterable[ast.stmt]) -> ast.Module:
        """The module of these functions with what they need."""
        return ast.Module([*self.helpers, *functions], [])

    # Nodes.

    def _literal(self, node: Literal) -> ast.expr:
        if type(node.value) is UInt:
            return self.held("uint", int(node.value))
        if type(node.value) not in _DATA:
            raise TypeError(f"{type(node.value).__name__} is no constant")
        return self.constant(node.value)

    def held(self, kind: str, value: object) -> ast.expr:
        """A constant that Python's code objects cannot hold."""
        return self.name(self.constants.add(Constant(kind, value)))

    def _type_literal(self, node: TypeLiteral) -> ast.expr:
        return self.held("type", node.name)

    def _ident(self, node: Ident) -> ast.expr:
        if node.name.startswith("@"):
            return self.name(f"m{node.name[1:]}")
        if node.name not in self.variables:
            return self.call("_undeclared", self.constant(node.name))
        return self.name(self.variables[node.name])

    def _select(self, node: Select) -> ast.expr:
        operand = self.visit(node.operand)
        name = self.constant(node.field)
        kind = node.operand.type
        if node.optional:
            return self.call("_optional_select", operand, name)
        if self.fast and kind.kind == "message":
            direct = self._test_field(kind, node, operand) if node.test else self._field(kind, node, operand)
            if direct is not None:
                return direct
        if self.fast and kind.kind == "map" and kind.parameters[0].kind == "string":
            return self.compare(name, ast.In(), operand) if node.test else self.call("_index_text_map", operand, name)
        return self.call("_has" if node.test else "_select", operand, name)

    def _field(self, kind: Type, node: Select, operand: ast.expr) -> ast.expr | None:
        descriptor = self.contract.message(kind.name)
        found = descriptor.fields_by_name.get(node.field) if descriptor is not None else None
        if found is None:
            return None
        special = node.type.kind == "uint" or is_map(found) or found.is_repeated
        if found.message_type is not None and not special:
            name = found.message_type.full_name
            if name in {"google.protobuf.Timestamp", "google.protobuf.Duration"}:
                reader = "_read_timestamp" if name.endswith("Timestamp") else "_read_duration"
                return self.call(reader, self.attribute(operand, node.field))
            special = name in NULL_WHEN_UNSET or name.startswith("google.protobuf.")
        if special and not self._plain_elements(node.type):
            return self.call("_read_field", operand, self.constant(node.field))
        return self.attribute(operand, node.field)

    @staticmethod
    def _plain_elements(kind: Type) -> bool:
        """Whether the container of a repeated or map field is the value as it is."""
        plain = {"bool", "int", "double", "string", "bytes", "message"}
        if kind.kind == "list":
            inner = kind.parameters[0]
        elif kind.kind == "map":
            inner = kind.parameters[1]
            if kind.parameters[0].kind == "uint":
                return False
        else:
            return False
        return inner.kind in plain

    def _test_field(self, kind: Type, node: Select, operand: ast.expr) -> ast.expr | None:
        descriptor = self.contract.message(kind.name)
        found = descriptor.fields_by_name.get(node.field) if descriptor is not None else None
        if found is None:
            return None
        value = self.attribute(operand, node.field)
        if found.is_repeated:
            return self.compare(self.call("_len", value), ast.Gt(), self.constant(0))
        if found.has_presence:
            return self.method(operand, "HasField", self.constant(node.field))
        if isinstance(found.default_value, float):
            return None  # -0.0 is set, though it equals the default.
        return self.compare(value, ast.NotEq(), self.constant(found.default_value))

    def _logic(self, node: Logic) -> ast.expr:
        terms = [self.truth(term) for term in node.terms]
        if self.fast:
            return self.boolean(ast.And() if node.conjunction else ast.Or(), terms)
        name = ("_all_of" if node.conjunction else "_any_of") if not self.complete else f"_every_{node.conjunction}"
        return self.call(name, *(self.lambda_((), term) for term in terms))

    def truth(self, node: Node) -> ast.expr:
        """The code of a condition: a bool or an error."""
        code = self.visit(node)
        return code if self.fast and node.type.kind == "bool" else self.call("_as_bool", code)

    def _conditional(self, node: Conditional) -> ast.expr:
        return self.condition(self.truth(node.condition), self.visit(node.then), self.visit(node.otherwise))

    def _list(self, node: ListLiteral) -> ast.expr:
        elements = self.list([self.visit(element) for element in node.elements])
        if node.optional:
            return self.call("_make_optional_list", self.name("_c"), elements, self._numbers(node.optional))
        return elements

    def _numbers(self, numbers: Iterable[int]) -> ast.expr:
        return self.tuple([self.constant(number) for number in sorted(numbers)])

    def _map(self, node: MapLiteral) -> ast.expr:
        keys = [self.visit(entry.key) for entry in node.entries]
        values = [self.visit(entry.value) for entry in node.entries]
        optional = [number for number, entry in enumerate(node.entries) if entry.optional]
        constants = [entry.key.value for entry in node.entries if isinstance(entry.key, Literal)]
        texts = all(type(key) is str for key in constants)
        if self.fast and texts and not optional and len(set(constants)) == len(keys):
            return self.dict(keys, values)
        entries = self.list([self.tuple(pair) for pair in zip(keys, values, strict=True)])
        return self.call("_make_map", self.name("_c"), entries, self._numbers(optional))

    def _message(self, node: MessageLiteral) -> ast.expr:
        keys = [self.constant(entry.name) for entry in node.fields]
        values = [self.visit(entry.value) for entry in node.fields]
        return self.call("_build", self.held("message", node.name), self.dict(keys, values))

    # Fields that several expressions read.

    def path(self, node: Node) -> str | None:
        """The field of a variable that a node reads, such as `company.registered_address.country`, or None."""
        parts: list[str] = []
        while isinstance(node, Select) and not node.test and not node.optional and node.operand.type.kind == "message":
            parts.append(node.field)
            node = node.operand
        if not parts or not isinstance(node, Ident) or node.name.startswith("@"):
            return None
        return ".".join([node.name, *reversed(parts)])

    def paths(self, root: Node) -> Iterable[str]:
        """The fields that an expression reads of its variables, by path, when reading cannot fail."""
        for node in root.walk():
            path = self.path(node)
            if path is not None and node.type.kind in {"bool", "int", "double", "string", "bytes"}:
                yield path
