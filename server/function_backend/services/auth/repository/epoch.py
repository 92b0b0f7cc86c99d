"""The revocation epoch: a number that every worker looks at twice a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from function_backend.services.auth.tables.epoch import auth_epoch_table

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork


def count_up(work: UnitOfWork) -> None:
    """Counts the epoch up: every worker drops what it knows of credentials, even one that hears no notifications."""
    work.connection.execute(update(auth_epoch_table).values(epoch=auth_epoch_table.c.epoch + 1))
