"""`function-backend roles`: what callers may do in the caller's tenant."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from function.auth.v1 import role_binding_pb2, role_service_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import cell, show, show_all
from function_backend_cli.moments import Moment
from function_backend_cli.names import labels, nearest, role_id, role_subject

app = application("Create roles, bind them to users, service accounts and groups, and list the permissions there are.")

_Role = Annotated[str, typer.Argument(metavar="ROLE", help="Id or name.")]
_Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="Such as ann, service_account:billing or group:eng.")]
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")]
_On = Annotated[
    str, typer.Option("--on", metavar="TYPE[:ID]", help="Only resources of a type, such as company, or one of them.")
]
_Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Only resources that carry it; with --on.")
]


@app.command()
@remote
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="A short unique name.")],
    permission: Annotated[
        list[str] | None,
        typer.Option("--permission", "-p", help="Such as company.read or company.*. Give it again for more."),
    ] = None,
    inherit: Annotated[list[str] | None, typer.Option("--inherit", metavar="ROLE", help="A role it includes.")] = None,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Only for people who signed in with a second factor.")
    ] = False,
    max_age: Annotated[float | None, typer.Option("--max-age", metavar="MINUTES", help="… and so recently.")] = None,
    validate_only: _ValidateOnly = False,
) -> None:
    """Create a role."""
    _check_names(session, permission or [])
    role = role_service_pb2.RoleInput(
        name=name,
        description=description,
        permissions=permission or [],
        inherited_role_ids=[role_id(session, each) for each in inherit or ()],
    )
    if second_factor or max_age is not None:
        role.step_up.second_factor = second_factor
        if max_age is not None:
            role.step_up.max_age.FromTimedelta(dt.timedelta(minutes=max_age))
    show(session, session.client.roles.create(role, validate_only=validate_only))


@app.command()
@remote
def get(session: Session, role: _Role) -> None:
    """Print a role with all that it grants."""
    show(session, session.client.roles.get(role_id(session, role)))


@app.command("list")
@remote
def list_roles(session: Session, limit: _Limit = 100) -> None:
    """Print the roles, the built-in ones first."""
    columns = ("id", "name", "description", "built_in")
    show_all(session, session.client.roles.list(), columns, empty="No roles.", limit=limit)


@app.command()
@remote
def delete(
    session: Session,
    role: _Role,
    force: Annotated[bool, typer.Option("--force", help="Take it away from everybody first.")] = False,
) -> None:
    """Delete a role."""
    show(session, session.client.roles.delete(role_id(session, role), force=force))


@app.command()
@remote
def bind(
    session: Session,
    role: _Role,
    subject: _Subject,
    on: _On = "",
    label: _Labels = None,
    expires: Moment = None,
    network: Annotated[
        list[str] | None, typer.Option("--network", metavar="CIDR", help="Only for calls from there.")
    ] = None,
    second_factor: Annotated[bool, typer.Option("--second-factor", help="Only after a second factor.")] = False,
    reason: _Reason = "",
    validate_only: _ValidateOnly = False,
) -> None:
    """Grant a role, everywhere in the tenant or for some resources only."""
    condition = None
    if network or second_factor:
        condition = role_binding_pb2.RoleCondition(client_networks=network or [], second_factor=second_factor)
    show(
        session,
        session.client.bindings.create(
            role_id(session, role),
            role_subject(session, subject),
            scope=_scope(on, label or []),
            expire_time=expires,
            condition=condition,
            reason=reason,
            validate_only=validate_only,
        ),
    )


@app.command()
@remote
def unbind(
    session: Session,
    role: _Role,
    subject: Annotated[str | None, typer.Argument(metavar="SUBJECT", help="Who has it.")] = None,
    reason: _Reason = "",
) -> None:
    """Take a role away from somebody, or a single binding by its id alone: it counts nowhere within a second."""
    if subject is None:
        show(session, session.client.bindings.delete(role, reason=reason))
        return
    who = role_subject(session, subject)
    found = list(session.client.bindings.list(subject=who, role_id=role_id(session, role)))
    if not found:
        raise ValueError(f"{subject} does not have the role {role}")
    for binding in found:
        show(session, session.client.bindings.delete(binding.id, reason=reason))


@app.command()
@remote
def bindings(
    session: Session,
    role: Annotated[str, typer.Option("--role", help="Only to this role.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Only of this subject itself.")] = "",
    show_ended: Annotated[bool, typer.Option("--show-ended", help="Include expired and deleted ones.")] = False,
    limit: _Limit = 100,
) -> None:
    """Print who has which role, since when and why."""
    names = {} if session.output.json else {found.id: found.name for found in session.client.roles.list()}
    found = session.client.bindings.list(
        role_id=role_id(session, role) if role else "",
        subject=role_subject(session, subject) if subject else None,
        show_ended=show_ended,
    )
    if session.output.json:
        show_all(session, found, (), empty="", limit=limit)
        return
    rows = (
        (
            binding.id,
            names.get(binding.role_id, binding.role_id),
            cell(binding, "subject"),
            cell(binding, "scope"),
            cell(binding, "expire_time"),
            binding.granter,
            binding.reason,
        )
        for _, binding in zip(range(limit), found, strict=False)
    )
    session.output.table(
        ("Id", "Role", "Subject", "Scope", "Expires", "Granted by", "Reason"), rows, empty="No bindings."
    )


@app.command()
@remote
def permissions(
    session: Session,
    pattern: Annotated[str, typer.Argument(help="Only those that this grants, such as company.*.")] = "",
    limit: _Limit = 1000,
) -> None:
    """Print the permissions there are, and the built-in roles that carry them."""
    columns = ("name", "only_reads", "platform", "built_in_roles")
    found = session.client.permissions.list(pattern=pattern, page_size=min(limit, 1000))
    show_all(session, found, columns, empty="No permissions.", limit=limit)


def _scope(on: str, pairs: list[str]) -> role_binding_pb2.RoleScope | None:
    if not on:
        if pairs:
            raise ValueError("--label needs --on with the type of the resources")
        return None
    resource_type, _, resource_id = on.partition(":")
    return role_binding_pb2.RoleScope(resource_type=resource_type, resource_id=resource_id, labels=labels(pairs))


def _check_names(session: Session, wanted: list[str]) -> None:
    """Finds misspelt permissions before a role carries them: a role may name one that no method asks for."""
    plain = [name for name in wanted if "*" not in name]
    if not plain:
        return
    known = {found.name for found in session.client.permissions.list(page_size=1000)}
    branches = {name.rpartition(".")[0].partition(".")[0] for name in known}
    for name in plain:
        # Other services may have permissions of their own, which this one does not know.
        if name not in known and name.partition(".")[0] in branches:
            raise ValueError(f"there is no permission {name!r}{nearest(name, known)}")
