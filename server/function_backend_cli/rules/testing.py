"""`function-backend rules test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from function_backend_cli.names import nearest
from function_backend_cli.output import REFUSED, USAGE, Output
from function_backend_cli.rules.junit import write_junit
from function_backend_cli.rules.linting import loaded_or_usage
from function_backend_cli.rules.problem_display import counted, show_problems
from function_backend_cli.rules.report_display import report_json, show_report
from function_backend_cli.rules.sources import AsJson, Descriptors, Paths
from function_backend_rules.testing import Report, Verdict, run_cases


def run_tests(
    paths: Paths,
    descriptors: Descriptors = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Only the cases of this decision.", show_default=False)
    ] = None,
    least: Annotated[
        int, typer.Option("--coverage", min=0, max=100, help="Fail when a decision's cases reach less, in percent.")
    ] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print the cases that pass as well.")] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write the outcome as JUnit XML, for CI.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the cases that stand with definitions in files, offline.

    The exit status is 0 when all pass, 1 when one fails or a definition is not in order, 2 for a wrong command line.
    """
    output = Output(json=as_json)
    loaded = loaded_or_usage(output, paths, descriptors)
    wanted = set(name or loaded.compiled)
    known = {*loaded.compiled, *loaded.library.documents, *loaded.library.refused}
    for unknown in sorted(wanted - known):
        output.warn(f"there is no decision {unknown!r}{nearest(unknown, known)}")
        raise typer.Exit(USAGE)
    show_problems(output, loaded.problems)
    reports = {each: run_cases(loaded.compiled[each]) for each in loaded.compiled if each in wanted}
    short = [each for each, report in reports.items() if _percent(report) < least]
    for each, report in reports.items():
        if output.json:
            output.line(report_json(each, report))
        else:
            show_report(output, loaded.compiled[each], report, verbose=verbose)
    if junit is not None:
        junit.write_text(write_junit(reports, loaded.problems), encoding="utf-8")
    failed = sum(case.verdict is not Verdict.PASSED for report in reports.values() for case in report.cases)
    total = sum(len(report.cases) for report in reports.values())
    problems = f", {counted(len(loaded.problems), 'problem')}" if loaded.problems else ""
    output.say(f"{counted(total - failed, 'case')} passed, {failed} failed{problems}")
    for each in short:
        output.warn(f"{each}: the cases reach {_percent(reports[each]):.0f} %, and {least} % are asked for")
    if failed or loaded.problems or short:
        raise typer.Exit(REFUSED)


def _percent(report: Report) -> float:
    """The lower of both coverages."""
    return 100 * min(report.coverage.rule_ratio, report.coverage.condition_ratio)
