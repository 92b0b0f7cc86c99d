"""Cells of other engines as cells of ours: in the form that the index knows wherever there is one."""

from collections.abc import Sequence

from function_backend_rules.interchange.foreign_cel import Translation
from function_backend_rules.interchange.foreign_syntax import (
    COMPARISONS,
    Apply,
    Binary,
    CellValue,
    Constant,
    Interval,
    ListOf,
    Tree,
    Unary,
)
from function_backend_rules.interchange.foreign_types import Unknown

_LOWER, _UPPER = {">": "(", ">=": "["}, {"<": ")", "<=": "]"}


def cell_text(translation: Translation, kind: Unknown | None, tests: Sequence[tuple[str, Tree]]) -> str:
    """Gives the cell for tests that are joined one by one, from the left, as in `> 1 and < 6` or `"a", "b"`."""
    if len(tests) == 2 and tests[1][0] == "&&" and (text := _range(translation, kind, tests[0][1], tests[1][1])):  # noqa: PLR2004 - Both ends.
        return text
    if all(join != "&&" for join, _ in tests):
        return ", ".join(_test(translation, kind, tree) for _, tree in tests)
    condition = ""
    for join, tree in tests:
        condition = f"({condition}) {join} ({translation.cel(tree, kind)})" if join else translation.cel(tree, kind)
    return condition


def _range(translation: Translation, kind: Unknown | None, first: Tree, second: Tree) -> str:
    if not (isinstance(first, Binary) and isinstance(second, Binary)):
        return ""
    if first.operator in _UPPER:
        first, second = second, first
    constant = _is_constant(first.right) and _is_constant(second.right)
    about_cell = isinstance(first.left, CellValue) and isinstance(second.left, CellValue)
    if not (constant and about_cell and first.operator in _LOWER and second.operator in _UPPER):
        return ""
    low, high = translation.cel(first.right, kind), translation.cel(second.right, kind)
    return f"{_LOWER[first.operator]}{low}..{high}{_UPPER[second.operator]}"


def _test(translation: Translation, kind: Unknown | None, tree: Tree) -> str:
    if not isinstance(tree, Binary) or not isinstance(tree.left, CellValue):
        return translation.cel(tree, kind)
    if tree.operator in COMPARISONS:
        if not _is_constant(tree.right):
            return translation.cel(tree, kind)
        text = translation.cel(tree.right, kind)
        return text if tree.operator == "==" else f"{tree.operator} {text}"
    sign = "not " if tree.operator == "not in" else ""
    if isinstance(tree.right, Interval) and _is_constant(tree.right.low) and _is_constant(tree.right.high):
        low, high = translation.cel(tree.right.low, kind), translation.cel(tree.right.high, kind)
        start, end = "[" if tree.right.low_included else "(", "]" if tree.right.high_included else ")"
        return f"not({start}{low}..{high}{end})" if sign else f"{start}{low}..{high}{end}"
    if isinstance(tree.right, ListOf) and all(map(_is_constant, tree.right.items)) and tree.right.items:
        return f"{sign}in {translation.cel(tree.right, kind)}"
    return translation.cel(tree, kind)


def _is_constant(tree: Tree) -> bool:
    if isinstance(tree, Apply):
        return tree.function in {"date", "date_and_time"}
    return isinstance(tree, Constant) or (isinstance(tree, Unary) and isinstance(tree.operand, Constant))
