"""`function-backend import`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.framing import DamagedFileError
from function_backend_cli.importing.behind import HowToImport, JobImport
from function_backend_cli.importing.checkpoint import CheckpointFile, identity_of, state_folder
from function_backend_cli.importing.droppable import Droppable
from function_backend_cli.importing.faults import MappingError
from function_backend_cli.importing.journal import Journal
from function_backend_cli.importing.mapping import (
    Mapping,
    overridden,
    profile_names,
    profile_text,
    read_mapping,
    read_profile,
)
from function_backend_cli.importing.records import opened
from function_backend_cli.importing.rejects import RejectsFile
from function_backend_cli.importing.run import Importer, Outcome
from function_backend_cli.importing.sources import Source, source_of
from function_backend_cli.interruption import INTERRUPTED, interruptible
from function_backend_cli.output import OK, REFUSED, USAGE
from function_backend_cli.progress_bar import bar
from function_backend_client import FunctionBackendError, ImportOptions
from function_backend_client.operations import job_id

app = application()

EXPORT_PROFILES = ("jsonl", "binary")
"""The profiles that read what `export` writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for."""

    path: Path | None
    """The file; None for standard input."""
    profile: str
    mapping: Mapping | None
    match_scheme: str
    source_name: str
    rejects: Path
    validate_only: bool
    limit: int | None
    fail_on_rejects: bool

    @property
    def member(self) -> str:
        """The file to read in an archive."""
        return "" if self.mapping is None else self.mapping.input.member

    @property
    def matched_by(self) -> str:
        """The identifier by which rows find companies."""
        return self.match_scheme if self.mapping is None else self.mapping.match_scheme

    @property
    def from_where(self) -> str:
        """Where the rows come from, for the audit."""
        return self.source_name if self.mapping is None else self.mapping.source

    @contextmanager
    def read_again(self) -> Iterator[Source]:
        """The file, from its beginning."""
        with opened(self.path, member=self.member) as file:
            yield source_of(file, self.profile, self.mapping)


@app.command("import")
@remote
def import_(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(help="The file, plain or packed (.gz, .zip); - reads standard input.")
    ] = None,
    profile: Annotated[
        str,
        typer.Option("--profile", help=f"{', '.join(profile_names())}, csv (with --mapping), jsonl or binary."),
    ] = "csv",
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="TOML file that says which column is what.", show_default=False)
    ] = None,
    match_scheme: Annotated[
        str | None,
        typer.Option("--match-scheme", help="The identifier by which rows find companies.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Where the rows come from, for the audit.", show_default=False)
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", help="The rejects file. [default: <FILE>.rejects.csv, here]", show_default=False),
    ] = None,
    fail_on_rejects: Annotated[
        bool, typer.Option("--fail-on-rejects", help="Exit with 1 when rows were rejected.")
    ] = False,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check every row and change nothing.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew instead of going on after an interruption.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only so many records.", show_default=False)
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", help="Instead of the mapping's.", show_default=False)
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Such as latin-1, instead of the mapping's.", show_default=False)
    ] = None,
    member: Annotated[
        str | None, typer.Option("--member", help="The file to read in a zip archive.", show_default=False)
    ] = None,
    streams: Annotated[int, typer.Option("--streams", min=1, max=64, help="Streams at the same time.")] = 4,
    job: Annotated[
        bool, typer.Option("--job", help="Upload the rows and have a job import them, which goes on without you.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --job: wait until it is over; a bar shows how far.")
    ] = False,
    show_mapping: Annotated[
        bool, typer.Option("--show-mapping", help="Print the profile's mapping, to begin your own with.")
    ] = False,
) -> None:
    """Import companies from a file.

    Rows find their companies by an identifier: new ones are created, others changed, and what is the same is left
    alone, so importing twice is safe. A row that is refused stops nothing and goes into the rejects file. An import
    that is interrupted goes on where it was when the same command is given again; with --job it goes on by itself.
    """
    try:
        if show_mapping:
            sys.stdout.write(profile_text(profile))
            return
        if file is None:
            raise MappingError("name the file to import; - is standard input")
        path = None if str(file) == "-" else file
        used = _mapping(profile, mapping)
        if used is not None:
            used = overridden(
                used, match_scheme=match_scheme, source=source, delimiter=delimiter, encoding=encoding, member=member
            )
        session.reach()
        wanted = Wanted(
            path=path,
            profile=profile,
            mapping=used,
            match_scheme=match_scheme or "id",
            source_name=source or "export",
            rejects=rejects or Path(f"{file.name if path else 'stdin'}.rejects.csv"),
            validate_only=validate_only,
            limit=limit,
            fail_on_rejects=fail_on_rejects,
        )
        if job:
            status = _import_behind(session, wanted, wait=wait)
        else:
            status = _import(session, wanted, restart=restart, options=ImportOptions(streams=streams))
    except (MappingError, DamagedFileError) as error:
        session.output.warn(str(error))
        raise typer.Exit(USAGE) from None
    except OSError as error:
        session.output.warn(f"{error.filename or file}: {error.strerror}")
        raise typer.Exit(USAGE) from None
    raise typer.Exit(status)


def _mapping(profile: str, path: Path | None) -> Mapping | None:
    """The mapping to read the file by; None for the profiles that read exports."""
    if profile in EXPORT_PROFILES:
        if path is not None:
            raise MappingError(f"--mapping: the profile {profile} has nothing to map")
        return None
    if profile == "csv":
        if path is None:
            raise MappingError("--mapping: the profile csv needs a mapping; examples/mappings has some to begin with")
        return read_mapping(path)
    if path is not None:
        raise MappingError(f"--mapping: the profile {profile} brings its own; use --profile csv with yours")
    return read_profile(profile)


def _import(session: Session, wanted: Wanted, *, restart: bool, options: ImportOptions) -> int:
    path, profile, mapping = wanted.path, wanted.profile, wanted.mapping
    checkpoints = None
    if path is not None and not wanted.validate_only and wanted.limit is None:
        checkpoints = CheckpointFile(state_folder(), _identity(session, path, profile, mapping, wanted.match_scheme))
    before = None if checkpoints is None or restart else checkpoints.read()
    with opened(path, member=wanted.member) as file:
        source = source_of(file, profile, mapping)
        written = RejectsFile(wanted.rejects, source.columns, keep_bytes=0 if before is None else before.rejects_bytes)
        journal = Journal(written)
        if before is not None:
            session.output.say(f"Going on after line {before.line:,}, where the last run was interrupted.")
        with bar(
            session.output.errors, "Importing", size=file.size, position=file.position, shown=not session.output.json
        ) as watcher:
            importer = Importer(
                session.client,
                source,
                journal,
                match_scheme=wanted.matched_by,
                source_name=wanted.from_where,
                droppable=Droppable(()) if mapping is None else mapping.droppable,
                options=options,
                watcher=watcher,
                checkpoints=checkpoints,
                before=before,
                validate_only=wanted.validate_only,
                limit=wanted.limit,
            )
            try:
                with interruptible():
                    outcome = importer.run()
            except KeyboardInterrupt:
                _interrupted(session, importer, can_resume=checkpoints is not None)
                return INTERRUPTED
            except FunctionBackendError:
                _interrupted(session, importer, can_resume=checkpoints is not None)
                raise
            finally:
                written.close()
    _summarise(session, outcome, wanted.rejects, validate_only=wanted.validate_only)
    return REFUSED if wanted.fail_on_rejects and outcome.rejected else OK


def _import_behind(session: Session, wanted: Wanted, *, wait: bool) -> int:
    if wanted.path is None:
        raise MappingError("--job: name a file; what is rejected is looked up in it afterwards")
    how = HowToImport(
        match_scheme=wanted.matched_by,
        source_name=wanted.from_where,
        validate_only=wanted.validate_only,
        droppable=Droppable(()) if wanted.mapping is None else wanted.mapping.droppable,
        limit=wanted.limit,
    )
    behind = JobImport(session, wanted.read_again, wanted.rejects, how)
    shown = not session.output.json
    with (
        opened(wanted.path, member=wanted.member) as file,
        bar(session.output.errors, "Uploading", size=file.size, position=file.position, shown=shown) as watcher,
    ):
        taken = behind.upload(source_of(file, wanted.profile, wanted.mapping), moved=watcher.update)
    if wait:
        outcome = behind.settle(taken.operation, behind.wait(taken.operation))
        _summarise(session, outcome, wanted.rejects, validate_only=wanted.validate_only)
        return REFUSED if wanted.fail_on_rejects and outcome.rejected else OK
    unread = behind.settle(None, Outcome(0, 0, 0, 0, 0, 0, 0.0))
    if session.output.json:
        session.output.message(taken)
        return OK
    session.output.say(f"{taken.row_count:,} rows uploaded: {taken.operation}")
    if unread.rejected or unread.dropped:
        session.output.say(f"What could not be read, and why: {wanted.rejects}")
    session.output.say(f"How it goes: function-backend jobs wait {job_id(taken.operation)}")
    session.output.say(f"What is rejected: function-backend transfers rejections {job_id(taken.operation)}")
    return OK


def _identity(session: Session, path: Path, profile: str, mapping: Mapping | None, match_scheme: str) -> str:
    """What an interrupted run must have in common with the next one to be gone on with."""
    # The key stands for the tenant. Its digest is enough, and nothing of it can be read back from a file name.
    caller = hashlib.sha256((session.api_key or "").encode()).hexdigest()
    how = profile if mapping is None else f"{mapping.text}\n{mapping.match_scheme}\n{mapping.input}"
    return identity_of(path, session.address, caller, how, match_scheme)


def _interrupted(session: Session, importer: Importer, *, can_resume: bool) -> None:
    if can_resume and importer.line:
        session.output.warn(
            f"Interrupted after line {importer.line:,}. The same command goes on there; --restart begins anew."
        )
    else:
        session.output.warn("Interrupted. Importing again is safe: what is the same is left alone.")


def _summarise(session: Session, outcome: Outcome, rejects: Path, *, validate_only: bool) -> None:
    if session.output.json:
        content = asdict(outcome) | {"seconds": round(outcome.seconds, 3), "validate_only": validate_only}
        if outcome.rejected or outcome.dropped:
            content["rejects_file"] = str(rejects)
        session.output.line(content)
        return
    counts = (
        ("Records", outcome.rows),
        ("Created", outcome.created),
        ("Updated", outcome.updated),
        ("Unchanged", outcome.unchanged),
        ("Rejected", outcome.rejected),
        ("Dropped", outcome.dropped),
    )
    rate = outcome.rows / max(outcome.seconds, 0.001)
    session.output.table(
        (*(name for name, _ in counts), "Seconds", "Records/s"),
        [(*(f"{count:,}" for _, count in counts), f"{outcome.seconds:.1f}", f"{rate:,.0f}")],
        empty="",
    )
    if validate_only:
        session.output.say("Nothing was changed: --validate-only.")
    if outcome.rejected or outcome.dropped:
        session.output.say(f"What was rejected or dropped, and why: {rejects}")
