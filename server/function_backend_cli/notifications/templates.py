"""Templates on the command line: written in files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf import json_format

from function.notifications.v1 import template_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show, show_all
from function_backend_cli.notifications.variables import Given, VariablesFile, variables_of
from function_backend_client import NotFoundError
from function_backend_rules.definitions.json_text import read_json
from function_backend_rules.definitions.nodes import MAX_SIZE, TextRefusedError
from function_backend_rules.definitions.scalars import ScalarRefusedError, struct_of
from function_backend_rules.definitions.yaml_text import read_yaml

templates = application("Write templates, see what they say, and go back through their versions.")

_COLUMNS = ("name", "language", "category", "version", "update_time", "author", "description")
_Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as invoice.due.")]
_Language = Annotated[str, typer.Argument(metavar="LANGUAGE", help="Such as de or de-AT.")]
_File = Annotated[Path, typer.Argument(metavar="FILE", help="The template as YAML or JSON; - reads it.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")]


@templates.command("list")
@remote
def list_templates(
    session: Session,
    prefix: Annotated[str, typer.Option("--prefix", help="Only those whose name begins so.")] = "",
    built_in: Annotated[bool, typer.Option("--built-in", help="The service's own instead.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100,
) -> None:
    """Print the templates of the tenant."""
    found = session.client.notifications.list_templates(name_prefix=prefix, built_in=built_in)
    show_all(session, found, _COLUMNS, empty="No templates.", limit=limit)


@templates.command()
@remote
def get(
    session: Session,
    name: _Name,
    language: _Language,
    version: Annotated[int, typer.Option("--version", min=0, help="Of this version; the latest when 0.")] = 0,
) -> None:
    """Print a template; as JSON it is a file that `put` takes."""
    show(session, session.client.notifications.get_template(name, language, version=version))


@templates.command()
@remote
def versions(session: Session, name: _Name, language: _Language) -> None:
    """Print the versions of a template, the latest first."""
    found = session.client.notifications.list_template_versions(name, language)
    show_all(session, found, ("version", "update_time", "author", "description"), empty="No versions.")


@templates.command()
@remote
def put(session: Session, file: _File, validate_only: _ValidateOnly = False) -> None:
    """Create the template of a file, or write another version of it where there is one."""
    wanted = _template(file)
    notifications = session.client.notifications
    try:
        there = notifications.get_template(wanted.name, wanted.language)
    except NotFoundError:
        there = template_pb2.Template(built_in=True)
    save = notifications.create_template if there.built_in else notifications.update_template
    show(session, save(wanted, validate_only=validate_only))


@templates.command()
@remote
def preview(
    session: Session,
    template: Annotated[str, typer.Argument(metavar="NAME|FILE", help="The name of a template, or a file of one.")],
    variable: Given = None,
    variables: VariablesFile = None,
    language: Annotated[str, typer.Option("--language", help="To write in, such as de-AT.")] = "",
) -> None:
    """Print what a template says with variables, and send nothing."""
    is_file = template == "-" or Path(template).suffix in {".yaml", ".yml", ".json"}
    answer = session.client.notifications.preview_template(
        name=None if is_file else template,
        template=_template(Path(template)) if is_file else None,
        language=language,
        variables=variables_of(variables, variable or ()),
    )
    if session.output.json:
        session.output.message(answer)
        return
    session.output.say(f"Subject: {answer.content.subject}\n\n{answer.content.text}")


@templates.command()
@remote
def delete(session: Session, name: _Name, language: _Language) -> None:
    """Delete a template with its versions; a built-in one of its name counts again."""
    session.client.notifications.delete_template(name, language)
    session.output.say("Deleted.")


def _template(file: Path) -> template_pb2.Template:
    try:
        text = sys.stdin.read(MAX_SIZE) if str(file) == "-" else file.read_text(encoding="utf-8")
        nodes = read_json(text) if file.suffix == ".json" else read_yaml(text)
        if len(nodes) != 1:
            raise ValueError(f"{file}: a file has one template, and there are {len(nodes)} documents")
        fields = json_format.MessageToDict(struct_of(nodes[0]))
        return json_format.ParseDict(fields, template_pb2.Template())
    except ScalarRefusedError as error:
        raise ValueError(f"{file}:{error.node.place.line}: {error.message}") from None
    except (OSError, UnicodeDecodeError, TextRefusedError, json_format.ParseError) as error:
        raise ValueError(f"{file}: the template cannot be read: {error}") from error
