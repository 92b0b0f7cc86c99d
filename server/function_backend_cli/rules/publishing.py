"""`function-backend rules publish`, `submit`, `approve`, `rollback` and `retire`."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Annotated

import typer

from function.rules.v1 import definition_service_pb2 as wire
from function.rules.v1 import definition_version_pb2 as versions
from function.rules.v1.definition_pb2 import Definition
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show
from function_backend_cli.moments import Moment, shown
from function_backend_cli.output import REFUSED
from function_backend_cli.rules.problem_display import counted, show_problems
from function_backend_cli.rules.report_display import show_report
from function_backend_cli.rules.service import definitions, in_force, latest
from function_backend_cli.rules.sources import Descriptors, Loaded, Paths, load
from function_backend_client import FunctionBackendError
from function_backend_rules import content_hash
from function_backend_rules.definitions import FileProblem
from function_backend_rules.testing import run_cases

_FOR_SOMEBODY_ELSE = {"APPROVAL_BY_AUTHOR", "PERMISSION_MISSING"}
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The decision.")]
_Comment = Annotated[str, typer.Option("--comment", "-m", help="Why, for the history.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check everything and change nothing.")]


class _WaitsError(Exception):
    """A version is in review, and the caller may not approve it."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How definitions are to be published."""

    comment: str
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None
    draft: bool


@remote
def publish(
    session: Session,
    paths: Paths,
    comment: _Comment = "",
    valid_from: Moment = None,
    valid_until: Moment = None,
    draft: Annotated[bool, typer.Option("--draft", help="Write drafts, and publish nothing.")] = False,
    descriptors: Descriptors = None,
) -> None:
    """Write the definitions of files as new versions, and put them in force where you may.

    They are checked and their cases run first; where anything is wrong, nothing is sent. What has not changed is left
    alone. Where somebody else has to approve, the command says so, and goes on from there when it is run again. The
    exit status is 0 when all are in force as they stand in the files (or are drafts, with --draft), and 1 otherwise.
    """
    loaded = load(paths, descriptors)
    if not _are_ready(session, loaded):
        raise typer.Exit(REFUSED)
    wanted = _Wanted(comment, valid_from, valid_until, draft)
    waiting = [
        name
        for name in loaded.library.order()
        if not _bring(session, loaded.library.documents[name].definition, wanted)
    ]
    if waiting:
        raise typer.Exit(REFUSED)


@remote
def submit(session: Session, name: _Name, comment: _Comment = "") -> None:
    """Hand the draft of a decision in for review; what it says is fixed from then on."""
    request = wire.SubmitForReviewRequest(name=name, comment=comment, request_id=_request_id())
    _show_version(session, definitions(session).SubmitForReview(request).version, "is in review")


@remote
def approve(
    session: Session,
    name: _Name,
    version: Annotated[int, typer.Argument(min=1, help="The number of the version.")],
    comment: _Comment = "",
) -> None:
    """Approve a version that is in review."""
    request = wire.ApproveVersionRequest(name=name, version=version, comment=comment, request_id=_request_id())
    _show_version(session, definitions(session).ApproveVersion(request).version, "is approved")


@remote
def reject(
    session: Session,
    name: _Name,
    version: Annotated[int, typer.Argument(min=1, help="The number of the version.")],
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why, for its author.")],
) -> None:
    """Send a version that is in review or approved back to be a draft."""
    request = wire.RejectVersionRequest(name=name, version=version, comment=comment, request_id=_request_id())
    _show_version(session, definitions(session).RejectVersion(request).version, "is a draft again")


@remote
def rollback(
    session: Session,
    name: _Name,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why, for the history.")],
    version: Annotated[int, typer.Option("--version", min=0, help="To this one; the one before when absent.")] = 0,
    validate_only: _ValidateOnly = False,
) -> None:
    """Put the version before in force again, at once."""
    request = wire.RollbackDefinitionRequest(
        name=name, version=version, comment=comment, request_id=_request_id(), validate_only=validate_only
    )
    done = definitions(session).RollbackDefinition(request)
    if session.output.json:
        session.output.message(done)
    else:
        session.output.say(f"{name}: version {done.version.version} is in force in place of {done.replaced_version}")


@remote
def retire(
    session: Session,
    name: _Name,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why, for the history.")],
    version: Annotated[int, typer.Option("--version", min=0, help="This one; all when absent.")] = 0,
    validate_only: _ValidateOnly = False,
) -> None:
    """Take a version out of force for good, or all versions."""
    request = wire.RetireVersionRequest(
        name=name, version=version, comment=comment, request_id=_request_id(), validate_only=validate_only
    )
    done = definitions(session).RetireVersion(request)
    if session.output.json:
        session.output.message(done)
        return
    numbers = ", ".join(str(each.version) for each in done.versions)
    left = f"version {done.version_in_force} is in force now" if done.version_in_force else "none is in force now"
    session.output.say(f"{name}: retired {numbers}; {left}")


def _are_ready(session: Session, loaded: Loaded) -> bool:
    """Whether nothing speaks against the files, as far as that is seen without the service."""
    problems = [problem for problem in loaded.problems if not _is_for_the_service(loaded, problem)]
    show_problems(session.output, problems)
    reports = {name: run_cases(compiled) for name, compiled in loaded.compiled.items()}
    failed = {name: report for name, report in reports.items() if not report.passed}
    for name, report in failed.items():
        if not session.output.json:
            show_report(session.output, loaded.compiled[name], report, verbose=False)
    if problems or failed:
        cases = f"{counted(len(failed), 'definition')} with failed cases"
        session.output.warn(f"nothing is sent: {counted(len(problems), 'problem')}, {cases}")
    return not problems and not failed


def _is_for_the_service(loaded: Loaded, problem: FileProblem) -> bool:
    """Whether a problem is a call of a decision that is not in the files; the service may have it."""
    known = loaded.library.documents.keys() | loaded.library.refused
    document = loaded.library.documents.get(problem.definition)
    if document is None or not problem.path.endswith(".call.decision"):
        return False
    calls = {step.call.decision for step in document.definition.graph.steps if step.HasField("call")}
    if "is refused, so this" in problem.message:
        return all(_is_for_the_service(loaded, each) for each in loaded.problems if each.definition in calls)
    return bool(calls - known) and "circle" not in problem.message


def _bring(session: Session, definition: Definition, wanted: _Wanted) -> bool:
    """Brings a definition into force; False where somebody else has to go on."""
    version = _written(session, definition, wanted.comment)
    if wanted.draft:
        _show_version(session, version, "is the latest version")
        return True
    planned = wanted.valid_from is not None or wanted.valid_until is not None
    was_published = version.state == versions.VERSION_STATE_PUBLISHED
    if was_published and not planned and in_force(session, version.name) == version.version:
        _show_version(session, version, "is in force already")
        return True
    try:
        published = _published(session, version, wanted)
    except _WaitsError:
        step = f"function-backend rules approve {version.name} {version.version}"
        session.output.warn(f"{version.name}: version {version.version} waits for somebody else: {step}")
        return False
    publication = published.publication
    until = f" until {shown(publication.valid_until)}" if publication.HasField("valid_until") else ""
    _show_version(session, published.version, f"is in force from {shown(publication.valid_from)}{until}")
    return True


def _written(session: Session, definition: Definition, comment: str) -> versions.DefinitionVersion:
    """The version with the content of the definition: the latest one where that is the same, a draft otherwise."""
    before = latest(session, definition.name)
    stub = definitions(session)
    if before is None:
        create = wire.CreateDefinitionRequest(definition=definition, comment=comment, request_id=_request_id())
        made: versions.DefinitionVersion = stub.CreateDefinition(create).version
        return made
    same = before.content_hash == content_hash(definition)
    if same and before.state != versions.VERSION_STATE_RETIRED:
        return before
    update = wire.UpdateDraftRequest(definition=definition, etag=before.etag, comment=comment, request_id=_request_id())
    updated: versions.DefinitionVersion = stub.UpdateDraft(update).version
    return updated


def _published(session: Session, version: versions.DefinitionVersion, wanted: _Wanted) -> wire.PublishVersionResponse:
    """Publishes a version, by way of review and approval where that is asked for."""
    request = wire.PublishVersionRequest(
        name=version.name, version=version.version, comment=wanted.comment, request_id=_request_id()
    )
    if wanted.valid_from is not None:
        request.valid_from.FromDatetime(wanted.valid_from)
    if wanted.valid_until is not None:
        request.valid_until.FromDatetime(wanted.valid_until)
    stub = definitions(session)
    try:
        # A setting says whether a draft has to be approved.
        found: wire.PublishVersionResponse = stub.PublishVersion(request)
    except FunctionBackendError as error:
        if error.reason != "VERSION_STATE":
            raise
        _approve(session, version, wanted.comment)
        request.request_id = _request_id()
        found = stub.PublishVersion(request)
    return found


def _approve(session: Session, version: versions.DefinitionVersion, comment: str) -> None:
    stub, name, number = definitions(session), version.name, version.version
    if version.state == versions.VERSION_STATE_DRAFT:
        stub.SubmitForReview(wire.SubmitForReviewRequest(name=name, comment=comment, request_id=_request_id()))
    request = wire.ApproveVersionRequest(name=name, version=number, comment=comment, request_id=_request_id())
    try:
        stub.ApproveVersion(request)
    except FunctionBackendError as error:
        if error.reason in _FOR_SOMEBODY_ELSE:
            raise _WaitsError from error
        raise


def _request_id() -> str:
    return str(uuid.uuid4())


def _show_version(session: Session, version: versions.DefinitionVersion, what: str) -> None:
    if session.output.json:
        bare = versions.DefinitionVersion()
        bare.CopyFrom(version)
        bare.ClearField("definition")
        show(session, bare)
    else:
        session.output.say(f"{version.name}: version {version.version} {what}")
