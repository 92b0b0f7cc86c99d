"""`function-backend tenants`: tenants of the installation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import SecretFile, cell, show, show_secret
from function_backend_cli.moments import shown
from function_backend_cli.names import is_id, nearest
from function_backend_cli.tenant_settings import assign
from function_backend_client import Tenant

app = application("Create, list, suspend, export and delete tenants, and change their settings.")

_SEARCHED = 1000
_Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="Id or name.")]


@app.command()
@remote
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="A short unique name: a to z, 0 to 9 and hyphens.")],
    display_name: Annotated[str, typer.Option("--display-name", help="The name as people read it.")] = "",
    secret_file: SecretFile = None,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")] = False,
) -> None:
    """Create a tenant and its administrator's key, whose secret is printed this once."""
    created = session.client.tenants.create(name, display_name=display_name, validate_only=validate_only)
    if secret_file is not None:
        what = "The secret of its administrator's key"
        show_secret(session, created, created.secret, of=created.tenant, what=what, file=secret_file)
        return
    if session.output.json:
        session.output.message(created)
        return
    session.output.fields(_details(created.tenant))
    if created.secret:
        session.output.say("\nThe secret of its administrator's key, shown now and never again:\n")
        session.output.say(f"  {created.secret}")


@app.command()
@remote
def get(
    session: Session,
    tenant_id: Annotated[str, typer.Argument(metavar="[ID]", help="The tenant's id; your own without one.")] = "",
) -> None:
    """Print a tenant."""
    tenant = session.client.tenants.get(tenant_id)
    if session.output.json:
        session.output.message(tenant)
    else:
        session.output.fields(_details(tenant))


@app.command("list")
@remote
def list_tenants(
    session: Session, limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100
) -> None:
    """Print all tenants."""
    tenants = itertools.islice(session.client.tenants.list(), limit)
    if session.output.json:
        for tenant in tenants:
            session.output.message(tenant)
        return
    session.output.table(
        ("Id", "Name", "Display name", "Created"),
        ((tenant.id, tenant.name, tenant.display_name, shown(tenant.create_time)) for tenant in tenants),
        empty="No tenants.",
    )


@app.command()
@remote
def suspend(session: Session, tenant: _Tenant) -> None:
    """Refuse every credential of a tenant and those below it, within a second, until `resume`."""
    show(session, session.client.tenants.suspend(_id(session, tenant)))


@app.command()
@remote
def resume(session: Session, tenant: _Tenant) -> None:
    """Let a suspended tenant in again."""
    show(session, session.client.tenants.resume(_id(session, tenant)))


@app.command()
@remote
def settings(
    session: Session,
    tenant: Annotated[str, typer.Argument(metavar="[TENANT]", help="Id or name; your own without one.")] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Such as session_idle_lifetime=8h. Give it again for more."),
    ] = None,
) -> None:
    """Print the settings that count for a tenant, its parents' included, or change its own."""
    tenants = session.client.tenants
    found = tenants.get(_id(session, tenant) if tenant else "")
    if set_:
        changed = Tenant(id=found.id, etag=found.etag)
        fields = assign(changed.settings, set_)
        found = tenants.update(changed, fields=fields)
    show(session, found.effective_settings)


@app.command()
@remote
def export(session: Session, tenant: _Tenant) -> None:
    """Print everything that is kept of a tenant as JSON lines, without secrets."""
    for batch in session.client.tenants.export(_id(session, tenant)):
        for record in batch.records:
            session.output.line({"type": record.type, "id": record.id, "record": json.loads(record.json)})


@app.command()
@remote
def delete(
    session: Session,
    tenant: _Tenant,
    name: Annotated[str, typer.Option("--name", help="Its name once more, so that it is the right one.")],
) -> None:
    """Delete a tenant for good: its secrets cannot be read again by anybody."""
    show(session, session.client.tenants.delete(_id(session, tenant), name))


def _id(session: Session, text: str) -> str:
    if is_id(text):
        return text
    known = {found.name: found.id for found in itertools.islice(session.client.tenants.list(), _SEARCHED)}
    if text in known:
        return known[text]
    raise ValueError(f"there is no tenant {text!r}{nearest(text, known)}")


def _details(tenant: Tenant) -> Iterable[tuple[str, str]]:
    yield "Id", tenant.id
    yield "Name", tenant.name
    yield "Display name", tenant.display_name
    yield "Parent", tenant.parent_id
    yield "State", cell(tenant, "state")
    yield "Created", shown(tenant.create_time)
