"""`function-backend rules eval` and `explain`: offline from files, or by the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from function_backend_cli.connection import Session, remote
from function_backend_cli.moments import Moment
from function_backend_cli.output import REFUSED, Output
from function_backend_cli.rules.explanation_display import explanation_json, explanation_tree
from function_backend_cli.rules.inputs import Given, InputsFile, read_inputs
from function_backend_cli.rules.problem_display import show_problems
from function_backend_cli.rules.remote_deciding import decide, show_decision
from function_backend_cli.rules.report_display import text_of
from function_backend_cli.rules.sources import Descriptors, load
from function_backend_rules import Compiled, Result, Status
from function_backend_rules.cel.runtime.json_form import json_form
from function_backend_rules.explanation import explain as explanation_of

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The decision.")]
_Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH...]", help="Files and folders with definitions; none with --remote."),
]
_Remote = Annotated[bool, typer.Option("--remote", help="Let the service decide, by the version that is in force.")]
_Version = Annotated[int, typer.Option("--version", min=0, help="With --remote: a published version.")]
_Companies = Annotated[
    list[str] | None,
    typer.Option(
        "--company", metavar="NAME=ID", help="With --remote: an input that is a company, by id.", show_default=False
    ),
]


@remote
def evaluate(
    session: Session,
    name: _Name,
    paths: _Paths = None,
    inputs: InputsFile = None,
    given: Given = None,
    now: Moment = None,
    descriptors: Descriptors = None,
    by_service: _Remote = False,
    version: _Version = 0,
    companies: _Companies = None,
) -> None:
    """Take a decision, from files offline or by the service.

    The exit status is 1 when the decision fails, and 0 when it comes out, whatever it is.
    """
    values = read_inputs(inputs, given or ())
    if by_service:
        decision = decide(session, name, values, companies or (), now=now, version=version, explained=False)
        show_decision(session, decision)
        return
    compiled = _compiled(session, name, paths, descriptors)
    result = compiled.evaluate(compiled.read_json(values), now=now)
    _show(session.output, result)
    if result.status is Status.FAILED:
        raise typer.Exit(REFUSED)


@remote
def explain(
    session: Session,
    name: _Name,
    paths: _Paths = None,
    inputs: InputsFile = None,
    given: Given = None,
    now: Moment = None,
    descriptors: Descriptors = None,
    by_service: _Remote = False,
    version: _Version = 0,
    companies: _Companies = None,
) -> None:
    """Take a decision, and say why it comes out so: what every condition comes to, and what stands in the way."""
    values = read_inputs(inputs, given or ())
    if by_service:
        decision = decide(session, name, values, companies or (), now=now, version=version, explained=True)
        show_decision(session, decision)
        return
    compiled = _compiled(session, name, paths, descriptors)
    explanation = explanation_of(compiled, compiled.read_json(values), now)
    if session.output.json:
        session.output.line({**result_json(explanation.result), "explanation": explanation_json(explanation)})
    else:
        _show(session.output, explanation.result)
        session.output.console.print(explanation_tree(name, explanation))
    if explanation.result.status is Status.FAILED:
        raise typer.Exit(REFUSED)


def _compiled(session: Session, name: str, paths: list[Path] | None, descriptors: list[Path] | None) -> Compiled:
    """The decision of the files; the command ends where it is not in order."""
    if not paths:
        raise ValueError("name the files with the definition, or say --remote")
    loaded = load(paths, descriptors)
    if name not in loaded.compiled and loaded.problems:
        show_problems(session.output, loaded.problems)
        raise typer.Exit(REFUSED)
    return loaded.one(name)


def result_json(result: Result) -> dict[str, object]:
    """A result for other programs."""
    matches = [
        {"rule_id": match.rule_id, "reason_code": match.reason_code, "reason": match.reason} for match in result.matches
    ]
    errors = [
        {"rule_id": error.rule_id, "code": error.code, "field": error.field, "message": error.message}
        for error in result.errors
    ]
    return {
        "status": result.status.name,
        "value": json_form(result.value) if result.status is Status.MATCHED else None,
        "by_otherwise": result.by_otherwise,
        "matches": matches,
        "errors": errors,
    }


def _show(output: Output, result: Result) -> None:
    if output.json:
        output.line(result_json(result))
        return
    if result.status is Status.MATCHED:
        by = " [dim](nothing matched; this is what holds otherwise)[/]" if result.by_otherwise else ""
        output.console.print(f"[bold green]{escape(text_of(json_form(result.value)))}[/]{by}", soft_wrap=True)
    elif result.status is Status.NO_MATCH:
        output.console.print("[yellow]nothing matched[/]")
    else:
        output.console.print("[bold red]the decision failed[/]")
    for match in result.matches:
        parts = [f"[bold]{escape(match.rule_id)}[/]", escape(match.reason_code), escape(match.reason)]
        output.console.print("  " + "  ".join(part for part in parts if part), soft_wrap=True)
    for error in result.errors:
        where = f"{error.rule_id} {error.field}".strip()
        output.console.print(f"  [red]{escape(where)}: {escape(error.message)}[/]", soft_wrap=True)
