"""The outcome of cases for people: what differs, and what the cases reach."""

from __future__ import annotations

import orjson
from rich.markup import escape
from rich.table import Table

from function_backend_cli.output import Output
from function_backend_rules import Compiled
from function_backend_rules.testing import CaseReport, Report, Verdict

_BAR = 20
_SHOWN_GAPS = 10


def text_of(value: object) -> str:
    """A value in its JSON form as JSON, and a text alone as it is."""
    return orjson.dumps(value).decode()


def told(case: CaseReport) -> list[str]:
    """What is wrong with a case, one sentence each."""
    if case.verdict is Verdict.BROKEN:
        return [case.message]
    return [f"{each.what}: expected {text_of(each.expected)}, got {text_of(each.got)}" for each in case.differences]


def report_json(name: str, report: Report) -> dict[str, object]:
    """A report for other programs."""
    coverage = report.coverage
    return {
        "definition": name,
        "passed": report.passed,
        "cases": [{"name": case.name, "verdict": case.verdict.value, "failures": told(case)} for case in report.cases],
        "coverage": {
            "rules": round(coverage.rule_ratio, 4),
            "conditions": round(coverage.condition_ratio, 4),
            "uncovered": [rule for rule, count in coverage.rules.items() if not count],
        },
    }


def show_report(output: Output, compiled: Compiled, report: Report, *, verbose: bool) -> None:
    """Prints a definition's name, its cases that fail with what differs, and what its cases reach."""
    sign = "[green]✓[/]" if report.passed else "[red]✗[/]"
    failed = sum(case.verdict is not Verdict.PASSED for case in report.cases)
    number = f"{len(report.cases)} cases" if not failed else f"{failed} of {len(report.cases)} cases failed"
    output.console.print(f"{sign} [bold]{escape(compiled.name)}[/]  {number}", soft_wrap=True)
    for case in report.cases:
        if case.verdict is Verdict.PASSED:
            if verbose:
                output.console.print(f"  [green]✓[/] {escape(case.name)}", soft_wrap=True)
        else:
            _show_failed(output, case)
    if not report.cases:
        output.console.print("  [yellow]no cases: nothing says what it must decide[/]")
        return
    _show_coverage(output, report)


def _show_failed(output: Output, case: CaseReport) -> None:
    output.console.print(f"  [red]✗[/] {escape(case.name)}", soft_wrap=True)
    if case.verdict is Verdict.BROKEN:
        output.console.print(f"    [red]{escape(case.message)}[/]", soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    for each in case.differences:
        table.add_row(f"    {escape(each.what)}", "[green]expected[/]", escape(text_of(each.expected)))
        table.add_row("", "[red]got[/]", escape(text_of(each.got)))
    output.console.print(table)
    if case.result is not None:
        for match in case.result.matches:
            output.console.print(f"    [dim]{escape(match.rule_id)} decided: {escape(match.reason)}[/]", soft_wrap=True)
        for failure in case.result.errors:
            text = f"{failure.rule_id} {failure.field}: {failure.message}"
            output.console.print(f"    [dim]{escape(text)}[/]", soft_wrap=True)


def _show_coverage(output: Output, report: Report) -> None:
    coverage = report.coverage
    if coverage.rules:
        output.console.print(f"  {_bar(coverage.rule_ratio)} of rules decided", soft_wrap=True)
    if coverage.conditions:
        output.console.print(f"  {_bar(coverage.condition_ratio)} of outcomes of conditions seen", soft_wrap=True)
    gaps = [f"{rule} never decided" for rule, count in coverage.rules.items() if not count]
    for part in coverage.conditions:
        if not (part.seen_true and part.seen_false):
            seen = "false" if part.seen_true else "true" if part.seen_false else "evaluated"
            gaps.append(f"{part.rule_id}: `{' '.join(part.text.split())}` was never {seen}")
    for gap in gaps[:_SHOWN_GAPS]:
        output.console.print(f"    [dim]{escape(gap)}[/]", soft_wrap=True)
    if len(gaps) > _SHOWN_GAPS:
        output.console.print(f"    [dim]and {len(gaps) - _SHOWN_GAPS} more[/]")


def _bar(share: float) -> str:
    full = int(share * _BAR)
    colour = "green" if share == 1 else "yellow"
    return f"[{colour}]{'█' * full}[/][dim]{'░' * (_BAR - full)}[/] {share:4.0%}"
