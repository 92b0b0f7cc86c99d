"""Why the service decided so, as a tree for people."""

from __future__ import annotations

from rich.markup import escape
from rich.tree import Tree

from function.rules.v1 import decision_pb2
from function_backend_cli.rules.explanation_display import short

_SIGNS = {
    decision_pb2.RULE_OUTCOME_MATCHED: "[green]✓[/]",
    decision_pb2.RULE_OUTCOME_NOT_MATCHED: "[red]✗[/]",
    decision_pb2.RULE_OUTCOME_FAILED: "[red]![/]",
}


def remote_tree(name: str, explanation: decision_pb2.DecisionExplanation) -> Tree:
    """The explanation with a sign before what holds, and the values of what does not."""
    tree = Tree(f"[bold]{escape(name)}[/]", guide_style="dim")
    _grow(tree, explanation)
    return tree


def _grow(tree: Tree, explanation: decision_pb2.DecisionExplanation) -> None:
    for column in explanation.columns:
        value = f"[red]{escape(column.error)}[/]" if column.error else escape(short(column.value))
        tree.add(f"{escape(column.name)} = {value}")
    for rule in explanation.rules:
        _rule(tree, rule, nearest=rule.rule_id == explanation.nearest_rule_id)
    for step in explanation.steps:
        branch = tree.add(
            f"[red]![/] {escape(step.name)}: {escape(step.error)}"
            if step.error
            else f"{escape(step.name)} = {escape(short(step.value))}"
        )
        _grow(branch, step.explanation)


def _rule(tree: Tree, rule: decision_pb2.RuleExplanation, *, nearest: bool) -> None:
    if rule.outcome not in _SIGNS:
        tree.add(f"[dim]· {escape(rule.rule_id)}  not reached[/]")
        return
    more = " [yellow](came nearest)[/]" if nearest else ""
    branch = tree.add(f"{_SIGNS[rule.outcome]} [bold]{escape(rule.rule_id)}[/]  {escape(short(rule.condition))}{more}")
    if rule.error:
        branch.add(f"[red]{escape(rule.error)}[/]")
    for part in rule.failing:
        column = f"{part.column}: " if part.column else ""
        values = ", ".join(f"{short(each.text)} = {short(each.value)}" for each in part.operands)
        what = "has no value" if part.failed else "does not hold"
        said = f"{escape(column + short(part.span.text))} [red]{what}[/]"
        branch.add(said + (f": {escape(values)}" if values else ""))
