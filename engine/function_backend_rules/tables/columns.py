"""One input column: what it tests, of which type, and what each of its cells accepts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from function_backend_rules.cel.environment import Environment, Expression
from function_backend_rules.cel.nodes import Node, Select
from function_backend_rules.cel.source import RefusedError
from function_backend_rules.tables.cell_syntax import CELL_VARIABLE
from function_backend_rules.tables.cell_tests import CellReader, CellTest
from function_backend_rules.tables.compiled import TableColumn
from function_backend_rules.tables.domains import ValueSet, domain_of, everything
from function_backend_rules.tables.index import index_column, mask_of


def read_column(
    name: str,
    expression: Expression,
    environment: Environment,
    cells: Iterable[str],
    tell: Callable[[int, RefusedError], None],
    mask_bytes: int,
) -> TableColumn:
    """Reads a column, whose masks take about so many bytes.

    Cells that are refused are told with the number of their row; the column is then of no use.
    """
    domain = domain_of(expression.type, _enum_names(expression.root, environment))
    inside = environment.extended({CELL_VARIABLE: expression.type})
    reader = CellReader(name, expression.type, domain, inside)
    tests = list[CellTest]()
    for number, cell in enumerate(cells):
        try:
            tests.append(reader.read(cell))
        except RefusedError as error:
            tell(number, error)
            tests.append(CellTest(cell, None))
    anything = everything(domain) if domain is not None else ValueSet(null=True, nan=True)
    any_mask = mask_of([number for number, test in enumerate(tests) if test.accepted == anything])
    return TableColumn(
        name=name,
        source=expression.source,
        type=expression.type,
        evaluate=expression.program().call,
        tests=tests,
        index=index_column(domain, [test.accepted for test in tests], mask_bytes) if domain is not None else None,
        any_mask=any_mask,
        used=any_mask != (1 << len(tests)) - 1,
    )


def _enum_names(root: Node, environment: Environment) -> Sequence[tuple[int, str]]:
    """Number and name of the values of an enum field; the language itself knows enums as numbers."""
    if not isinstance(root, Select) or root.test or root.optional or root.operand.type.kind != "message":
        return ()
    message = environment.contract.message(root.operand.type.name)
    if message is None:
        return ()
    found: Any = message.fields_by_name.get(root.field)
    if found is None or found.type != FieldDescriptor.TYPE_ENUM or found.is_repeated:
        return ()
    names = dict[int, str]()
    for value in found.enum_type.values:
        # Of aliases the first is the one to show.
        names.setdefault(value.number, value.name)
    return list(names.items())
