"""Code of macros: each becomes a function of its own, with the variables it uses as parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from function_backend_rules.cel.nodes import Bind, Call, Ident, Macro, Node
from function_backend_rules.cel.python_code import PythonCode

_CALL_STEPS = 3


def _steps(node: Node) -> int:
    """What a node costs in each round of a loop."""
    return _CALL_STEPS if isinstance(node, Call) and node.function[0].isalpha() else 1


class LoopCode(PythonCode):
    """How macros become code."""

    fast: bool
    traced: bool
    helpers: list[ast.stmt]
    variables: dict[str, str]
    hoisted: dict[str, str]
    loops: int
    """How many loops are around the current node."""

    def visit(self, node: Node) -> ast.expr:
        """The code of a node."""
        raise NotImplementedError

    def truth(self, node: Node) -> ast.expr:
        """The code of a condition."""
        raise NotImplementedError

    def path(self, node: Node) -> str | None:
        """The field of a variable that a node reads, or None."""
        raise NotImplementedError

    def _free(self, parts: Iterable[Node | None], bound: tuple[str, ...]) -> list[str]:
        """The names that these parts use and do not bind."""
        found: dict[str, None] = {}
        inner = set(bound)
        for part in parts:
            for node in part.walk() if part is not None else ():
                if isinstance(node, Macro):
                    inner.update(node.names)
                elif isinstance(node, Bind):
                    inner.add(node.name)
        for part in parts:
            for node in part.walk() if part is not None else ():
                if isinstance(node, Ident) and node.name not in inner:
                    name = f"m{node.name[1:]}" if node.name.startswith("@") else self.variables.get(node.name)
                    if name is not None:
                        found[name] = None
                path = self.path(node) if self.hoisted else None
                if path in self.hoisted:
                    found[self.hoisted[path]] = None
        return list(found)

    def _helper(self, parameters: list[str], body: list[ast.stmt]) -> str:
        name = f"_f{len(self.helpers)}"
        self.helpers.append(self.function(name, ["_c", *parameters], body))
        return name

    def macro_code(self, node: Macro) -> ast.expr:
        """The code of a loop."""
        target = self.visit(node.target)
        names = [f"m{name[1:]}" for name in node.names]
        parts = [part for part in (node.condition, node.body) if part is not None]
        free = self._free(parts, node.names)
        cost = sum(_steps(inner) for part in parts for inner in part.walk()) + 1
        items = self._items(node)
        self.loops += 1
        condition = self.truth(node.condition) if node.condition is not None else None
        body = self.visit(node.body) if node.body is not None else None
        self.loops -= 1
        charged = self.method(self.name("_c"), "loop", items, self.constant(cost))
        if self.fast or node.kind not in {"all", "exists"}:
            statements = self._statements(node, names, charged, condition, body)
        else:
            assert condition is not None  # noqa: S101 - the parser gives these kinds one
            test = self.lambda_(names, condition)
            statements = [self.returns(self.call(f"_{node.kind}_items", charged, test))]
        name = self._helper(["_items", *free], statements)
        return self.call(name, self.name("_c"), target, *map(self.name, free))

    def _items(self, node: Macro) -> ast.expr:
        if len(node.variables) > 1:
            return self.call("_pairs", self.name("_items"))
        if self.fast and node.target.type.kind in {"list", "map"}:
            return self.name("_items")
        return self.call("_elements", self.name("_items"))

    def _statements(
        self, node: Macro, names: list[str], items: ast.expr, condition: ast.expr | None, body: ast.expr | None
    ) -> list[ast.stmt]:
        false, true = self.constant(False), self.constant(True)  # noqa: FBT003 - the values
        if node.kind == "all" and condition is not None:
            stop = self.if_(self.unary(ast.Not(), condition), [self.returns(false)])
            return [self.for_(names, items, [stop]), self.returns(true)]
        if node.kind == "exists" and condition is not None:
            stop = self.if_(condition, [self.returns(true)])
            return [self.for_(names, items, [stop]), self.returns(false)]
        if node.kind == "exists_one":
            ones = self.listed(self.constant(1), names, items, condition)
            return [self.returns(self.compare(self.call("_len", ones), ast.Eq(), self.constant(1)))]
        if node.kind == "filter":
            return [self.returns(self.listed(self.name(names[0]), names, items, condition))]
        assert body is not None  # noqa: S101 - the parser gives the others one
        if node.kind in {"map", "transform_list"}:
            return [self.returns(self.listed(body, names, items, condition))]
        if node.kind == "sort_by":
            keys = self.listed(body, names, items, None)
            copied = self.call("_as_list", self.name("_items"))
            return [self.returns(self.call("_sort_by", self.name("_c"), copied, keys))]
        if node.kind == "transform_map":
            entries = self.listed(self.tuple([self.name(names[0]), body]), names, items, condition)
            return [self.returns(self.call("_make_map", self.name("_c"), entries))]
        return [self.returns(self.call("_merge_entries", self.name("_c"), self.listed(body, names, items, condition)))]

    def bind_code(self, node: Bind) -> ast.expr:
        """The code of `cel.bind`, `optMap` and `optFlatMap`."""
        value = self.visit(node.value)
        variable = f"m{node.name[1:]}"
        free = self._free([node.body], (node.name,))
        body = self.visit(node.body)
        if node.kind == "bind":
            statements: list[ast.stmt] = [self.returns(body)]
        else:
            if node.kind == "opt_map":
                body = self.call("_optional_of", body)
            present = self.attribute(self.call("_as_optional", self.name(variable)), "present")
            statements = [
                self.if_(self.unary(ast.Not(), present), [self.returns(self.name("_none"))]),
                self.assign(variable, self.attribute(self.name(variable), "value")),
                self.returns(body),
            ]
        name = self._helper([variable, *free], statements)
        return self.call(name, self.name("_c"), value, *map(self.name, free))
