"""Puts the conformance cases of CEL to the engine, shows a table, and writes docs/rules-conformance.md.

python -m tests.rules_engine.conformance
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tests.rules_engine import contained
from tests.rules_engine.conformance import report, spec
from tests.rules_engine.conformance.examination import Judged, Outcome, examine
from tests.rules_engine.conformance.report import Result
from tests.rules_engine.conformance.spec import Case

_SECONDS = 5.0
_MEMORY = 512 << 20


def main(
    files: Annotated[list[str] | None, typer.Argument(help="Which files; those of the profile when none.")] = None,
    *,
    answers: Annotated[Path | None, typer.Option(help="Write the results there and nothing else.")] = None,
    refused: Annotated[bool, typer.Option(help="Show what is refused, and why.")] = False,
) -> None:
    """Fails when anything is wrong, or too little passes."""
    console = Console()
    reason = spec.unavailable()
    if reason:
        console.print(f"[yellow]conformance: skipped, {escape(reason)}[/yellow]")
        return
    results = list(_results(tuple(files or spec.PROFILE_FILES)))
    if answers is not None:
        answers.write_bytes(pickle.dumps(results))
        return
    failed = report.failures(results)
    shown = [result for result in results if refused and result.judged.outcome is Outcome.REFUSED]
    for result in [*shown, *failed]:
        console.print(f"[red]{result.judged.outcome}[/red] {result.name}", highlight=False)
        console.print(escape(f"    {result.expression.strip()}\n    {result.judged.detail}"), highlight=False)
    console.print(report.terminal_table(results))
    if files:
        return
    report.PAGE.write_text(report.page(results), encoding="utf-8")
    passes = sum(result.judged.outcome is Outcome.PASSED for result in results)
    if failed or passes < report.PASSES:
        raise typer.Exit(1)


def _results(files: tuple[str, ...]) -> Iterator[Result]:
    spec.pool()  # Before anything is forked, so that it is read once.
    for file in files:
        for cases in spec.sections(file):
            jobs = [functools.partial(examine, case) for case in cases]
            for case, ended in zip(cases, contained.run_all(jobs, seconds=_SECONDS, memory=_MEMORY), strict=True):
                yield Result(file, case.name, case.test.expr, _judged(case, ended))


def _judged(case: Case, ended: contained.Ended[Judged]) -> Judged:
    if ended.result is not None:
        return ended.result
    if ended.timed_out:
        return Judged(Outcome.TIMEOUT, f"no answer within {_SECONDS:.0f} s")
    return Judged(Outcome.CRASH, ended.crash)


if __name__ == "__main__":
    typer.run(main)
