import itertools
import json
from typing import Any

import pytest
import zen
from hypothesis import given, settings
from hypothesis import strategies as st

from function.rules.v1 import definition_pb2
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.environment import Environment
from function_backend_rules.cel.values import Timestamp
from function_backend_rules.interchange.gorules import import_gorules
from function_backend_rules.interchange.imported import ImportedTable, ImportRefusedError
from function_backend_rules.results import Status
from function_backend_rules.tables.compilation import TableRefusedError, compile_table

_COLUMNS = {"tier": "customer.tier", "total": "order.total", "tags": "order.tags", "other": ""}


def _graph(
    rules: list[dict[str, str]],
    columns: dict[str, str] | None = None,
    outputs: tuple[str, ...] = ("rate",),
    content: dict[str, Any] | None = None,
) -> str:
    table: dict[str, Any] = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": field} for name, field in (columns or _COLUMNS).items()],
        "outputs": [{"id": name, "name": name, "field": name} for name in outputs],
        "rules": [{"_id": f"rule-{number}", **rule} for number, rule in enumerate(rules)],
    }
    table |= content or {}
    position = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": position},
        {"id": "table", "name": "Order Rate", "type": "decisionTableNode", "position": position, "content": table},
        {"id": "out", "name": "out", "type": "outputNode", "position": position},
    ]
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
        {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def _imported(text: str) -> ImportedTable:
    (table,) = import_gorules(text)
    return table


_RULES = [
    {"tier": "'gold', 'silver'", "total": "> 100 and <= 500", "rate": "0.1"},
    {"tier": "['gold']", "total": "[500..1000)", "tags": "contains($, 'vip')", "rate": "0.2 * 2"},
    {
        "tier": "!= 'gold'",
        "total": "not in [1..10]",
        "other": "order.total > 5 and customer.tier == 'none'",
        "rate": "order.total / 10",
    },
    {
        "tier": "startsWith($, 'g') or $ == 'iron'",
        "tags": "some($, # in ['a', 'b'])",
        "rate": "customer.tier == 'gold' ? 1 : 2",
    },
    {"tier": "not ($ == 'gold')", "total": ">= 5, < 2", "rate": "max([1, order.total])"},
]


def test_a_table_becomes_a_definition_with_typed_flat_inputs() -> None:
    table = _imported(_graph(_RULES, content={"passThrough": True}))
    assert table.losses == ()
    definition = table.definition
    assert definition.name == "order_rate"
    assert {each.name: each.type for each in definition.inputs} == {
        "customer_tier": "string", "order_total": "double", "order_tags": "list(string)",
    }  # fmt: skip
    assert [list(row.cells) for row in definition.table.rows] == [
        ['"gold", "silver"', "(100.0..500.0]", "", ""],
        ['in ["gold"]', "[500.0..1000.0)", '"vip" in cell', ""],
        ['!= "gold"', "not([1.0..10.0])", "", '(order_total > 5.0) && (customer_tier == "none")'],
        ['cell.startsWith("g"), "iron"', "", 'cell.exists(element, element in ["a", "b"])', ""],
        ['!(cell == "gold")', ">= 5.0, < 2.0", "", ""],
    ]
    assert [row.outputs[0] for row in definition.table.rows] == [
        "0.1",
        "0.2 * 2.0",
        "order_total / 10.0",
        '(customer_tier == "gold") ? 1.0 : 2.0',
        "math.greatest(1.0, order_total)",
    ]
    assert [row.id for row in definition.table.rows] == [f"rule-{number}" for number in range(5)]
    assert any("the outputs alone" in each for each in table.assumptions)


_TIERS, _TOTALS = ["gold", "silver", "iron", "none", ""], [0.0, 1.0, 4.5, 10.0, 100.0, 100.5, 500.0, 999.0, 1000.0]


@pytest.mark.parametrize("policy", ["first", "collect"])
def test_an_imported_table_decides_as_the_other_engine(policy: str) -> None:
    text = _graph(_RULES, content={"hitPolicy": policy})
    table = _imported(text)
    declared = {each.name: each.type for each in table.definition.inputs} | {"now": "timestamp"}
    ours = compile_table(table.definition.table, Environment(declared))
    theirs = zen.ZenEngine().create_decision(text)
    for tier, total, tags in itertools.product(_TIERS, _TOTALS, ([], ["vip"], ["b", "x"])):
        bindings = {"customer_tier": tier, "order_total": total, "order_tags": tags, "now": Timestamp(0)}
        result = ours.evaluate_named(bindings, Budget())
        wanted: Any = theirs.evaluate({"customer": {"tier": tier}, "order": {"total": total, "tags": tags}})["result"]
        if policy == "first":
            assert result.status is (Status.MATCHED if wanted else Status.NO_MATCH)
            assert result.value == (pytest.approx(wanted["rate"]) if wanted else None)
        else:
            assert (result.value or []) == pytest.approx([each["rate"] for each in wanted])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("date($) > date('2020-01-01')", "the function date has no counterpart with the same meaning"),
        ("$[0] == 1", "an element by its number has no counterpart"),
        ("$ % 2 == 0", "the operator % has no counterpart for numbers with fractions"),
        ("$ ?? 1", "?? has no counterpart"),
        ("`a ${b}`", "texts with parts to fill in have no counterpart"),
        ("$nodes.x.y", "names with $ belong to the graph"),
        (r"'a\n'", "a backslash in a text may mean several things"),
        ("> 5 >", "it ends too early"),
        ("'a' 'b'", "the end is expected at position 5"),
        ("> 'text' and < 5", "the value of the column is a text here and a number there"),
        ("(" * 200 + "1" + ")" * 200, "it nests too deep"),
        ("$ in $", "the value of the column would be a list of itself"),
        ("$ in [[$]]", "one side would be a list of itself"),
        ("$.size()", "a field or method of a value that is worked out has no counterpart"),
    ],
)
def test_what_is_not_understood_is_listed_and_cannot_be_published(source: str, reason: str) -> None:
    table = _imported(_graph([{"total": source, "rate": "1"}, {"rate": "2"}]))
    (loss,) = table.losses
    assert loss.path == "nodes[1].content.rules[0][total]"
    assert loss.reason.startswith(reason)
    assert loss.source == source
    assert not table.complete
    assert table.definition.table.rows[0].cells[1] == f"?? {source}"
    with pytest.raises(TableRefusedError):
        compile_table(table.definition.table, Environment({each.name: each.type for each in table.definition.inputs}))


def test_what_the_file_does_not_say_is_an_assumption() -> None:
    rules = [{"tier": "contains($, 'x')", "rate": ""}, {"tier": "== order.name", "rate": "1"}]
    table = _imported(_graph(rules, content={"outputPath": "pricing"}))
    assert table.losses == ()
    assert set(table.assumptions) == {
        "the node puts its result under pricing; here it is the result itself",
        "the value of the column is a text: contains() may also ask a list",
        "an empty output of rate is null",
        "order.total is a text: nothing tells its type",
        "order.tags is a text: nothing tells its type",
    }
    assert table.definition.table.output_columns[0].type == "google.protobuf.DoubleValue"
    assert table.definition.table.rows[0].outputs[0] == "null"


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"executionMode": "loop", "inputField": "items"}, "executionMode"),
        ({"inputField": "items"}, "inputField"),
        ({"hitPolicy": "any"}, "hitPolicy"),
        ({"inputs": None}, "inputs"),
        ({"rules": [1]}, "rules"),
        ({"outputs": []}, "outputs"),
    ],
)
def test_settings_that_have_no_counterpart_are_listed(content: dict[str, object], path: str) -> None:
    table = _imported(_graph([{"rate": "1"}], content=content))
    assert [loss.path for loss in table.losses][:1] == [f"nodes[1].content.{path}"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"nodes": {}}', "[" * 100_000])
def test_what_is_no_graph_is_refused(text: str) -> None:
    with pytest.raises(ImportRefusedError):
        import_gorules(text)


@settings(deadline=None)
@given(st.text(alphabet="()[]{}'\"$#.,<>=!?:&+-*/ andornotin15", max_size=30))
def test_any_cell_is_understood_or_listed(source: str) -> None:
    table = _imported(_graph([{"total": source, "rate": source}]))
    rows = table.definition.table.rows
    assert len(rows) == 1
    if not table.losses and source.strip():
        assert definition_pb2.DecisionTable.FromString(table.definition.table.SerializeToString()).rows == rows
