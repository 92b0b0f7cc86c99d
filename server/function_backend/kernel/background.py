"""Work that goes on without a call: carrying events away, delivering webhooks, running jobs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYSTEM = UUID(int=0)
_NOTHING = PermissionSet(frozenset())


class Background(Protocol):
    """Something that a slice does by itself, in each process that does background work.

    It must be safe in several processes at once, and survive the kill of any of them: what it takes on, it takes by a
    lease or a lock in the database.
    """

    @property
    def name(self) -> str:
        """What threads, logs and metrics call it, such as `webhooks`."""

    def start(self) -> None:
        """Begins; returns at once. Called once per process, after the fork, when the database has answered."""

    def end(self) -> None:
        """The process begins to end: nothing new is to be taken on. Returns at once."""

    def close(self) -> None:
        """Waits, a few seconds at most, for what still runs; the database can still be reached."""


@contextmanager
def acting_for(tenant_id: UUID, what: str, *, seconds: float | None = None) -> Iterator[Call]:
    """Within it, units of work are the tenant's, and what they record was done by the service itself.

    `what` stands in the audit record instead of a method, such as `function-backend/webhooks`. With `seconds`,
    statements stop when these are over, as they do at the deadline of a call. The caller may do nothing: a use case
    that asks for a permission refuses.
    """
    principal = Principal("system", _SYSTEM, tenant_id, _NOTHING)
    deadline = None if seconds is None else time.monotonic() + seconds
    call = Call(what, str(new_id()), deadline=deadline, principal=principal)
    token = current_call.set(call)
    try:
        yield call
    finally:
        current_call.reset(token)
