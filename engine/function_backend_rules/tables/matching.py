"""The generated function of a table: from one value per column to the mask of the rows that the index leaves.

It is made as a syntax tree of names and numbers. Names of columns, texts of cells and values reach it as globals, so
nothing in a table can be read as Python; see docs/adr/0019-generated-code.md.
"""

import ast
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from function_backend_rules.cel.python_code import PythonCode
from function_backend_rules.tables.index import ColumnIndex

Matcher = Callable[..., int]
_CODE = PythonCode()


def matcher(
    columns: Sequence[ColumnIndex | None], rows: int, arguments: Sequence[int] | None = None, width: int = 0
) -> Matcher:
    """Makes the function; None stands for a column that is not indexed.

    With `arguments` it takes `width` values, and those numbers say which of them each column tests.
    """
    names, parameters, body = _lookup(columns, rows, arguments, width)
    return _loaded(names, parameters, body)


def chooser(
    columns: Sequence[ColumnIndex | None], arguments: Sequence[int], width: int, results: Sequence[object]
) -> Callable[..., object]:
    """Makes the function from the inputs to one of `results`: the first for no row, else that of the first row."""
    names, parameters, body = _lookup(columns, len(results) - 1, arguments, width)
    names["_results"] = tuple(results)
    lowest = _CODE.binary(_CODE.named("_rows", body), ast.BitAnd(), _CODE.unary(ast.USub(), _CODE.name("_rows")))
    place = _CODE.method(lowest, "bit_length")
    chosen = ast.Subscript(_CODE.name("_results"), place, ast.Load(), lineno=1, col_offset=0)
    return _loaded(names, parameters, chosen)


def _lookup(
    columns: Sequence[ColumnIndex | None], rows: int, arguments: Sequence[int] | None, width: int
) -> tuple[dict[str, Any], list[str], ast.expr]:
    """The globals, the parameters and the mask of the rows."""
    names: dict[str, Any] = {"_all": (1 << rows) - 1, "_bisect": bisect_right, "__builtins__": {}}
    places = range(len(columns)) if arguments is None else arguments
    tests = [_test(place, places[place], column, names) for place, column in enumerate(columns) if column is not None]
    used = [test for test in tests if test is not None] or [_CODE.name("_all")]
    body = reduce(lambda left, right: _CODE.binary(left, ast.BitAnd(), right), used)
    return names, [f"_v{place}" for place in range(len(columns) if arguments is None else width)], body


def _loaded(names: dict[str, Any], parameters: Sequence[str], body: ast.expr) -> Callable[..., Any]:
    function = _CODE.function("_matching", parameters, [_CODE.returns(body)])
    exec(compile(ast.Module([function], []), "<table>", "exec"), names)  # noqa: S102 - See above.
    loaded: Callable[..., Any] = names["_matching"]
    return loaded


def _test(place: int, argument: int, column: ColumnIndex, names: dict[str, Any]) -> ast.expr | None:
    """The rows that accept the value of one column; None where all accept any."""
    if not column.points and column.masks[0] == column.null_mask == column.nan_mask == names["_all"]:
        return None
    value = _CODE.name(f"_v{argument}")

    def constant(letter: str, held: object) -> ast.expr:
        names[f"_{letter}{place}"] = held
        return _CODE.name(f"_{letter}{place}")

    constants = column.constants()
    if constants is not None:
        test = _CODE.method(constant("d", constants[0]), "get", value, constant("o", constants[1]))
    elif not column.points:
        test = constant("o", column.masks[0])
    else:
        found = _CODE.call("_bisect", constant("p", column.points), value)
        test = ast.Subscript(constant("m", column.masks), found, ast.Load(), lineno=1, col_offset=0)
    if column.domain.has_nan:
        test = _CODE.condition(_CODE.compare(value, ast.Eq(), value), test, constant("x", column.nan_mask))
    if column.domain.nullable:
        null = _CODE.compare(value, ast.Is(), _CODE.constant(None))
        test = _CODE.condition(null, constant("n", column.null_mask), test)
    return test
