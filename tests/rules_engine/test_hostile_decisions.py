"""Definitions and inputs that somebody made to do harm, put to the decisions."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import any_pb2

from function.company.v1 import company_pb2
from function.rules.v1 import definition_pb2
from function_backend_rules import Compiled, DefinitionRefusedError, InputRefusedError, compile_definition

_COMPANY = "function.company.v1.Company"


def _rule_set(
    *conditions: str, on_error: definition_pb2.ErrorPolicy.ValueType = definition_pb2.ERROR_POLICY_FAIL_CLOSED
) -> definition_pb2.Definition:
    made = definition_pb2.Definition(name="hostile", result_type="int")
    for name, kind in (("i", "int"), ("u", "uint"), ("d", "double"), ("s", "string"), ("c", _COMPANY)):
        made.inputs.add(name=name, type=kind)
    made.rule_set.policy = definition_pb2.RULE_POLICY_ALL_MATCHES
    made.rule_set.on_error = on_error
    for number, condition in enumerate(conditions):
        made.rule_set.rules.add(id=f"r{number}", condition=condition, outcome=str(number))
    return made


def _inputs(**changes: object) -> dict[str, Any]:
    return {"i": 0, "u": 1, "d": 1.5, "s": "x", "c": {"legalName": "A"}} | changes


@pytest.fixture(scope="module")
def sums() -> Compiled:
    return compile_definition(_rule_set("i + 1 > 0"))


def _refusal(definition: definition_pb2.Definition) -> str:
    with pytest.raises(DefinitionRefusedError) as refused:
        compile_definition(definition)
    assert refused.value.problems
    return "\n".join(f"{problem.path}: {problem.message} {problem.suggestion}" for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("i", 2**70),
        ("i", -(2**63) - 1),
        ("i", True),
        ("i", 1.5),
        ("i", "one"),
        ("i", None),
        ("i", []),
        ("u", -1),
        ("u", 2**64),
        ("u", False),
        ("d", True),
        ("d", "much"),
        ("s", 1),
        ("s", "a\ud800"),
        ("s", None),
        ("c", "A"),
        ("c", {"legal_nam": "A"}),
        ("c", {"legalName": 1}),
        ("c", {"status": "COMPANY_STATUS_NONE"}),
    ],
)
def test_an_input_of_another_type_is_refused_by_name(sums: Compiled, name: str, value: object) -> None:
    with pytest.raises(InputRefusedError) as refused:
        sums.read_json(_inputs(**{name: value}))
    assert refused.value.path.startswith(name)


def test_an_input_that_is_missing_or_unknown_is_refused_by_name(sums: Compiled) -> None:
    for inputs, name in (({"i": 0}, "u"), (_inputs(amont=1), "amont")):
        with pytest.raises(InputRefusedError) as refused:
            sums.read_json(inputs)
        assert name in f"{refused.value.path} {refused.value}"


def test_a_message_of_another_type_is_refused(sums: Compiled) -> None:
    other = any_pb2.Any()
    other.Pack(company_pb2.CompanyName(value="A"))
    with pytest.raises(InputRefusedError):
        sums.read_any({"c": other})
    damaged = any_pb2.Any(type_url=f"type.googleapis.com/{_COMPANY}", value=b"\xff\xff\xff")
    with pytest.raises(InputRefusedError):
        sums.read_any({"c": damaged})


def test_a_whole_number_keeps_its_last_digit() -> None:
    exact = compile_definition(_rule_set("i == 9007199254740993"))
    assert exact.evaluate(exact.read_json(_inputs(i="9007199254740993"))).value == [0]
    assert exact.evaluate(exact.read_json(_inputs(i="9007199254740992"))).value != [0]


def test_a_rule_that_fails_leaves_its_neighbours_alone() -> None:
    skipping = _rule_set("i == 0", "1 / i > 0", "i < 1", on_error=definition_pb2.ERROR_POLICY_SKIP)
    compiled = compile_definition(skipping)
    result = compiled.evaluate(compiled.read_json(_inputs()))
    assert [match.rule_id for match in result.matches] == ["r0", "r2"]
    assert [failure.rule_id for failure in result.errors] == ["r1"]


def test_a_rule_that_is_stopped_leaves_its_neighbours_alone() -> None:
    bomb = "s" + ".replace('x', 'xxxxxxxxxx')" * 8 + " != ''"
    try:
        compiled = compile_definition(_rule_set("i == 0", bomb, "i < 1", on_error=definition_pb2.ERROR_POLICY_SKIP))
    except DefinitionRefusedError:
        return
    result = compiled.evaluate(compiled.read_json(_inputs(s="x" * 1_000)))
    assert [failure.rule_id for failure in result.errors] == ["r1"]


def test_a_field_that_there_is_not_is_named_with_its_neighbour() -> None:
    refusal = _refusal(_rule_set("c.legal_nam == ''", "i > 0"))
    assert "rules[0].condition" in refusal
    assert "legal_name" in refusal


def _table(*cells: str) -> definition_pb2.Definition:
    made = definition_pb2.Definition(name="hostile", result_type="int")
    made.inputs.add(name="country", type="string")
    made.inputs.add(name="amount", type="double")
    for name in ("country", "amount"):
        made.table.input_columns.add(name=name)
    made.table.output_columns.add(name="fee", type="int")
    made.table.hit_policy = definition_pb2.HIT_POLICY_FIRST
    made.table.rows.add(cells=["'DE'", "> 1.0"], outputs=["1"])
    made.table.rows.add(cells=cells, outputs=["2"])
    return made


@pytest.mark.parametrize(
    "cells",
    [
        ("'FR' +", "-"),
        ("'FR'", "[1..2"),
        ("'FR'", "[a..b]"),
        ("1", "-"),
        ("'FR'", "'much'"),
        ("'FR'", "> "),
        ("'FR'",),
        ("'FR'", "-", "-"),
        ("__import__('os')", "-"),
        ("cell.__class__ == ''", "-"),
        ("amont > 1", "-"),
    ],
)
def test_a_bad_cell_is_refused_with_its_row(cells: tuple[str, ...]) -> None:
    assert "rows[1]" in _refusal(_table(*cells))


def test_a_graph_that_leads_back_to_itself_is_refused() -> None:
    made = definition_pb2.Definition(name="hostile")
    made.inputs.add(name="i", type="int")
    for name, other in (("one", "two"), ("two", "three"), ("three", "one")):
        made.graph.steps.add(name=name, expression=f"{other} + i")
    made.graph.result = "one"
    refusal = _refusal(made)
    assert all(name in refusal for name in ("one", "two", "three"))


def test_a_decision_that_calls_itself_is_refused() -> None:
    made = definition_pb2.Definition(name="hostile")
    made.inputs.add(name="i", type="int")
    made.graph.steps.add(name="again").call.decision = "hostile"
    made.graph.result = "again"
    assert "hostile" in _refusal(made)


@pytest.mark.parametrize("name", ["now", "in", "true", "null", "as", "for", "function", "a.b", "1a", "", "a b", "__x"])
def test_an_input_with_a_name_that_cannot_be_written_is_refused(name: str) -> None:
    made = definition_pb2.Definition(name="hostile")
    made.inputs.add(name=name, type="int")
    made.rule_set.policy = definition_pb2.RULE_POLICY_FIRST_MATCH
    made.rule_set.rules.add(id="r", condition="true", outcome="1")
    _refusal(made)


@pytest.mark.parametrize("name", ["class", "lambda", "None", "self", "eval", "print", "ctx", "budget"])
def test_an_input_may_have_a_name_of_python(name: str) -> None:
    made = definition_pb2.Definition(name="hostile")
    made.inputs.add(name=name, type="int")
    made.rule_set.policy = definition_pb2.RULE_POLICY_FIRST_MATCH
    made.rule_set.rules.add(id="r", condition=f"{name} == 6", outcome=f"{name} + 1")
    compiled = compile_definition(made)
    assert compiled.evaluate(compiled.read_json({name: 6})).value == 7
