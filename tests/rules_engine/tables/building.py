"""Tables in a few lines."""

from collections.abc import Mapping, Sequence

from function.rules.v1 import definition_pb2
from function_backend_rules.cel import types
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.environment import Environment
from function_backend_rules.cel.values import Timestamp
from function_backend_rules.results import Result
from function_backend_rules.tables.compilation import compile_table
from function_backend_rules.tables.compiled import CompiledTable

FIRST = definition_pb2.HIT_POLICY_FIRST
UNIQUE = definition_pb2.HIT_POLICY_UNIQUE
ANY = definition_pb2.HIT_POLICY_ANY
PRIORITY = definition_pb2.HIT_POLICY_PRIORITY
RULE_ORDER = definition_pb2.HIT_POLICY_RULE_ORDER
COLLECT = definition_pb2.HIT_POLICY_COLLECT

Row = tuple[Sequence[str], Sequence[str]]


def table_of(
    rows: Sequence[Row],
    columns: Sequence[str] = ("amount",),
    outputs: Sequence[str] = ("result",),
    *,
    policy: definition_pb2.HitPolicy.ValueType = FIRST,
    allow_gaps: bool = True,
) -> definition_pb2.DecisionTable:
    """A table whose columns are `name` or `name = expression`, and whose outputs are `name` or `name: type`."""
    table = definition_pb2.DecisionTable(hit_policy=policy, allow_gaps=allow_gaps)
    for column in columns:
        name, _, expression = column.partition(" = ")
        table.input_columns.add(name=name, expression=expression)
    for output in outputs:
        name, _, declared = output.partition(": ")
        table.output_columns.add(name=name, type=declared)
    for cells, results in rows:
        table.rows.add(cells=cells, outputs=results)
    return table


def environment_of(inputs: Mapping[str, str]) -> Environment:
    """Declares inputs and `now`, as a definition does."""
    return Environment({**inputs, "now": types.TIMESTAMP})


def compiled(
    table: definition_pb2.DecisionTable, inputs: Mapping[str, str] | None = None, result_type: str | None = None
) -> CompiledTable:
    """The table over these inputs; over an int `amount` when nothing else is said."""
    environment = environment_of(inputs or {"amount": "int"})
    return compile_table(table, environment, types.parse_type(result_type) if result_type else None)


def decide(table: CompiledTable, **inputs: object) -> Result:
    """What the table decides in 1970."""
    return table.evaluate_named({**inputs, "now": Timestamp(0)}, Budget())
