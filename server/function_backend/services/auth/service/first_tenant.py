"""The tenant that an installation begins with."""

from __future__ import annotations

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.permission import EVERYTHING
from function_backend.services.auth.errors.tenant import TenantNameTakenError
from function_backend.services.auth.service.system_call import as_system
from function_backend.services.auth.service.tenants import make_tenant

DEFAULT_TENANT = "default"


def ensure_default_tenant(transactions: Transactions, clock: Clock) -> str | None:
    """The secret of the administrator's key when the tenant was just created; None when it was there already.

    The key may do everything, other tenants included. Several processes may ask at once: one of them gets the secret.
    """
    # The tenant is made inside the database function; the records of its making go to a chain of the installation.
    try:
        with as_system("first-start"), transactions() as work:
            made = make_tenant(
                work,
                name=DEFAULT_TENANT,
                display_name="",
                permissions=frozenset({EVERYTHING}),
                clock=clock,
            )
    except TenantNameTakenError:
        return None
    return made.secret
