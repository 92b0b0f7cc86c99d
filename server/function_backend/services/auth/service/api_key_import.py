"""Taking over the keys of another system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import FieldViolation, ServiceError, invalid_fields
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.api_key import ApiKey, ForeignKey
from function_backend.services.auth.domain.key_text import PREFIX
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.errors.api_key import ApiKeyDigestTakenError
from function_backend.services.auth.events.api_key import ApiKeyImported
from function_backend.services.auth.repository.api_key import ApiKeyRepository
from function_backend.services.auth.service.granting import (
    KeyOwners,
    require_future,
    require_known,
)
from function_backend.services.auth.service.guards import refuse_escalation

FOREIGN_PREFIX_TOPIC = "auth_key_prefix"
"""The topic under which workers hear how imported keys begin; the text is the prefix."""

_RESERVED = (PREFIX, "eyJ")
"""How credentials of other kinds begin."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of a row: a key, or why there is none."""

    api_key: ApiKey | None = None
    failure: ServiceError | None = None


class ApiKeyImport:
    """Stores keys by their hash."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        catalogue: PermissionCatalogue,
        owners: KeyOwners,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._catalogue = catalogue
        self._owners = owners

    def store(self, rows: Sequence[ForeignKey]) -> list[ImportOutcome]:
        """One outcome for each row, in their order; good rows are stored whatever becomes of the others."""
        with self._transactions() as work:
            outcomes = [self._outcome(work, number, row) for number, row in enumerate(rows)]
            prefixes = {outcome.api_key.foreign_prefix for outcome in outcomes if outcome.api_key is not None}
            for prefix in sorted(prefixes):
                work.notify(FOREIGN_PREFIX_TOPIC, prefix)
        return outcomes

    def _outcome(self, work: UnitOfWork, number: int, row: ForeignKey) -> ImportOutcome:
        try:
            self._check(work, row)
        except ServiceError as failure:
            return ImportOutcome(failure=failure)
        principal, wish = work.call.principal, row.wish
        api_key = ApiKey(
            id=new_id(),
            tenant_id=work.tenant_id,
            display_name=wish.display_name,
            permissions=frozenset(wish.permissions),
            rate_limit_per_second=wish.rate_limit_per_second,
            created_at=self._clock.now(),
            creator="" if principal is None else principal.actor,
            expires_at=wish.expires_at,
            owner=wish.owner,
            max_calls_per_day=wish.max_calls_per_day,
            foreign_prefix=row.prefix,
        )
        if not ApiKeyRepository(work).add(api_key, digest=row.digest):
            return ImportOutcome(failure=ApiKeyDigestTakenError(number))
        work.record(ApiKeyImported.of(api_key))
        return ImportOutcome(api_key=api_key)

    def _check(self, work: UnitOfWork, row: ForeignKey) -> None:
        """Raises what is wrong with the row. It must not fail in the database: that would undo the other rows."""
        if row.prefix.startswith(_RESERVED) or any(own.startswith(row.prefix) for own in _RESERVED):
            raise invalid_fields(FieldViolation("prefix", "is how credentials of this service begin"))
        require_known(row.wish.permissions, self._catalogue)
        require_future(row.wish.expires_at, self._clock.now())
        refuse_escalation(work.call.principal, row.wish.permissions)
        self._owners.require(work, row.wish.owner)
