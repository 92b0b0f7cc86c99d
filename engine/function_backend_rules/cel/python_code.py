"""Building Python's own syntax tree. No source text is made, so nothing in a rule can be read as Python."""

from __future__ import annotations

import ast
from collections.abc import Sequence


class PythonCode:
    """Makes nodes that stand on the current line; the line says later which part of a rule has failed."""

    line = 1

    def name(self, name: str) -> ast.expr:
        """A variable."""
        return ast.Name(name, ast.Load(), lineno=self.line, col_offset=0)

    def store(self, name: str) -> ast.expr:
        """A variable that is assigned to."""
        return ast.Name(name, ast.Store(), lineno=self.line, col_offset=0)

    def constant(self, value: object) -> ast.expr:
        """A constant as data."""
        return ast.Constant(value, lineno=self.line, col_offset=0)  # type: ignore[arg-type]  # Checked by the callers.

    def call(self, function: str | ast.expr, *arguments: ast.expr) -> ast.expr:
        """A call."""
        called = self.name(function) if isinstance(function, str) else function
        return ast.Call(called, list(arguments), [], lineno=self.line, col_offset=0)

    def attribute(self, value: ast.expr, name: str) -> ast.expr:
        """`value.name`."""
        return ast.Attribute(value, name, ast.Load(), lineno=self.line, col_offset=0)

    def method(self, value: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
        """`value.name(…)`."""
        return self.call(self.attribute(value, name), *arguments)

    def compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
        """`left operator right`."""
        return ast.Compare(left, [operator], [right], lineno=self.line, col_offset=0)

    def between(self, low: ast.expr, value: ast.expr, high: ast.expr) -> ast.expr:
        """`low <= value <= high`."""
        return ast.Compare(low, [ast.LtE(), ast.LtE()], [value, high], lineno=self.line, col_offset=0)

    def binary(self, left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.expr:
        """`left operator right`."""
        return ast.BinOp(left, operator, right, lineno=self.line, col_offset=0)

    def unary(self, operator: ast.unaryop, value: ast.expr) -> ast.expr:
        """`operator value`."""
        return ast.UnaryOp(operator, value, lineno=self.line, col_offset=0)

    def boolean(self, operator: ast.boolop, values: Sequence[ast.expr]) -> ast.expr:
        """`a and b and …`."""
        return ast.BoolOp(operator, list(values), lineno=self.line, col_offset=0)

    def condition(self, test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
        """`then if test else otherwise`."""
        return ast.IfExp(test, then, otherwise, lineno=self.line, col_offset=0)

    def named(self, name: str, value: ast.expr) -> ast.expr:
        """`(name := value)`."""
        target = ast.Name(name, ast.Store(), lineno=self.line, col_offset=0)
        return ast.NamedExpr(target, value, lineno=self.line, col_offset=0)

    def list(self, elements: Sequence[ast.expr]) -> ast.expr:
        """`[…]`."""
        return ast.List(list(elements), ast.Load(), lineno=self.line, col_offset=0)

    def tuple(self, elements: Sequence[ast.expr]) -> ast.expr:
        """`(…,)`."""
        return ast.Tuple(list(elements), ast.Load(), lineno=self.line, col_offset=0)

    def set(self, elements: Sequence[ast.expr]) -> ast.expr:
        """`{…}`."""
        return ast.Set(list(elements), lineno=self.line, col_offset=0)

    def dict(self, keys: Sequence[ast.expr], values: Sequence[ast.expr]) -> ast.expr:
        """`{key: value}`."""
        return ast.Dict(list(keys), list(values), lineno=self.line, col_offset=0)

    def lambda_(self, parameters: Sequence[str], body: ast.expr) -> ast.expr:
        """`lambda …: body`."""
        return ast.Lambda(self.arguments(parameters), body, lineno=self.line, col_offset=0)

    def arguments(self, names: Sequence[str]) -> ast.arguments:
        """The parameters of a function."""
        parameters = [ast.arg(name, lineno=self.line, col_offset=0) for name in names]
        return ast.arguments([], parameters, None, [], [], None, [])

    def function(self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]) -> ast.FunctionDef:
        """`def name(…): body`."""
        made = ast.FunctionDef(name, self.arguments(parameters), list(body), [], None, lineno=self.line, col_offset=0)
        if hasattr(made, "type_params"):  # Since Python 3.12.
            made.type_params = []
        return made

    def returns(self, value: ast.expr) -> ast.stmt:
        """`return value`."""
        return ast.Return(value, lineno=self.line, col_offset=0)

    def assign(self, name: str, value: ast.expr) -> ast.stmt:
        """`name = value`."""
        return ast.Assign([self.store(name)], value, lineno=self.line, col_offset=0)

    def statement(self, value: ast.expr) -> ast.stmt:
        """The expression as a statement."""
        return ast.Expr(value, lineno=self.line, col_offset=0)

    def if_(self, test: ast.expr, body: Sequence[ast.stmt]) -> ast.stmt:
        """`if test: body`."""
        return ast.If(test, list(body), [], lineno=self.line, col_offset=0)

    def for_(self, targets: Sequence[str], items: ast.expr, body: Sequence[ast.stmt]) -> ast.stmt:
        """`for targets in items: body`."""
        names = [self.store(name) for name in targets]
        target = names[0] if len(names) == 1 else ast.Tuple(names, ast.Store(), lineno=self.line, col_offset=0)
        return ast.For(target, items, list(body), [], lineno=self.line, col_offset=0)

    def listed(self, element: ast.expr, targets: Sequence[str], items: ast.expr, test: ast.expr | None) -> ast.expr:
        """`[element for targets in items if test]`."""
        names = [self.store(name) for name in targets]
        target = names[0] if len(names) == 1 else ast.Tuple(names, ast.Store(), lineno=self.line, col_offset=0)
        loop = ast.comprehension(target, items, [test] if test is not None else [], 0)
        return ast.ListComp(element, [loop], lineno=self.line, col_offset=0)

    def try_(self, body: Sequence[ast.stmt], error: str, handler: Sequence[ast.stmt]) -> ast.stmt:
        """`try: body` and `except Exception as error: handler`."""
        caught = ast.ExceptHandler(self.name("Exception"), error, list(handler), lineno=self.line, col_offset=0)
        return ast.Try(list(body), [caught], [], [], lineno=self.line, col_offset=0)
