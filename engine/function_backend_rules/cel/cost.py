"""The estimate of what an expression may cost, after the model of Kubernetes' admission rules.

Every node is a step; a loop takes the steps of its body as often as its list may be long, and what reads or makes text
takes steps by its size.
"""

from __future__ import annotations

from collections.abc import Mapping

from function_backend_rules.cel.declarations import FunctionDeclaration
from function_backend_rules.cel.descriptors import Contract
from function_backend_rules.cel.nodes import Bind, Call, Ident, ListLiteral, Literal, Macro, MapLiteral, Node, Select

DEFAULT_SIZE = 1000
"""Elements or characters of what nobody has declared a size for."""
_CEILING = 10**15
_TEXT_PER_STEP = 64
"""Characters that one step reads."""
_GROWING = frozenset({"_+_", "replace", "join", "format"})


class Sizes:
    """The largest sizes of variables and fields."""

    def __init__(self, contract: Contract, variables: Mapping[str, int]) -> None:
        self._contract = contract
        self._variables = variables

    def of_variable(self, name: str) -> int:
        """Elements or characters of a variable at most."""
        return self._variables.get(name) or DEFAULT_SIZE

    def of_field(self, message: str, name: str) -> int:
        """Elements or characters of a field at most, as protovalidate's rules declare it."""
        descriptor = self._contract.message(message)
        field = descriptor.fields_by_name.get(name) if descriptor is not None else None
        if field is None:
            return DEFAULT_SIZE
        for option, value in field.GetOptions().ListFields():
            if option.full_name == "buf.validate.field":
                return _declared(value) or DEFAULT_SIZE
        return DEFAULT_SIZE


def _declared(rules: object) -> int:
    """The largest size that the rules of a field allow, or 0."""
    for kind, limit in (("repeated", "max_items"), ("map", "max_pairs"), ("string", "max_len"), ("bytes", "max_len")):
        inner = getattr(rules, kind, None)
        if inner is not None and rules.HasField(kind) and inner.HasField(limit):  # type: ignore[attr-defined]
            return int(getattr(inner, limit))
    return 0


def estimate(root: Node, sizes: Sizes, functions: Mapping[str, FunctionDeclaration]) -> int:
    """Steps in the worst case."""
    return min(_Estimate(sizes, functions).of(root)[0], _CEILING)


class _Estimate:
    """Steps of a node, and the size of its value."""

    def __init__(self, sizes: Sizes, functions: Mapping[str, FunctionDeclaration]) -> None:
        self._sizes = sizes
        self._functions = functions
        self._locals: dict[str, int] = {}

    def of(self, node: Node) -> tuple[int, int]:
        """Steps and size of a node."""
        if isinstance(node, Macro):
            return self._macro(node)
        if isinstance(node, Bind):
            steps, size = self.of(node.value)
            self._locals[node.name] = size
            body, result = self.of(node.body)
            return steps + body + 1, result
        inner = [self.of(child) for child in node.children()]
        steps = min(1 + sum(step for step, _ in inner), _CEILING)
        if isinstance(node, Call):
            return self._call(node, steps, [size for _, size in inner])
        return steps, self._size(node, [size for _, size in inner])

    def _size(self, node: Node, inner: list[int]) -> int:
        if isinstance(node, Literal):
            return len(node.value) if isinstance(node.value, str | bytes) else 1
        if isinstance(node, Ident):
            return self._locals.get(node.name) or self._sizes.of_variable(node.name)
        if isinstance(node, Select) and node.operand.type.kind == "message":
            return self._sizes.of_field(node.operand.type.name, node.field)
        if isinstance(node, ListLiteral):
            return len(node.elements)
        if isinstance(node, MapLiteral):
            return len(node.entries)
        return max(inner, default=DEFAULT_SIZE)

    def _call(self, node: Call, steps: int, sizes: list[int]) -> tuple[int, int]:
        declared = self._functions.get(node.function)
        steps += declared.cost if declared is not None else 1
        size = min(sum(sizes), _CEILING) if node.function in _GROWING else max(sizes, default=1)
        if node.function == "replace" and len(sizes) > 2:  # noqa: PLR2004 - text, old and new
            size = sizes[0] * max(1, sizes[2])
        if node.function == "lists.range":
            size = 1_000_000 if not isinstance(node.args[0], Literal) else int(str(node.args[0].value))
        if node.function in {"_[_]", "_[?_]"}:
            return steps, DEFAULT_SIZE
        if node.type.kind in {"bool", "int", "uint", "double"} and node.function not in {"@in", "contains", "matches"}:
            return steps, 1
        return min(steps + size // _TEXT_PER_STEP, _CEILING), min(size, _CEILING)

    def _macro(self, node: Macro) -> tuple[int, int]:
        steps, length = self.of(node.target)
        for name in node.names:
            self._locals[name] = DEFAULT_SIZE
        body = 1
        for part in (node.condition, node.body):
            if part is not None:
                body += self.of(part)[0]
        return min(steps + length * body, _CEILING), length
