"""The words that open a transaction: for which tenant, for how long, as which role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.kernel.errors import CancelledError, DeadlineError
from function_backend.persistence.failures import MissingTenantError
from function_backend.persistence.position import POSITION_SQL

if TYPE_CHECKING:
    from datetime import timedelta

    from function_backend.kernel.call import Call


@dataclass(frozen=True, slots=True)
class Opening:
    """What every transaction of one call begins with. Nothing of it outlives the transaction, so poolers are safe."""

    tenant_id: UUID | None
    timeout_ms: int
    role_prefix: str
    minimum_position: int | None

    @classmethod
    def of(cls, call: Call | None, *, role_prefix: str, default_timeout: timedelta) -> Opening:
        """Reads tenant and deadline off the call, before anything is sent.

        Raises MissingTenantError without a tenant, DeadlineError and CancelledError when there is no use in beginning.
        """
        tenant_id = None if call is None else call.tenant_id
        if call is None or not isinstance(tenant_id, UUID):
            raise MissingTenantError
        return cls(tenant_id, _timeout_ms(call, default_timeout), role_prefix, call.minimum_position)

    @classmethod
    def without_tenant(cls, call: Call | None, *, role_prefix: str, default_timeout: timedelta) -> Opening:
        """As `of`, for a transaction in which every table refuses, since no tenant is set."""
        return cls(None, _timeout_ms(call, default_timeout), role_prefix, None)

    def begin(self, *, read_only: bool, ask_position: bool = False, snapshot: bool = False) -> bytes:
        """BEGIN with all of it in one message; optionally asks for the position of the server, as the last result.

        With `snapshot` all statements see the state that the first one saw.
        """
        mode = (" isolation level repeatable read" if snapshot else "") + (" read only" if read_only else "")
        question = f"; select {POSITION_SQL}" if ask_position else ""
        return f"begin{mode}; {self._settings()}{question}".encode()

    def around(self, statements: bytes) -> bytes:
        """The statements as one read-only transaction that ends by itself: one message, one answer."""
        return f"set local transaction_read_only = on; {self._settings()}; ".encode() + statements

    def _settings(self) -> str:
        tenant = "" if self.tenant_id is None else f"set local app.tenant_id = '{self.tenant_id}'; "
        return f"{self.role_prefix}{tenant}set local statement_timeout = {self.timeout_ms}"


def _timeout_ms(call: Call | None, default: timedelta) -> int:
    timeout = default.total_seconds()
    if call is not None:
        if call.ended:
            raise CancelledError("The caller cancelled the call.")
        remaining = call.remaining()
        if remaining is not None:
            if remaining <= 0:
                raise DeadlineError("The time ran out.", metadata={"remaining_ms": "0"})
            timeout = min(timeout, remaining)
    return max(1, int(timeout * 1000))
