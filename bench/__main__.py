"""Measures the service against references in the same run and writes what it finds.

make bench
make bench ARGS='get-company search'
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import load, table
from bench.catalogue import ROWS
from bench.results import Result
from bench.service import Service
from bench.stage import Stage

_QUICK = 0.1


def main(
    rows: Annotated[list[str] | None, typer.Argument(help="Which rows to measure; all when none is named.")] = None,
    *,
    names: Annotated[bool, typer.Option("--list", help="Only say which rows there are.")] = False,
    quick: Annotated[bool, typer.Option(help="A tenth of everything, to try it out; keeps no results.")] = False,
    patience: Annotated[float, typer.Option(help="Seconds to wait for other work on the machine to end.")] = 120.0,
    million_folder: Annotated[
        Path | None, typer.Option(help="Data folder for the million companies, filled once and used again.")
    ] = None,
) -> None:
    """Measures rows of the table in docs/figures.md, shows it, and writes bench/results/ and docs/figures.md.

    A bar that is missed is no failure: the table says so.
    """
    console = Console()
    if names:
        for row in ROWS:
            console.print(f"{row.name:16}{row.title}")
        return
    unknown = set(rows or ()) - {row.name for row in ROWS}
    if unknown:
        raise typer.BadParameter(f"there is no row {', '.join(sorted(unknown))}; --list says which there are")
    if load.native() is None:
        console.print(f"[yellow]{load.MISSING}[/yellow]")
    measured, failed = _measure(rows, console, quick=quick, patience=patience, million_folder=million_folder)
    console.print(table.terminal_table(measured))
    if quick:
        console.print("A quick look: nothing was kept.")
    else:
        known = [result for row in ROWS if (result := Result.read(row.name)) is not None]
        table.PAGE.write_text(table.page(known), encoding="utf-8")
    if failed:
        console.print(f"[red]Not measured, see above: {', '.join(failed)}[/red]")
        raise typer.Exit(1)


def _measure(
    rows: list[str] | None,
    console: Console,
    *,
    quick: bool,
    patience: float,
    million_folder: Path | None,
) -> tuple[list[Result], list[str]]:
    measured, failed = [], []
    # A short path: the socket of a database has room for about a hundred characters.
    shared: dict[str, Service] = {}
    with tempfile.TemporaryDirectory(prefix="fb-bench-") as folder, ExitStack() as lasting:
        for row in ROWS:
            if rows and row.name not in rows:
                continue
            console.print(f"[bold]{row.title}[/bold] ({row.name})")
            place = Path(folder) / row.name
            place.mkdir()
            stage = Stage(
                console=console,
                folder=place,
                lasting=lasting,
                scale=_QUICK if quick else 1.0,
                patience=patience,
                million_folder=million_folder or Path(folder) / "million",
                shared=shared,
            )
            try:
                result = Result.of(row.name, row.title, row.measure(stage), stage.disturbances)
            except Exception:  # noqa: BLE001 - told, and the other rows are measured all the same
                console.print_exception()
                failed.append(row.name)
                continue
            if not quick:
                result.write()
            measured.append(result)
    return measured, failed


if __name__ == "__main__":
    typer.run(main)
