"""`function-backend audit`: the audit trail, read, exported, and verified without the service."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Annotated

import orjson
import typer

from function.audit.v1 import audit_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.interruption import INTERRUPTED, interruptible
from function_backend_cli.messages import show, show_all
from function_backend_cli.moments import shown
from function_backend_cli.output import REFUSED, USAGE, Output
from function_backend_cli.progress_bar import bar
from function_backend_client.audit_trail import (
    AuditExport,
    Checkpoint,
    PublicKeys,
    TrailVerifier,
    Verification,
    open_trail,
    read_checkpoints,
    write_export,
)
from function_backend_client.audit_trail.lines import checkpoint_line
from function_backend_client.display import enum_text

app = application("Read the audit trail, export it, and verify an export without the service.")

_EVERY = 2_000
_OUTCOME = audit_pb2.AuditRecord.DESCRIPTOR.fields_by_name["outcome"]


@app.command("list")
@remote
def list_records(
    session: Session,
    filter: Annotated[str, typer.Option("--filter", help="Such as 'outcome = denied AND time > \"2026-11-01\"'.")] = "",
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="In the order of writing.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """Print records, the newest first."""
    records = session.client.audit.list(
        filter=filter, order_by="seq" if oldest_first else "", page_size=min(limit, 1_000)
    )
    if session.output.json:
        show_all(session, records, (), empty="", limit=limit)
        return
    rows = ([*_cells(record)] for _, record in zip(range(limit), records, strict=False))
    session.output.table(["Seq", "Time", "Outcome", "What", "Actor", "Resource"], rows, empty="No records.")


@app.command()
@remote
def get(session: Session, seq: Annotated[int, typer.Argument(min=1, help="Its place in the chain.")]) -> None:
    """Print one record with everything that it says."""
    record = session.client.audit.get(seq)
    if session.output.json:
        session.output.message(record)
        return
    session.output.fields(
        [
            ("Seq", str(record.seq)),
            ("Time", shown(record.record_time)),
            ("Outcome", _outcome(record)),
            ("What", record.event_type),
            ("Actor", record.actor),
            ("Method", record.method),
            ("Request", record.request_id),
            ("Event", record.event_id),
            ("Resource", f"{record.resource_type}/{record.resource_id}"),
            ("Before", record.before_digest.hex()),
            ("After", record.after_digest.hex()),
            *[(f"Details: {name}", str(value)) for name, value in _details(record).items()],
            ("Hash before", record.prev_hash.hex()),
            ("Hash", record.hash.hex()),
        ]
    )


@app.command()
@remote
def export(
    session: Session,
    file: Annotated[Path, typer.Argument(help="The file to write; compressed when its name ends with .gz.")],
    after: Annotated[
        int, typer.Option("--after", min=0, help="Leave out what stands before the checkpoint at this record.")
    ] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file when it is there.")] = False,
) -> None:
    """Write the whole trail with its signed checkpoints into a file that can be verified by itself."""
    if file.exists() and not overwrite:
        raise typer.BadParameter(f"{file} is there already; --overwrite replaces it")
    session.reach()
    started, trail = time.monotonic(), AuditExport(session.client.audit, after_seq=after)
    # A bar needs to know how much there is before the first record has come; the newest one says so.
    newest = next(iter(session.client.audit.list(page_size=1)), None)
    size = 0 if newest is None else max(newest.seq - after, 0)
    try:
        with (
            interruptible(),
            bar(
                session.output.errors,
                "Exporting",
                size=size,
                position=lambda: trail.record_count,
                shown=not session.output.json,
                unit="records",
            ) as watcher,
        ):
            write_export(trail, file, moved=lambda moving: watcher.update(moving.record_count))
    except KeyboardInterrupt:
        session.output.warn(f"Interrupted after {trail.record_count:,} records; nothing was written.")
        raise typer.Exit(INTERRUPTED) from None
    except OSError as error:
        session.output.warn(f"{error.filename or file}: {error.strerror}")
        raise typer.Exit(USAGE) from None
    seconds = time.monotonic() - started
    if session.output.json:
        session.output.line({"records": trail.record_count, "seconds": round(seconds, 3), "file": str(file)})
    else:
        session.output.say(f"{trail.record_count:,} records in {seconds:.1f} s: {file}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="What `audit export` wrote.")],
    public_key: Annotated[
        list[str],
        typer.Option("--public-key", help="The key in hex or base64, or a file with keys; several may be given."),
    ],
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A file with a checkpoint that was kept elsewhere.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines, for other programs.")] = False,
) -> None:
    """Verify an exported trail. It takes the file and the public key, and no service, database or network."""
    output = Output(json=as_json)
    try:
        keys = PublicKeys.parse(public_key)
        kept = [found for path in checkpoint or () for found in read_checkpoints(path)]
        started = time.monotonic()
        with interruptible():
            found = _verify(file, keys, kept, output)
    except KeyboardInterrupt:
        output.warn("Interrupted: nothing is proved.")
        raise typer.Exit(INTERRUPTED) from None
    except (OSError, ValueError) as error:
        output.warn(str(error))
        raise typer.Exit(USAGE) from None
    _tell(found, output, seconds=time.monotonic() - started)
    if not found.is_whole:
        raise typer.Exit(REFUSED)


@app.command()
@remote
def checkpoints(
    session: Session,
    after: Annotated[int, typer.Option("--after", min=0, help="Only those after this record.")] = 0,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Write them to this new file, to be kept elsewhere.", show_default=False),
    ] = None,
) -> None:
    """Print the signed checkpoints."""
    found = session.client.audit.list_checkpoints(after_seq=after, page_size=1_000)
    if save is None:
        show_all(session, found, ("seq", "sign_time", "key_id"), empty="No checkpoints.")
        return
    try:
        with save.open("x", encoding="utf-8", newline="\n") as content:
            count = sum(content.write(checkpoint_line(each) + "\n") > 0 for each in found)
    except OSError as error:
        session.output.warn(f"{save}: {error.strerror}")
        raise typer.Exit(USAGE) from None
    session.output.say(f"{count:,} checkpoints: {save}")


@app.command()
@remote
def keys(session: Session) -> None:
    """Print the public keys that checkpoints were signed with, the newest first."""
    found = session.client.audit.get_audit_public_keys().keys
    if session.output.json:
        for key in found:
            # In hex, as the verifier takes it and people compare it.
            session.output.line({"id": key.id, "public_key": key.public_key.hex()})
        return
    rows = ([key.id, key.public_key.hex(), shown(key.create_time), shown(key.retire_time)] for key in found)
    session.output.table(["Id", "Public key", "Create", "Retire"], rows, empty="No keys.")


@app.command("rotate-key")
@remote
def rotate_key(session: Session) -> None:
    """Make a new key, with which checkpoints are signed from now on."""
    key = session.client.audit.rotate_audit_key()
    if session.output.json:
        session.output.line({"id": key.id, "public_key": key.public_key.hex()})
    else:
        session.output.fields([("Id", key.id), ("Public key", key.public_key.hex())])


@app.command()
@remote
def retention(
    session: Session,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Keep records for so long.", show_default=False)
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Keep them as long as the installation does.")] = False,
) -> None:
    """Print how long records are kept, or decide it."""
    if days is not None and default:
        raise typer.BadParameter("give either --days or --default")
    if days is not None:
        show(session, session.client.audit.set_audit_retention(keep_for=dt.timedelta(days=days)))
    elif default:
        show(session, session.client.audit.set_audit_retention())
    else:
        show(session, session.client.audit.get_audit_retention())


def _verify(file: Path, keys: PublicKeys, kept: list[Checkpoint], output: Output) -> Verification:
    verifier = TrailVerifier(keys, kept=kept)
    with (
        open_trail(file) as (content, position),
        bar(
            output.errors,
            "Verifying",
            size=file.stat().st_size,
            position=position,
            shown=not output.json,
            unit="records",
        ) as watcher,
    ):
        for number, text in enumerate(content, 1):
            verifier.take(text.removesuffix("\n"))
            if number % _EVERY == 0:
                watcher.update(number)
    return verifier.finish()


def _tell(found: Verification, output: Output, *, seconds: float) -> None:
    if output.json:
        sys.stdout.buffer.write(
            orjson.dumps(
                {
                    "whole": found.is_whole,
                    "tenant_id": found.tenant_id,
                    "first_seq": found.first_seq,
                    "last_seq": found.last_seq,
                    "records": found.record_count,
                    "checkpoints": found.checkpoint_count,
                    "problems": [
                        {"line": each.line, "seq": each.seq, "description": each.description} for each in found.problems
                    ],
                    "notes": found.notes,
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
        )
        return
    for note in found.notes:
        output.say(f"Note: {note}.")
    for problem in found.problems:
        output.warn(f"WRONG: {problem}.")
    rate = found.record_count / max(seconds, 0.001)
    told = (
        f"{found.record_count:,} records and {found.checkpoint_count:,} checkpoints in {seconds:.1f} s ({rate:,.0f}/s)"
    )
    if found.is_whole and found.ends_with is not None:
        output.say(
            f"Whole: {told}, records {found.first_seq:,} to {found.last_seq:,} of tenant {found.tenant_id}, "
            f"signed {found.ends_with.signed_at}."
        )
    else:
        output.warn(f"Not whole: {told}.")


def _cells(record: audit_pb2.AuditRecord) -> list[str]:
    resource = f"{record.resource_type}/{record.resource_id}"
    return [
        str(record.seq),
        shown(record.record_time),
        _outcome(record),
        record.event_type.rpartition(".")[2],
        record.actor,
        resource,
    ]


def _outcome(record: audit_pb2.AuditRecord) -> str:
    return enum_text(_OUTCOME, record.outcome).lower()


def _details(record: audit_pb2.AuditRecord) -> dict[str, object]:
    if not record.details:
        return {}
    found = json.loads(record.details)
    return found if isinstance(found, dict) else {"": found}
