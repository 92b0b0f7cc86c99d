"""`function-backend tenants`: tenants of the installation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.moments import shown
from function_backend_client import Tenant

app = application("Create and list tenants.")


@app.command()
@remote
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="A short unique name: a to z, 0 to 9 and hyphens.")],
    display_name: Annotated[str, typer.Option("--display-name", help="The name as people read it.")] = "",
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")] = False,
) -> None:
    """Create a tenant and its administrator's key, whose secret is printed this once."""
    created = session.client.tenants.create(name, display_name=display_name, validate_only=validate_only)
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


def _details(tenant: Tenant) -> Iterable[tuple[str, str]]:
    yield "Id", tenant.id
    yield "Name", tenant.name
    yield "Display name", tenant.display_name
    yield "Created", shown(tenant.create_time)
