"""Puts the hostile rules to the engine and shows how each of them ends, how fast and at what cost of memory.

python -m tests.rules_engine.hostile
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.rules_engine import contained
from tests.rules_engine.hostile import costly, strange
from tests.rules_engine.hostile.report import MEMORY, Result, objections

_SECONDS = 10.0
# Fifty milliseconds is the aim; what takes longer on a busy machine is shown, and fails nothing.
_IN_TIME = 0.05
_LIMIT = 512 << 20


def main(
    *,
    answers: Annotated[Path | None, typer.Option(help="Write the results there and nothing else.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every rule, not only the costly ones.")] = False,
) -> None:
    """Fails when one ends as it must not, takes the process with it, or takes too much memory."""
    results = _results()
    if answers is not None:
        answers.write_bytes(pickle.dumps(results))
        return
    console = Console()
    console.print(_table(results, everything=everything))
    late = [result for result in results if result.seconds > _IN_TIME]
    largest = max(result.growth for result in results) / 2**20
    console.print(
        f"hostile: {len(results)} rules, {largest:.1f} MiB of growth at most, {len(late)} took more than 50 ms"
    )
    failed = objections(results)
    for text in failed:
        console.print(f"[red]{escape(text)}[/red]", highlight=False)
    if failed:
        raise typer.Exit(1)


def _results() -> list[Result]:
    cases = [*costly.cases(), *strange.cases()]
    ended = contained.run_all([case.found for case in cases], seconds=_SECONDS, memory=_LIMIT)
    return [Result.of(case, end) for case, end in zip(cases, ended, strict=True)]


def _table(results: Sequence[Result], *, everything: bool) -> Table:
    table = Table(title="Hostile rules", title_justify="left")
    for heading in ("", "rule", "ends with", "ms", "MiB"):
        table.add_column(heading, justify="right" if heading in {"ms", "MiB"} else "left")
    for result in results:
        if everything or result.seconds > _IN_TIME / 5 or result.growth > MEMORY / 32 or result.objection:
            colour = "red" if result.objection else "yellow" if result.seconds > _IN_TIME else ""
            shown = f"{result.seconds * 1_000:.1f}", f"{result.growth / 2**20:.1f}"
            table.add_row(result.id, escape(ascii(result.title)[1:-1][:60]), result.end, *shown, style=colour)
    return table


if __name__ == "__main__":
    typer.run(main)
