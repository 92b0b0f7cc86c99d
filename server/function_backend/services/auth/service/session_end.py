"""Ending the sessions of somebody whose password or second factor has changed."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork


class SessionEnd(Protocol):
    """Ends sessions of users."""

    def end_all(self, work: UnitOfWork, user_id: UUID, *, except_for: UUID | None = None) -> None:
        """Ends every session of the user, but for one, in the transaction."""


class NoSessions:
    """Where there are no sessions."""

    def end_all(self, work: UnitOfWork, user_id: UUID, *, except_for: UUID | None = None) -> None:
        """Nothing to end."""
        del work, user_id, except_for
