"""The checker's part for calls: which overloads fit, and what is said when none does."""

from __future__ import annotations

import re2

from function_backend_rules.cel.declarations import FunctionDeclaration
from function_backend_rules.cel.macros import NAMES as MACRO_NAMES
from function_backend_rules.cel.names import Names, nearest
from function_backend_rules.cel.nodes import Call, Literal, Node
from function_backend_rules.cel.patterns import compile_pattern
from function_backend_rules.cel.source import Span
from function_backend_rules.cel.standard import EXTREMES
from function_backend_rules.cel.types import DYN, Type
from function_backend_rules.cel.unification import Substitution

_OPERATOR = {"_[_]": "an index", "_[?_]": "an optional index", "@in": "in"}
_NUMERIC = frozenset({"int", "uint", "double", "dyn", "error", "any"})


class CallRules:
    """How calls are checked."""

    names: Names
    types: Substitution

    def visit(self, node: Node) -> Node:
        """The checked node."""
        raise NotImplementedError

    def fail(self, node: Node, message: str, suggestion: str | None = None, span: Span | None = None) -> Node:
        """Notes an issue of a node."""
        raise NotImplementedError

    def refuse(self, span: Span, message: str, suggestion: str | None = None) -> None:
        """Notes an issue."""
        raise NotImplementedError

    def qualified(self, node: Node) -> str | None:
        """`a.b.c` when the node is written so."""
        raise NotImplementedError

    def _call(self, node: Call) -> Node:
        if node.target is not None:
            name = self.qualified(node.target)
            full = f"{name}.{node.function}" if name is not None else ""
            if full in EXTREMES or (full and self.names.function(full) is not None):
                node.target = None
                node.function = full
            else:
                node.target = self.visit(node.target)
        node.args = [self.visit(argument) for argument in node.args]
        if node.function in EXTREMES:
            return self._extreme(node)
        declaration = self.names.function(node.function)
        if declaration is None:
            return self._unknown(node)
        node.function = declaration.name
        self._resolve(node, declaration)
        if node.function == "matches":
            self._pattern(node)
        return node

    def _unknown(self, node: Call) -> Node:
        name = node.function.removeprefix(".")
        if name in MACRO_NAMES:
            return self.fail(node, f"{name} takes other arguments", f"as in list.{name}(x, condition over x)")
        return self.fail(node, f"there is no function {name!r}", nearest(name, self._function_names()))

    def _function_names(self) -> list[str]:
        return [name for name in self.names.functions if name[0].isalpha()]

    def _resolve(self, node: Call, declaration: FunctionDeclaration) -> None:
        operands = node.operands()
        given = [operand.type for operand in operands]
        result: Type | None = None
        fitting: list[str] = []
        for overload in declaration.overloads:
            if overload.method != (node.target is not None) or len(overload.arguments) != len(given):
                continue
            *wanted, gives = self.types.instance([*overload.arguments, overload.result])
            if not self.types.all_fit(given, wanted):
                continue
            for kind, argument in zip(wanted, given, strict=True):
                if kind.kind == "param":
                    self.types.widen(kind, argument)
            fitting.append(overload.id)
            found = self.types.apply(gives)
            result = found if result is None or result == found else DYN
        if result is None:
            self._no_overload(node, declaration, given)
            return
        node.overloads = tuple(fitting)
        node.type = result

    def _no_overload(self, node: Call, declaration: FunctionDeclaration, given: list[Type]) -> None:
        shown = [self.types.apply(kind, final=True) for kind in given]
        types = ", ".join(map(str, shown))
        name = _OPERATOR.get(declaration.name, declaration.name.strip("_"))
        if len(shown) == 2 and not declaration.name[0].isalpha():  # noqa: PLR2004
            what = f"{name} is not defined between {shown[0]} and {shown[1]}"
        else:
            what = f"{name} is not defined for ({types})"
        self.fail(node, what, self._conversion(declaration, shown, method=node.target is not None))

    @staticmethod
    def _conversion(declaration: FunctionDeclaration, given: list[Type], *, method: bool) -> str | None:
        kinds = [kind.kind for kind in given]
        numbers = {"int", "uint", "double"}
        if not declaration.name[0].isalpha() and len(kinds) == 2 and set(kinds) <= numbers:  # noqa: PLR2004
            wider = "double" if "double" in kinds else "int"
            return f"convert one side, as in {wider}(x)"
        if not declaration.name[0].isalpha() and "string" in kinds and set(kinds) & numbers:
            return "convert the number, as in string(x)"
        fitting = [overload for overload in declaration.overloads if overload.method == method]
        if not fitting:
            example = declaration.overloads[0].id
            return f"it is written {example}"
        if declaration.name[0].isalpha():
            return f"it takes {fitting[0].id}"
        return None

    def _pattern(self, node: Call) -> None:
        pattern = node.args[-1]
        if not isinstance(pattern, Literal):
            self.refuse(pattern.span, "the pattern of matches must be written out", "use contains or == for text")
            return
        if not isinstance(pattern.value, str):
            return
        try:
            compile_pattern(pattern.value)
        except re2.error as error:
            reason = error.args[0] if error.args else "it cannot be read"
            text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
            self.refuse(pattern.span, f"the pattern is refused by RE2: {text}")

    def _extreme(self, node: Call) -> Node:
        name = node.function
        node.function = EXTREMES[name]
        if not node.args:
            return self.fail(node, f"{name} takes at least one number")
        kinds = [self.types.apply(argument.type, final=True) for argument in node.args]
        if len(kinds) == 1 and kinds[0].kind == "list":
            kinds = [kinds[0].parameters[0]]
        plain = [kind.parameters[0] if kind.kind == "wrapper" else kind for kind in kinds]
        for kind in plain:
            if kind.kind not in _NUMERIC:
                return self.fail(node, f"{name} takes numbers, or one list of numbers, and this is {kind}")
        node.type = plain[0] if len(set(plain)) == 1 and plain[0].kind != "any" else DYN
        node.overloads = (f"{name}({', '.join(map(str, kinds))})",)
        return node
