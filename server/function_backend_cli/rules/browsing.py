"""`function-backend rules list`, `versions`, `export` and `diff`: the decisions of the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from function.rules.v1 import definition_service_pb2 as wire
from function.rules.v1 import definition_version_pb2 as versions
from function.rules.v1.definition_pb2 import Definition
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show_all
from function_backend_cli.output import REFUSED
from function_backend_cli.rules.problem_display import show_problems
from function_backend_cli.rules.service import NOT_FOUND, definitions, in_force
from function_backend_client import FunctionBackendError
from function_backend_client.pages import Page, Pager
from function_backend_rules.definitions import load_library, write_json, write_yaml

_PAGE = 200
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")]
_SIGNS = {
    versions.DEFINITION_CHANGE_KIND_ADDED: "[green]+[/]",
    versions.DEFINITION_CHANGE_KIND_REMOVED: "[red]-[/]",
    versions.DEFINITION_CHANGE_KIND_CHANGED: "[yellow]~[/]",
    versions.DEFINITION_CHANGE_KIND_MOVED: "[cyan]↕[/]",
}


@remote
def list_definitions(
    session: Session,
    prefix: Annotated[str, typer.Option("--prefix", help="Only names that begin so, such as credit.")] = "",
    limit: _Limit = 100,
) -> None:
    """Print the decisions of the service."""
    columns = ("name", "latest_version", "latest_state", "version_in_force", "update_time", "description")
    show_all(session, _definitions(session, prefix), columns, empty="No decisions.", limit=limit)


@remote
def list_versions(
    session: Session, name: Annotated[str, typer.Argument(metavar="NAME", help="The decision.")], limit: _Limit = 100
) -> None:
    """Print the versions of a decision, the latest first."""
    columns = ("version", "state", "content_hash", "update_time", "authors")
    show_all(session, _versions(session, name), columns, empty="No versions.", limit=limit)


@remote
def export(
    session: Session,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Which; all when none is named.")
    ] = None,
    version: Annotated[int, typer.Option("--version", min=0, help="Of a single one; in force when absent.")] = 0,
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a file for each into this folder.", show_default=False)
    ] = None,
    written_as: Annotated[str, typer.Option("--format", help="yaml or json.")] = "yaml",
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Print decisions of the service as files have them, or write the files."""
    if written_as not in {"yaml", "json"}:
        raise ValueError(f"{written_as!r} is no format; there are yaml and json")
    if version and len(names or ()) != 1:
        raise ValueError("--version is about a single decision: name it")
    wanted = names or [each.name for each in _definitions(session, "")]
    found = [_definition(session, name, version) for name in wanted]
    if folder is not None:
        _write(session, found, folder, written_as, force=force)
    elif written_as == "json":
        for each in found:
            session.output.console.file.write(write_json(each))
    else:
        session.output.console.file.write(write_yaml(found))


@remote
def diff(
    session: Session,
    targets: Annotated[
        list[str], typer.Argument(metavar="NAME|PATH...", help="A decision of the service; or files and folders.")
    ],
    before: Annotated[int, typer.Option("--from", min=0, help="The version before; in force when absent.")] = 0,
    after: Annotated[int, typer.Option("--to", min=0, help="The version after; the latest when absent.")] = 0,
) -> None:
    """Say what differs between two versions, or between what is in force and files.

    The exit status is 1 when something does.
    """
    stub, differs = definitions(session), False
    for request in _comparisons(session, targets, before, after):
        try:
            found = stub.DiffVersions(request)
        except FunctionBackendError as error:
            if error.reason != NOT_FOUND or not request.HasField("definition"):
                raise
            session.output.say(f"{request.name}: is new")
            differs = True
            continue
        differs = differs or bool(found.changes)
        _show_changes(session, request.name, found)
    if differs:
        raise typer.Exit(REFUSED)


def _comparisons(session: Session, targets: list[str], before: int, after: int) -> Iterator[wire.DiffVersionsRequest]:
    paths = [Path(target) for target in targets if Path(target).exists()]
    if not paths:
        for name in targets:
            yield wire.DiffVersionsRequest(name=name, from_version=before, to_version=after)
        return
    library = load_library(paths)
    show_problems(session.output, library.problems)
    if library.problems:
        raise typer.Exit(REFUSED)
    for name, document in library.documents.items():
        yield wire.DiffVersionsRequest(name=name, from_version=before, definition=document.definition)


def _show_changes(session: Session, name: str, found: wire.DiffVersionsResponse) -> None:
    output = session.output
    if output.json:
        output.message(found)
        return
    after = f"version {found.to_version}" if found.to_version else "the file"
    if not found.changes:
        output.say(f"{name}: nothing differs between version {found.from_version} and {after}")
        return
    output.console.print(f"[bold]{escape(name)}[/]: from version {found.from_version} to {after}", soft_wrap=True)
    for change in found.changes:
        output.console.print(f"{_SIGNS.get(change.kind, '?')} {escape(change.path)}", soft_wrap=True)
        if change.before:
            output.console.print(f"    [red]- {escape(change.before)}[/]", soft_wrap=True)
        if change.after:
            output.console.print(f"    [green]+ {escape(change.after)}[/]", soft_wrap=True)


def _definition(session: Session, name: str, version: int) -> Definition:
    number = version or in_force(session, name)
    request = wire.GetVersionRequest(name=name, version=number)
    found: Definition = definitions(session).GetVersion(request).version.definition
    return found


def _write(session: Session, found: list[Definition], folder: Path, written_as: str, *, force: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in found:
        file = folder / (f"{each.name}.rules.json" if written_as == "json" else f"{each.name}.yaml")
        if file.exists() and not force:
            raise ValueError(f"{file} is there already; write over it with --force")
        file.write_text(write_json(each) if written_as == "json" else write_yaml([each]), encoding="utf-8")
        session.output.say(str(file))


def _definitions(session: Session, prefix: str) -> Pager[versions.RegisteredDefinition]:
    def fetch(token: str) -> Page[versions.RegisteredDefinition]:
        request = wire.ListDefinitionsRequest(page_size=_PAGE, page_token=token, name_prefix=prefix)
        found = definitions(session).ListDefinitions(request)
        return Page(found.definitions, found.next_page_token)

    return Pager(fetch)


def _versions(session: Session, name: str) -> Pager[versions.DefinitionVersion]:
    def fetch(token: str) -> Page[versions.DefinitionVersion]:
        request = wire.ListVersionsRequest(name=name, page_size=_PAGE, page_token=token)
        found = definitions(session).ListVersions(request)
        return Page(found.versions, found.next_page_token)

    return Pager(fetch)
