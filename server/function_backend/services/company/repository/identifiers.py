"""Looking companies up by their identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.persistence import arrays
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.repository.keys import StoredKey

_OWNERS_SQL = """
    select i.scheme, i.value, i.scope, i.company_id
    from unnest(%b::text[], %b::text[], %b::text[]) as k (scheme, value, scope)
    join company_identifier i
        on i.tenant_id = %b and i.scheme = k.scheme and i.value = k.value and i.scope = k.scope
"""
_BEARERS_SQL = """
    select i.value, i.company_id from company_identifier i
    where i.tenant_id = %b and i.scheme = %b::text and i.value = any(%b::text[])
"""


class IdentifierIndex:
    """Finds who has an identifier; identifiers of deleted companies count."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find_owners(self, keys: Sequence[StoredKey]) -> dict[StoredKey, UUID]:
        """The company of each unique key that has one."""
        parameters = (
            arrays.texts([key.scheme for key in keys]),
            arrays.texts([key.value for key in keys]),
            arrays.texts([key.scope for key in keys]),
            self._work.tenant_id,
        )
        rows = self._work.driver.execute(_OWNERS_SQL, parameters)
        return {StoredKey(scheme, value, scope, is_unique=True): owner for scheme, value, scope, owner in rows}

    def find_bearers(self, scheme: str, values: Sequence[str]) -> dict[str, list[UUID]]:
        """The companies that have each value of a scheme whose values may be shared."""
        bearers: dict[str, list[UUID]] = {}
        for value, company_id in self._work.driver.execute(
            _BEARERS_SQL, (self._work.tenant_id, scheme, arrays.texts(values))
        ):
            bearers.setdefault(value, []).append(company_id)
        return bearers
