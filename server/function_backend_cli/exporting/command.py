"""`function-backend export`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.exporting.run import Exporter, ExportTarget, FileTarget, StandardOutput
from function_backend_cli.interruption import INTERRUPTED, interruptible
from function_backend_cli.job_bar import wait_for
from function_backend_cli.output import USAGE
from function_backend_cli.progress_bar import bar
from function_backend_client import Export, FunctionBackendError
from function_backend_client.operations import failure_of, job_id

app = application()

FORMATS = ("jsonl", "binary")


@app.command("export")
@remote
def export(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(help="The file to write; standard output without one.", show_default=False)
    ] = None,
    format: Annotated[str, typer.Option("--format", help="jsonl, or binary: smaller and ten times faster.")] = "jsonl",  # noqa: A002
    filter: Annotated[str, typer.Option("--filter", help="Such as 'jurisdiction = \"DE\"'.")] = "",
    show_deleted: Annotated[bool, typer.Option("--show-deleted", help="Include deleted companies.")] = False,
    batch_size: Annotated[int, typer.Option(min=100, max=1000, help="Companies in one message.")] = 500,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew instead of going on after an interruption.")
    ] = False,
    job: Annotated[
        bool, typer.Option("--job", help="Have a job write the companies down, which goes on without you.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --job: wait until it is over, then download it into the file.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file when it is there.")] = False,
) -> None:
    """Export companies into a file that `import --profile jsonl` (or binary) reads back.

    An export that is interrupted goes on where it was when the same command is given again.
    """
    if format not in FORMATS:
        raise typer.BadParameter(f"{format!r} is neither jsonl nor binary", param_hint="--format")
    if file is not None and file.exists() and not overwrite:
        raise typer.BadParameter(f"{file} is there already; --overwrite replaces it")
    session.reach()
    if job:
        _export_behind(session, file, format, filter, show_deleted=show_deleted, wait=wait)
        return
    query = {"filter": filter, "show_deleted": show_deleted, "format": format, "address": session.address}
    target: ExportTarget = StandardOutput() if file is None else FileTarget(file, query, restart=restart)

    def source(token: str) -> Export:
        return session.client.companies.export(
            filter=filter, show_deleted=show_deleted, batch_size=batch_size, resume_token=token
        )

    write_to(session, target, source, file=file, format=format)


def write_to(
    session: Session,
    target: ExportTarget,
    source: Callable[[str], Export],
    *,
    file: Path | None,
    format: str,  # noqa: A002  As on the command line.
) -> None:
    """Writes what `source` gives behind a token, and says what it came to."""
    exporter = Exporter(source, target, format=format)
    try:
        with (
            interruptible(),
            bar(
                session.output.errors,
                "Exporting",
                size=0,
                position=lambda: 0,
                shown=file is not None and not session.output.json,
            ) as watcher,
        ):
            outcome = exporter.run(moved=watcher.update)
    except KeyboardInterrupt:
        session.output.warn(_go_on(exporter, file))
        raise typer.Exit(INTERRUPTED) from None
    except FunctionBackendError:
        session.output.warn(_go_on(exporter, file))
        raise
    except OSError as error:
        session.output.warn(f"{error.filename or file}: {error.strerror}")
        raise typer.Exit(USAGE) from None
    if file is None:
        return
    if session.output.json:
        session.output.line(asdict(outcome) | {"seconds": round(outcome.seconds, 3), "file": str(file)})
    else:
        session.output.say(
            f"{outcome.companies:,} companies in {outcome.seconds:.1f} s, {outcome.bytes:,} bytes: {file}"
        )


def _export_behind(
    session: Session,
    file: Path | None,
    format: str,  # noqa: A002
    filter: str,
    *,
    show_deleted: bool,
    wait: bool,
) -> None:
    if file is not None and not wait:
        raise typer.BadParameter("without --wait there is nothing to write yet; leave the file out", param_hint="FILE")
    operation = session.client.transfers.start_export(filter=filter, show_deleted=show_deleted)
    if not wait:
        if session.output.json:
            session.output.line({"operation": operation})
        else:
            session.output.say(f"Asked for: {operation}")
            session.output.say(f"Then: function-backend transfers download {job_id(operation)} FILE")
        return
    failure = failure_of(wait_for(session, operation))
    if failure is not None:
        raise failure
    download_to(session, operation, file=file, format=format)


def download_to(session: Session, operation: str, *, file: Path | None, format: str) -> None:  # noqa: A002
    """Writes an export that is over into the file, or to standard output."""
    query = {"operation": operation, "format": format, "address": session.address}
    target: ExportTarget = StandardOutput() if file is None else FileTarget(file, query, restart=False)

    def source(token: str) -> Export:
        return session.client.transfers.download(operation, resume_token=token)

    write_to(session, target, source, file=file, format=format)


def _go_on(exporter: Exporter, file: Path | None) -> str:
    if file is None:
        return f"Interrupted after {exporter.companies:,} companies."
    return f"Interrupted after {exporter.companies:,} companies. The same command goes on there; --restart begins anew."
