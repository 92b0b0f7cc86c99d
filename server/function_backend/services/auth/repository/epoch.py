"""The revocation epoch: a number that every worker looks at twice a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from function_backend.services.auth.tables.epoch import auth_epoch_table

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_COUNT_UP = update(auth_epoch_table).values(epoch=auth_epoch_table.c.epoch + 1).returning(auth_epoch_table.c.epoch)


def count_up(work: UnitOfWork) -> int:
    """The new epoch: every worker drops what it knows of credentials unless it has heard what this one was about.

    Nobody else counts it up before the commit, so the numbers come in the order of commits.
    """
    epoch: int = work.connection.execute(_COUNT_UP).scalar_one()
    return epoch
