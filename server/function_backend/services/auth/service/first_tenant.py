"""The tenant that an installation begins with."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.permission import EVERYTHING
from function_backend.services.auth.errors.tenant import TenantNameTakenError
from function_backend.services.auth.service.tenants import make_tenant

DEFAULT_TENANT = "default"

_SYSTEM = UUID(int=0)


def ensure_default_tenant(transactions: Transactions, clock: Clock) -> str | None:
    """The secret of the administrator's key when the tenant was just created; None when it was there already.

    The key may do everything, other tenants included. Several processes may ask at once: one of them gets the secret.
    """
    # The tenant is made inside the database function; the records of its making go to a chain of the installation.
    principal = Principal("system", _SYSTEM, _SYSTEM, PermissionSet(frozenset({EVERYTHING})))
    token = current_call.set(Call("function-backend/first-start", str(new_id()), principal=principal))
    try:
        with transactions() as work:
            made = make_tenant(
                work,
                name=DEFAULT_TENANT,
                display_name="",
                permissions=frozenset({EVERYTHING}),
                clock=clock,
            )
    except TenantNameTakenError:
        return None
    finally:
        current_call.reset(token)
    return made.secret
