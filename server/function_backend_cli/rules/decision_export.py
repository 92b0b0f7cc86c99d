"""`function-backend rules export-decisions`: the log of decisions as a file for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from function.rules.v1 import decision_pb2, evaluation_service_pb2_grpc
from function.rules.v1 import evaluation_service_pb2 as wire
from function_backend_cli.connection import Session, remote
from function_backend_cli.moments import Moment
from function_backend_cli.names import nearest
from function_backend_cli.rules.decision_log import STATUSES
from function_backend_client import UnavailableError

_BATCH = 500
_ATTEMPTS = 5
_FORMATS = (".parquet", ".jsonl")

Row = dict[str, object]


class _Sink(Protocol):
    def write(self, rows: list[Row]) -> None:
        """Adds rows."""

    def close(self) -> None:
        """Ends the file."""


@remote
def export_decisions(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Written anew: *.parquet or *.jsonl.", dir_okay=False)],
    name: Annotated[str, typer.Option("--name", help="Only of this decision.")] = "",
    version: Annotated[int, typer.Option("--version", min=0, help="Only of this version; with --name.")] = 0,
    status: Annotated[str, typer.Option("--status", help="matched, no_match or failed.")] = "",
    since: Moment = None,
    until: Moment = None,
) -> None:
    """Write decisions from the log into a file, the earliest first.

    One row is one decision. Values and inputs are JSON texts, since each decision has its own types. The file appears
    when it is whole.
    """
    if file.suffix not in _FORMATS:
        raise ValueError(f"{file.name!r} has no known ending: write *.parquet or *.jsonl")
    if status and status not in STATUSES:
        raise ValueError(f"{status!r} is no status{nearest(status, STATUSES)}")
    request = wire.ExportDecisionsRequest(name=name, version=version, batch_size=_BATCH)
    if status:
        request.status = STATUSES[status]
    if since is not None:
        request.decided_from.FromDatetime(since)
    if until is not None:
        request.decided_until.FromDatetime(until)
    count = 0
    with _whole(file) as part:
        sink: _Sink = _Parquet(part) if file.suffix == ".parquet" else _JsonLines(part)
        try:
            for batch in _batches(session, request):
                sink.write([_row(each) for each in batch.decisions])
                count += len(batch.decisions)
        finally:
            sink.close()
    session.output.say(f"{count:,} decisions in {file}")


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """A file beside the one that is asked for, which takes its place when all went well."""
    part = file.with_name(f".{file.name}.part")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _batches(session: Session, request: wire.ExportDecisionsRequest) -> Iterator[wire.ExportDecisionsResponse]:
    """The batches of the stream, which goes on behind the last one when it breaks."""
    stub: Any = session.client.stub(evaluation_service_pb2_grpc.EvaluationServiceStub)
    attempts = 0
    while True:
        try:
            for batch in stub.ExportDecisions(request):
                request.resume_token = batch.resume_token
                attempts = 0
                yield batch
        except UnavailableError:
            attempts += 1
            if attempts == _ATTEMPTS:
                raise
        else:
            return


class _JsonLines:
    """One JSON object per line."""

    def __init__(self, part: Path) -> None:
        self._file = part.open("w", encoding="utf-8")

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            json.dump(row, self._file, ensure_ascii=False, default=_time)
            self._file.write("\n")

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Columns, with pyarrow."""

    def __init__(self, part: Path) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - of use here alone, and not installed everywhere
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            message = "Parquet needs pyarrow: pip install 'function-backend[parquet]', or write *.jsonl"
            raise ValueError(message) from None
        self._arrow = pa
        text, number, flag, time = pa.string(), pa.int64(), pa.bool_(), pa.timestamp("us", tz="UTC")
        self._schema = pa.schema(
            [
                ("id", text),
                ("name", text),
                ("version", number),
                ("content_hash", text),
                ("status", text),
                ("value", text),
                ("rule_ids", pa.list_(text)),
                ("reason_codes", pa.list_(text)),
                ("by_otherwise", flag),
                ("failures", text),
                ("decide_time", time),
                ("effective_time", time),
                ("caller", text),
                ("inputs", text),
                ("redacted", flag),
                ("inputs_digest", text),
                ("local", flag),
                ("candidate_version", number),
                ("answered_by_candidate", flag),
                ("agreement", text),
            ]
        )
        self._writer = parquet.ParquetWriter(part, self._schema)

    def write(self, rows: list[Row]) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _row(logged: decision_pb2.LoggedDecision) -> Row:
    made = logged.decision
    rollout = logged.rollout if logged.HasField("rollout") else None
    return {
        "id": made.id,
        "name": made.name,
        "version": made.version,
        "content_hash": made.content_hash,
        "status": decision_pb2.DecisionStatus.Name(made.status).removeprefix("DECISION_STATUS_").lower(),
        "value": _json(made.value) if made.HasField("value") else None,
        "rule_ids": [match.rule_id for match in made.matches],
        "reason_codes": [match.reason_code for match in made.matches],
        "by_otherwise": made.by_otherwise,
        "failures": json.dumps([_plain(failure) for failure in made.failures]) if made.failures else None,
        "decide_time": _moment(logged.decide_time),
        "effective_time": _moment(logged.effective_time),
        "caller": logged.caller,
        "inputs": _json(logged.inputs) if logged.HasField("inputs") else None,
        "redacted": logged.redacted,
        "inputs_digest": logged.inputs_digest,
        "local": logged.local,
        "candidate_version": rollout.candidate_version if rollout is not None else None,
        "answered_by_candidate": rollout.answered_by_candidate if rollout is not None else None,
        "agreement": rollout.agreement if rollout is not None else None,
    }


def _plain(message: Message) -> object:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def _json(message: Message) -> str:
    return json.dumps(_plain(message), ensure_ascii=False)


def _moment(value: Timestamp) -> datetime:
    return value.ToDatetime(tzinfo=UTC)


def _time(value: object) -> str:
    """How JSON has a time; nothing else in a row needs help."""
    if not isinstance(value, datetime):
        raise TypeError(type(value).__name__)
    return value.isoformat().replace("+00:00", "Z")
