"""The macros: calls that are more than a function, since they bind a name or test for presence."""

from __future__ import annotations

from typing import Protocol

from function_backend_rules.cel.nodes import Bind, Call, Ident, Macro, Node, Select
from function_backend_rules.cel.source import RefusedError, Span


class Reader(Protocol):
    """What macros need of the parser."""

    def new_id(self) -> int:
        """The id of the next node."""

    def refused(self, span: Span, message: str, suggestion: str | None = None) -> RefusedError:
        """The error of one issue."""


_LOOPS: dict[tuple[str, int], tuple[str, int, bool, bool]] = {
    # Name and number of arguments: kind, number of variables, has a condition, has a body.
    ("all", 2): ("all", 1, True, False),
    ("exists", 2): ("exists", 1, True, False),
    ("exists_one", 2): ("exists_one", 1, True, False),
    ("existsOne", 2): ("exists_one", 1, True, False),
    ("filter", 2): ("filter", 1, True, False),
    ("map", 2): ("map", 1, False, True),
    ("map", 3): ("map", 1, True, True),
    ("sortBy", 2): ("sort_by", 1, False, True),
    ("all", 3): ("all", 2, True, False),
    ("exists", 3): ("exists", 2, True, False),
    ("exists_one", 3): ("exists_one", 2, True, False),
    ("existsOne", 3): ("exists_one", 2, True, False),
    ("transformList", 3): ("transform_list", 2, False, True),
    ("transformList", 4): ("transform_list", 2, True, True),
    ("transformMap", 3): ("transform_map", 2, False, True),
    ("transformMap", 4): ("transform_map", 2, True, True),
    ("transformMapEntry", 3): ("transform_map_entry", 2, False, True),
    ("transformMapEntry", 4): ("transform_map_entry", 2, True, True),
}
NAMES = frozenset(name for name, _ in _LOOPS)


def expand(reader: Reader, call: Call) -> Node | None:
    """The node that a call stands for, or None when it is an ordinary call.

    Raises:
        RefusedError: it is a macro with the wrong arguments.
    """
    if call.target is None:
        return _has(reader, call) if call.function in {"has", ".has"} else None
    if isinstance(call.target, Ident) and call.target.name == "cel":
        if call.function == "bind":
            return _bind(reader, call)
        if call.function == "block":
            raise reader.refused(call.span, "cel.block is not part of the language here", "use cel.bind")
    if call.function in {"optMap", "optFlatMap"}:
        return _optional(reader, call)
    shape = _LOOPS.get((call.function, len(call.args)))
    return _loop(reader, call, *shape) if shape is not None else None


def _has(reader: Reader, call: Call) -> Node:
    argument = call.args[0] if len(call.args) == 1 else None
    if not isinstance(argument, Select) or argument.test:
        raise reader.refused(call.span, "has() takes one field of a message or map", "as in has(company.status)")
    argument.test = True
    argument.span = call.span
    return argument


def _variable(reader: Reader, node: Node) -> str:
    if not isinstance(node, Ident) or node.name.startswith("."):
        raise reader.refused(node.span, "a plain name is expected for the variable of the macro")
    return node.name


def _bind(reader: Reader, call: Call) -> Node:
    if len(call.args) != 3:  # noqa: PLR2004
        raise reader.refused(call.span, "cel.bind takes a name, a value and an expression")
    name, value, body = call.args
    variable = _variable(reader, name)
    return Bind(id=reader.new_id(), span=call.span, kind="bind", variable=variable, value=value, body=body)


def _optional(reader: Reader, call: Call) -> Node:
    if len(call.args) != 2 or call.target is None:  # noqa: PLR2004
        raise reader.refused(call.span, f"{call.function} takes a name and an expression")
    variable = _variable(reader, call.args[0])
    kind = "opt_map" if call.function == "optMap" else "opt_flat_map"
    return Bind(id=reader.new_id(), span=call.span, kind=kind, variable=variable, value=call.target, body=call.args[1])


def _loop(reader: Reader, call: Call, kind: str, variables: int, condition: bool, body: bool) -> Node:  # noqa: FBT001
    target = call.target
    if target is None:
        raise reader.refused(call.span, f"{call.function} is called on a list or map")
    names = tuple(_variable(reader, node) for node in call.args[:variables])
    if len(set(names)) != len(names):
        raise reader.refused(call.args[1].span, f"the two variables of {call.function} need different names")
    rest = call.args[variables:]
    return Macro(
        id=reader.new_id(),
        span=call.span,
        kind=kind,
        target=target,
        variables=names,
        condition=rest[0] if condition else None,
        body=rest[-1] if body else None,
    )
