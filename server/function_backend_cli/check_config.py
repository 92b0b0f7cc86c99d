"""`function-backend check-config`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from function_backend.settings.errors import SettingsError
from function_backend.settings.load import Effective
from function_backend_cli.given_settings import read
from function_backend_cli.setting_flags import ConfigFlag, SetFlag, refuse

_WIDE = 240

app = typer.Typer()


@app.command("check-config")
def check_config(
    config: ConfigFlag = None,
    settings: SetFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    all_settings: Annotated[
        bool, typer.Option("--all/--changed", help="Every setting, or only those that are not at their default.")
    ] = True,
) -> None:
    """Reads the settings as `serve` would, and prints what is in force and where each value comes from.

    Secrets are not printed. The exit status is 2 when the settings are wrong.
    """
    try:
        effective = list(read(config, settings, {}).effective())
    except SettingsError as error:
        raise refuse(error.problems) from None
    shown = [entry for entry in effective if all_settings or entry.source != "default"]
    if as_json:
        _print_json(shown)
    else:
        _print_table(shown)


def _print_json(entries: Sequence[Effective]) -> None:
    content = {entry.key.path: {"value": entry.shown, "source": entry.source} for entry in entries}
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _print_table(entries: Sequence[Effective]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Setting", "Value", "Source", "Variable"):
        table.add_column(column, overflow="fold", no_wrap=column == "Setting")
    for entry in entries:
        table.add_row(entry.key.path, entry.shown, entry.source, entry.key.variable)
    # A file or a pipe has no width that a line should be folded to.
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDE).print(table)
