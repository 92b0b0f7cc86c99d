"""What migrations do to more than one table: row-level security, and functions that look past it.

A migration that has run somewhere is never changed, so neither is what these functions write; a new wish is a new
function.
"""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import APP, DEFINER, OWNER

_TENANT = "tenant_id = current_setting('app.tenant_id')::uuid"


def protect(table: str, *, app: str, definer: str = "") -> None:
    """Forces row-level security on a table with a `tenant_id`, and grants what each role needs.

    `app` and `definer` are privileges such as `select, insert`. The tenant comes from the transaction's setting for all
    roles; without the setting every access fails.
    """
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    # The plain form of current_setting: as a sub-select it becomes an InitPlan and blocks parallel plans.
    op.execute(
        f"create policy {table}_tenant on {table} to {OWNER}, {APP}, {DEFINER} using ({_TENANT}) with check ({_TENANT})"
    )
    if app:
        op.execute(f"grant {app} on {table} to {APP}")
    if definer:
        op.execute(f"grant {definer} on {table} to {DEFINER}")


def protect_except_for_definer(table: str, *, app: str, definer: str) -> None:
    """As `protect`, but the definer's functions see the rows of all tenants: for questions before a tenant is known."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy {table}_tenant on {table} to {OWNER}, {APP} using ({_TENANT}) with check ({_TENANT})")
    op.execute(f"create policy {table}_definer on {table} to {DEFINER} using (true) with check (true)")
    if app:
        op.execute(f"grant {app} on {table} to {APP}")
    op.execute(f"grant {definer} on {table} to {DEFINER}")


def definer_function(signature: str, definition: str) -> None:
    """Creates a SECURITY DEFINER function that `function_backend_app` may call.

    `signature` is name and argument types, such as `find_key(bytea)`; `definition` the whole CREATE FUNCTION statement
    without the SECURITY and SET clauses, with `{definer}` where they go. The search path is fixed: whoever could place
    an object earlier in it would run code with the definer's rights.
    """
    op.execute(f"grant create on schema public to {DEFINER}")
    op.execute(f"set local role {DEFINER}")
    op.execute(definition.replace("{definer}", "security definer set search_path = pg_catalog, public, pg_temp"))
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to {APP}")
    op.execute(f"set local role {OWNER}")
    # The definer's right to create came from the owner's grant and goes with it.
    op.execute(f"revoke create on schema public from {DEFINER}")


def owner_function(signature: str, definition: str) -> None:
    """As `definer_function`, for what only the owner of the tables may do: making and dropping partitions.

    `definition` has `{owner}` where the SECURITY and SET clauses go. A lock that is not to be had soon is given up, so
    that nobody who writes waits behind it. Row-level security is forced on the owner: such a function sees no rows.
    """
    settings = "security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '500ms'"
    op.execute(definition.replace("{owner}", settings))
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to {APP}")
