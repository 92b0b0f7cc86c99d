"""Code of calls: of operators on known types plain Python, of all else a call of the run time."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from function_backend_rules.cel.constants import Constants
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.nodes import Call, ListLiteral, Literal, Node
from function_backend_rules.cel.python_code import PythonCode
from function_backend_rules.cel.runtime import conversions
from function_backend_rules.cel.runtime.table import BUDGETED, PURE, runtime_name
from function_backend_rules.cel.types import Type
from function_backend_rules.cel.values import INT_MAX, INT_MIN

_SAME = frozenset({"bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"})
"""What `==` of Python compares as the language does, when both sides are of the same of these."""
_TEXTS = frozenset({"string", "bytes"})
_COMPARISONS: Mapping[str, type[ast.cmpop]] = {
    "_==_": ast.Eq,
    "_!=_": ast.NotEq,
    "_<_": ast.Lt,
    "_<=_": ast.LtE,
    "_>_": ast.Gt,
    "_>=_": ast.GtE,
}
_ARITHMETIC: Mapping[str, type[ast.operator]] = {"_+_": ast.Add, "_-_": ast.Sub, "_*_": ast.Mult}


def known(kind: Type) -> str:
    """The kind of a type, and for wrappers of what they hold: arithmetic and order raise on null as they should."""
    return kind.parameters[0].kind if kind.kind == "wrapper" else kind.kind


class CallCode(PythonCode):
    """How calls become code."""

    fast: bool
    loops: int
    constants: Constants

    def visit(self, node: Node) -> ast.expr:
        """The code of a node."""
        raise NotImplementedError

    def held(self, kind: str, value: object) -> ast.expr:
        """A constant that Python's code objects cannot hold."""
        raise NotImplementedError

    def call_code(self, node: Call) -> ast.expr:
        """The code of a call."""
        if node.function in {"timestamp", "duration"}:
            folded = self._folded(node)
            if folded is not None:
                return folded
        if node.function in {"or", "orValue"}:
            name = "_optional_or" if node.function == "or" else "_optional_or_value"
            first, second = node.operands()
            return self.call(name, self.visit(first), self.lambda_((), self.visit(second)))
        operands = node.operands()
        if self.fast and node.overloads:
            direct = self._direct(node, operands)
            if direct is not None:
                return direct
        arguments = [self.visit(operand) for operand in operands]
        if node.function in BUDGETED:
            return self.call(runtime_name(node.function), self.name("_c"), *arguments)
        if node.function in PURE:
            return self.call(runtime_name(node.function), *arguments)
        if not node.overloads:  # Left to the evaluation by a check that leaves types to it.
            return self.call("_undeclared", self.constant(node.function))
        return self.call(self.held("function", node.function), self.name("_c"), *arguments)

    def _folded(self, node: Call) -> ast.expr | None:
        """The constant of `timestamp("…")` or `duration("…")`."""
        operands = node.operands()
        if len(operands) != 1 or not isinstance(operands[0], Literal):
            return None
        convert = conversions.to_timestamp if node.function == "timestamp" else conversions.to_duration
        try:
            value = convert(operands[0].value)
        except EvaluationError:
            return None  # It fails when it is evaluated, as it should.
        return self.held(node.function, int(value))

    def _direct(self, node: Call, operands: list[Node]) -> ast.expr | None:
        """Plain Python where that is the same; None where it is not."""
        function = node.function
        kinds = [known(operand.type) for operand in operands]
        if function in _COMPARISONS:
            return self._comparison(node, operands, kinds)
        if function in {"_+_", "_-_", "_*_", "_/_"}:
            return self._arithmetic(function, operands, kinds)
        if function == "!_" and node.args[0].type.kind == "bool":
            return self.unary(ast.Not(), self.visit(operands[0]))
        if function == "_[_]":
            return self._index(operands, kinds)
        if function == "@in":
            return self._membership(operands, kinds)
        if function == "size" and kinds[0] in {"string", "bytes", "list", "map"}:
            return self.call("_len", self.visit(operands[0]))
        if function in {"contains", "startsWith", "endsWith"}:
            return self._text_test(function, operands)
        if function == "matches" and isinstance(operands[1], Literal):
            text, pattern = self.visit(operands[0]), self.held("pattern", operands[1].value)
            return self.call("_matches_compiled", self.name("_c"), text, pattern)
        if function == "dyn":
            return self.visit(operands[0])
        return None

    def _comparison(self, node: Call, operands: list[Node], kinds: list[str]) -> ast.expr | None:
        one, other = operands
        operator = _COMPARISONS[node.function]
        equality = node.function in {"_==_", "_!=_"}
        if equality and "null" in kinds:
            value = one if kinds[1] == "null" else other
            if value.type.kind in {"wrapper", "dyn", "any"}:
                return self.compare(self.visit(value), operator(), self.constant(None))
            return None
        same = kinds[0] == kinds[1] and kinds[0] in _SAME
        if not same and not (set(kinds) <= {"int", "uint"}):
            return None
        if self.loops and kinds[0] in _TEXTS and not (isinstance(one, Literal) or isinstance(other, Literal)):
            name = f"_{operator.__name__}_texts"
            return self.call(name, self.name("_c"), self.visit(one), self.visit(other))
        return self.compare(self.visit(one), operator(), self.visit(other))

    def _arithmetic(self, function: str, operands: list[Node], kinds: list[str]) -> ast.expr | None:
        if kinds == ["double", "double"]:
            operator = ast.Div() if function == "_/_" else _ARITHMETIC[function]()
            return self.binary(self.visit(operands[0]), operator, self.visit(operands[1]))
        if kinds == ["int", "int"]:
            left, right = self.visit(operands[0]), self.visit(operands[1])
            if function == "_/_":
                return self.call("_divide_int", left, right)
            value = self.named("_n", self.binary(left, _ARITHMETIC[function](), right))
            fits = self.between(self.constant(INT_MIN), value, self.constant(INT_MAX))
            return self.condition(fits, self.name("_n"), self.call("_overflowed"))
        return None

    def _index(self, operands: list[Node], kinds: list[str]) -> ast.expr | None:
        container, key = operands
        if kinds == ["list", "int"]:
            return self.call("_index_list", self.visit(container), self.visit(key))
        if kinds == ["map", "string"] and container.type.parameters[0].kind == "string":
            return self.call("_index_text_map", self.visit(container), self.visit(key))
        return None

    def _membership(self, operands: list[Node], kinds: list[str]) -> ast.expr | None:
        item, container = operands
        if kinds[0] not in {"string", "int", "bytes"}:
            return None
        if isinstance(container, ListLiteral) and container.elements and not container.optional:
            literals = [element for element in container.elements if isinstance(element, Literal)]
            if len(literals) == len(container.elements) and all(element.type.kind == kinds[0] for element in literals):
                members = self.set([self.constant(element.value) for element in literals])
                return self.compare(self.visit(item), ast.In(), members)
        if container.type.kind == "map" and container.type.parameters[0].kind == kinds[0] and kinds[0] == "string":
            return self.compare(self.visit(item), ast.In(), self.visit(container))
        if not self.loops and container.type.kind == "list" and container.type.parameters[0].kind == kinds[0]:
            return self.compare(self.visit(item), ast.In(), self.visit(container))
        return None

    def _text_test(self, function: str, operands: list[Node]) -> ast.expr | None:
        text, part = operands
        if self.loops and (function == "contains" or not isinstance(part, Literal)):
            return None
        if function == "contains":
            return self.compare(self.visit(part), ast.In(), self.visit(text))
        return self.method(self.visit(text), function.lower(), self.visit(part))
