"""Compares the engine with cel-expr-python on random expressions and messages.

python -m tests.rules_engine.differential --pairs 1000000
"""

from __future__ import annotations

import random
import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from tests.rules_engine.differential import oracle, shrinking
from tests.rules_engine.differential.comparison import Subject, Tally, compare_chunk, subjects

_SHOWN = 10


def main(
    *,
    pairs: Annotated[int, typer.Option(help="How many pairs of a rule and a message.")] = 1_000_000,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same pairs.")] = None,
    chunk: Annotated[int | None, typer.Option(help="Only this chunk, which a difference was found in.")] = None,
    findings: Annotated[Path | None, typer.Option(help="Append what differs to this file, to be copied.")] = None,
) -> None:
    """Fails when they differ anywhere."""
    console = Console()
    reason = oracle.unavailable()
    if reason:
        console.print(f"[yellow]differential: skipped, {escape(reason)}[/yellow]")
        return
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    console.print(f"differential: seed {seed}")
    tally = Tally()
    found = subjects()
    columns = ("pairs", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("pairs", total=pairs)
        number = chunk or 0
        while tally.pairs < pairs and len(tally.differences) < _SHOWN:
            _compare(found[number % len(found)], seed, number, tally, console, findings)
            progress.update(task, completed=min(tally.pairs, pairs))
            number += 1
            if chunk is not None:
                break
    for subject in found:
        subject.__exit__()
    _summarise(tally, console)
    if tally.differences:
        raise typer.Exit(1)


def _compare(subject: Subject, seed: int, number: int, tally: Tally, console: Console, findings: Path | None) -> None:
    before = len(tally.differences)
    compare_chunk(subject, random.Random(f"{seed}/{number}"), tally)
    for difference in tally.differences[before:]:
        text = shrinking.reproduction(subject, shrinking.shrunk(subject, difference))
        console.print(f"[red]They differ[/red] (--seed {seed} --chunk {number}):")
        console.print(escape(text), highlight=False, soft_wrap=True)
        if findings is not None:
            with findings.open("a", encoding="utf-8") as file:
                file.write(text + "\n\n")


def _summarise(tally: Tally, console: Console) -> None:
    share = tally.errors / tally.pairs if tally.pairs else 0.0
    console.print(
        f"differential: {tally.pairs:,} pairs of {tally.rules:,} rules, {share:.0%} of them errors on both sides, "
        f"{len(tally.differences)} differences"
    )
    for reason, count in tally.refused.most_common(_SHOWN):
        console.print(escape(f"  not compared, {count}: {reason}"), highlight=False)


if __name__ == "__main__":
    typer.run(main)
