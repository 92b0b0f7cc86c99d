"""`function-backend transfers`: what imports and exports by jobs left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.exporting.command import FORMATS, download_to
from function_backend_cli.messages import show_all

app = application("See what an import by a job rejected, and download what an export by a job wrote down.")

_Id = Annotated[str, typer.Argument(metavar="ID", help="The job's id, or the name of its operation.")]


@app.command()
@remote
def rejections(
    session: Session,
    operation: _Id,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 1000,
) -> None:
    """Print the rows that an import rejected so far: which, why, and what is wrong."""
    found = session.client.transfers.rejections(operation)
    show_all(session, found, ("row", "reason", "field", "description"), empty="No row was rejected.", limit=limit)


@app.command()
@remote
def download(
    session: Session,
    operation: _Id,
    file: Annotated[
        Path | None, typer.Argument(help="The file to write; standard output without one.", show_default=False)
    ] = None,
    format: Annotated[str, typer.Option("--format", help="jsonl, or binary: smaller and ten times faster.")] = "jsonl",  # noqa: A002
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file when it is there.")] = False,
) -> None:
    """Download an export into a file that `import --profile jsonl` (or binary) reads back.

    A download that is interrupted goes on where it was when the same command is given again.
    """
    if format not in FORMATS:
        raise typer.BadParameter(f"{format!r} is neither jsonl nor binary", param_hint="--format")
    if file is not None and file.exists() and not overwrite:
        raise typer.BadParameter(f"{file} is there already; --overwrite replaces it")
    download_to(session, operation, file=file, format=format)
