"""The log of revocations. It is read across tenants, so functions of the definer answer; use cases decide who may."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select

from function_backend.services.auth.domain.revocation import Revocation, RevocationPage

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_EPOCH_SQL = "select epoch from auth_epoch"
_LIST_SQL = "select tenant_id, epoch, kind, subject_id, revoked_at from list_revocations(%s, %s, %s)"
_HORIZON_SQL = "select forgotten_to from revocation_horizon"
_PURGE_SQL = "select purge_revocations(%s, %s)"


def log_revocation(work: UnitOfWork, *, tenant_id: UUID, epoch: int, kind: str, subject_id: UUID) -> None:
    """Writes a revocation of whatever tenant."""
    work.connection.execute(select(func.log_revocation(tenant_id, epoch, kind, subject_id)))


def read_revocations(driver: Driver, *, tenant_id: UUID | None, after: int, limit: int) -> RevocationPage:
    """What was revoked after the epoch, oldest first; of all tenants with None. With 0 only where the log ends now."""
    # First: what is committed between this and the next statement is in the list, and told twice at worst.
    (epoch,) = _one(driver, _EPOCH_SQL)
    if after <= 0:
        return RevocationPage(revocations=(), cursor=epoch)
    rows = driver.execute(_LIST_SQL, (tenant_id, after, limit + 1)).fetchall()
    # Last: what was forgotten after the list was read would be missing from it.
    (forgotten_to,) = _one(driver, _HORIZON_SQL)
    logged = [
        Revocation(epoch=row[1], kind=row[2], tenant_id=row[0], subject_id=row[3], revoked_at=row[4]) for row in rows
    ]
    found = [told for each in logged if (told := each.as_told_to(tenant_id)) is not None]
    more = len(found) > limit
    found = found[:limit]
    cursor = found[-1].epoch if more else max(epoch, found[-1].epoch if found else 0)
    # A cursor from the future is one of another database, such as before a restore.
    return RevocationPage(
        revocations=tuple(found), cursor=cursor, reset=after < forgotten_to or after > cursor, more=more
    )


def purge_revocations(driver: Driver, *, before: datetime, at_most: int = 1000) -> int:
    """Forgets the oldest revocations and says how many; safe to call from many workers."""
    (purged,) = _one(driver, _PURGE_SQL, (before, at_most))
    return purged


def _one(driver: Driver, statement: str, parameters: tuple[object, ...] = ()) -> tuple[int]:
    row = driver.execute(statement.encode(), parameters).fetchone()
    if row is None:
        raise RuntimeError("a statement that always has a row has none")
    return (int(row[0]),)
