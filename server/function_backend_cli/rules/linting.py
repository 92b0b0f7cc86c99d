"""`function-backend rules lint`."""

from __future__ import annotations

from typing import Annotated

import typer

from function_backend_cli.output import REFUSED, USAGE, Output
from function_backend_cli.rules.problem_display import counted, show_problems
from function_backend_cli.rules.sources import AsJson, Descriptors, Loaded, Paths, load


def lint(
    paths: Paths,
    descriptors: Descriptors = None,
    strict: Annotated[bool, typer.Option("--strict", help="Take warnings for findings.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with definitions in files, offline.

    The exit status is 0 when all are in order, 1 when something is wrong, 2 for a wrong command line.
    """
    output = Output(json=as_json)
    loaded = loaded_or_usage(output, paths, descriptors)
    show_problems(output, [*loaded.problems, *loaded.warnings])
    number = len(loaded.library.documents) + len(loaded.library.refused)
    output.say(
        f"{counted(number, 'definition')} in {counted(len(loaded.library.files), 'file')}: "
        f"{counted(len(loaded.problems), 'problem')}, {counted(len(loaded.warnings), 'warning')}"
    )
    if loaded.problems or (strict and loaded.warnings):
        raise typer.Exit(REFUSED)


def loaded_or_usage(output: Output, paths: Paths, descriptors: Descriptors) -> Loaded:
    """The definitions; the command ends when there are no such files to look at."""
    absent = [path for path in paths if not path.exists()]
    if absent:
        output.warn(f"there is no file {', '.join(map(str, absent))}")
        raise typer.Exit(USAGE)
    try:
        return load(paths, descriptors)
    except ValueError as error:
        output.warn(str(error))
        raise typer.Exit(USAGE) from None
