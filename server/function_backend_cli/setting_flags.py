"""Settings on the command line: some have a flag of their own, each can be set with `--set`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from function_backend_cli.given_settings import complain

ConfigFlag = Annotated[Path | None, typer.Option("--config", help="TOML file with settings.", show_default=False)]
SetFlag = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.NAME=VALUE", help="Sets anything; check-config lists what there is."),
]
DatabaseUrlFlag = Annotated[
    str | None,
    typer.Option(help="PostgreSQL to use instead of the embedded one; better in FUNCTION_BACKEND_DATABASE_URL."),
]


def refuse(problems: Sequence[str]) -> typer.Exit:
    """Says what is wrong, for the caller to raise what comes back."""
    return typer.Exit(complain(problems))
