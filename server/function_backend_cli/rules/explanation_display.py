"""Why a decision came out so, as a tree for people and as JSON."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from rich.markup import escape
from rich.tree import Tree

from function_backend_cli.rules.report_display import text_of
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.program import TracedNode
from function_backend_rules.cel.runtime.json_form import json_form
from function_backend_rules.explanation import FAILED, MATCHED, NOT_REACHED, Explanation, FailingTerm, RuleOutcome
from function_backend_rules.tables.explanation import CellOutcome, RowOutcome, TableExplanation

_SIGNS = {MATCHED: "[green]✓[/]", FAILED: "[red]![/]", NOT_REACHED: "[dim]·[/]"}
_LONGEST = 60
_ROWS = 5
_RULES = 30


def explanation_tree(name: str, explanation: Explanation) -> Tree:
    """The explanation with a sign before what holds, and the values of what does not."""
    tree = Tree(f"[bold]{escape(name)}[/]", guide_style="dim")
    _grow(tree, explanation)
    return tree


def _grow(tree: Tree, explanation: Explanation) -> None:
    for outcome in explanation.rules[:_RULES]:
        _rule(tree, outcome, nearest=explanation.nearest is outcome)
    if len(explanation.rules) > _RULES:
        tree.add(f"[dim]and {len(explanation.rules) - _RULES} more rules[/]")
    if explanation.table is not None:
        _table(tree, explanation.table)
    for step, inner in explanation.steps:
        if step.failure is not None:
            branch = tree.add(f"[red]![/] {escape(step.name)}: {escape(step.failure.message)}")
        else:
            branch = tree.add(f"{escape(step.name)} = {escape(shown(step.value))}")
        if inner is not None:
            _grow(branch, inner)


def _rule(tree: Tree, outcome: RuleOutcome, *, nearest: bool) -> None:
    sign = _SIGNS.get(outcome.outcome, "[red]✗[/]")
    more = " [yellow](came nearest)[/]" if nearest else ""
    condition = escape(short(outcome.condition))
    if outcome.outcome == NOT_REACHED:
        tree.add(f"{sign} [dim]{escape(outcome.rule_id)}  not reached[/]")
        return
    branch = tree.add(f"{sign} [bold]{escape(outcome.rule_id)}[/]  {condition}{more}")
    if outcome.outcome == FAILED:
        branch.add(f"[red]{escape(outcome.error)}[/]")
    elif outcome.outcome == MATCHED:
        for text, value in _told_values(outcome).items():
            branch.add(f"[dim]{escape(text)} = {escape(shown(value))}[/]")
    else:
        for term in outcome.failing:
            branch.add(_term(term))


def _told_values(outcome: RuleOutcome) -> dict[str, object]:
    """The parts of a condition with values worth telling: no truth values, and no whole messages."""
    return {
        short(node.text): node.value
        for node in outcome.nodes
        if node.evaluated and not isinstance(node.value, bool | Message)
    }


def _term(term: FailingTerm) -> str:
    values = ", ".join(
        f"{short(text)} = {shown(value)}" for text, value in term.operands if not isinstance(value, Message)
    )
    what = "has no value" if term.error else "does not hold"
    return f"{escape(short(term.text))} [red]{what}[/]" + (f": {escape(values)}" if values else "")


def _table(tree: Tree, table: TableExplanation) -> None:
    for column in table.columns:
        value = f"[red]{escape(column.error)}[/]" if column.error is not None else escape(shown(column.value))
        said = f" [dim]({escape(short(column.expression))})[/]" if column.expression != column.name else ""
        tree.add(f"{escape(column.name)}{said} = {value}")
    rows = [row for row in table.rows if row.matched] or list(table.rows[:_ROWS])
    for row in rows:
        nearest = " [yellow](came nearest)[/]" if table.nearest is row else ""
        sign = "[green]✓[/]" if row.matched else "[red]✗[/]"
        branch = tree.add(f"{sign} [bold]{escape(row.row_id)}[/]{nearest}")
        for cell in row.cells if row.matched else row.failing:
            branch.add(_cell(cell))


def _cell(cell: CellOutcome) -> str:
    sign = "[green]✓[/]" if cell.matched else "[red]✗[/]"
    error = f" [red]{escape(cell.error)}[/]" if cell.error else ""
    return f"{sign} {escape(cell.column)}: {escape(cell.source or '-')}{error}"


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation for other programs."""
    found: dict[str, Any] = {}
    if explanation.rules:
        found["rules"] = [_rule_json(outcome) for outcome in explanation.rules]
    if explanation.nearest is not None:
        found["nearest"] = explanation.nearest.rule_id
    if explanation.table is not None:
        table = explanation.table
        found["columns"] = [
            {"name": each.name, "value": _json(each.value), "error": each.error} for each in table.columns
        ]
        found["rows"] = [_row_json(row) for row in table.rows]
        if table.nearest is not None:
            found["nearest"] = table.nearest.row_id
    if explanation.steps:
        found["steps"] = [
            {
                "name": step.name,
                "value": _json(step.value),
                "error": step.failure.message if step.failure is not None else None,
                "explanation": explanation_json(inner) if inner is not None else None,
            }
            for step, inner in explanation.steps
        ]
    return found


def _rule_json(outcome: RuleOutcome) -> dict[str, Any]:
    return {
        "rule_id": outcome.rule_id,
        "outcome": outcome.outcome,
        "error": outcome.error or None,
        "failing": [
            {"text": term.text, "values": {text: _json(each) for text, each in term.operands}}
            for term in outcome.failing
        ],
        "conditions": [_node_json(node) for node in outcome.nodes],
    }


def _node_json(node: TracedNode) -> dict[str, Any]:
    span = {"start": node.span.start, "end": node.span.end}
    return {"text": node.text, "span": span, "evaluated": node.evaluated, "value": _json(node.value)}


def _row_json(row: RowOutcome) -> dict[str, Any]:
    cells = [
        {"column": cell.column, "source": cell.source, "matched": cell.matched, "error": cell.error}
        for cell in row.cells
    ]
    return {"row_id": row.row_id, "matched": row.matched, "cells": cells}


def shown(value: object) -> str:
    """A value of an expression, shortened."""
    return short(text_of(_json(value)))


def _json(value: object) -> object:
    try:
        return json_form(value)
    except EvaluationError:
        return str(value)  # A type, which JSON has nothing for.


def short(text: str) -> str:
    """A text in one line, cut where it is long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
