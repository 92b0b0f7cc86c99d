"""Storing the second factors of users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql

from function_backend.services.auth.domain.totp import NEVER
from function_backend.services.auth.tables.user import user_recovery_code_table, user_totp_table

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_totp = user_totp_table.c
_code = user_recovery_code_table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTotp:
    """The secret of an authenticator app as it is stored."""

    sealed_secret: bytes = field(repr=False)
    confirmed_at: datetime | None
    last_step: int


class SecondFactorRepository:
    """The second factors of the users of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find_for_update(self, user_id: UUID) -> StoredTotp | None:
        """The secret of the user, confirmed or not; nobody else uses it until the transaction ends."""
        query = select(_totp.sealed_secret, _totp.confirmed_at, _totp.last_step).where(
            _totp.tenant_id == self._work.tenant_id, _totp.user_id == user_id
        )
        row = self._work.connection.execute(query.with_for_update()).one_or_none()
        if row is None:
            return None
        return StoredTotp(sealed_secret=row.sealed_secret, confirmed_at=row.confirmed_at, last_step=row.last_step)

    def find_confirmed_at(self, user_id: UUID) -> datetime | None:
        """Since when the second factor is on; None when it is not."""
        query = select(_totp.confirmed_at).where(_totp.tenant_id == self._work.tenant_id, _totp.user_id == user_id)
        return self._work.connection.execute(query).scalar_one_or_none()

    def enrol(self, user_id: UUID, sealed_secret: bytes, *, at: datetime) -> None:
        """Stores a secret that is yet to be confirmed, instead of an earlier one."""
        values = {"sealed_secret": sealed_secret, "created_at": at, "confirmed_at": None, "last_step": NEVER}
        self._work.connection.execute(
            postgresql.insert(user_totp_table)
            .values(tenant_id=self._work.tenant_id, user_id=user_id, **values)
            .on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_=values)
        )

    def confirm(self, user_id: UUID, *, at: datetime) -> None:
        """The secret counts from now on."""
        self._update(user_id, confirmed_at=at)

    def use_step(self, user_id: UUID, step: int) -> None:
        """No code of this step or an earlier one is good any more."""
        self._update(user_id, last_step=step)

    def remove(self, user_id: UUID) -> None:
        """Deletes secret and recovery codes."""
        self.replace_codes(user_id, ())
        self._work.connection.execute(
            delete(user_totp_table).where(_totp.tenant_id == self._work.tenant_id, _totp.user_id == user_id)
        )

    def replace_codes(self, user_id: UUID, digests: Iterable[bytes]) -> None:
        """Stores these recovery codes instead of those before."""
        self._work.connection.execute(
            delete(user_recovery_code_table).where(_code.tenant_id == self._work.tenant_id, _code.user_id == user_id)
        )
        rows = [{"tenant_id": self._work.tenant_id, "user_id": user_id, "digest": digest} for digest in digests]
        if rows:
            self._work.connection.execute(insert(user_recovery_code_table), rows)

    def use_code(self, user_id: UUID, digest: bytes) -> bool:
        """Deletes the recovery code; whether it was there."""
        gone = self._work.connection.execute(
            delete(user_recovery_code_table).where(
                _code.tenant_id == self._work.tenant_id, _code.user_id == user_id, _code.digest == digest
            )
        )
        return gone.rowcount == 1

    def count_codes(self, user_id: UUID) -> int:
        """How many recovery codes are left."""
        query = select(func.count()).where(_code.tenant_id == self._work.tenant_id, _code.user_id == user_id)
        return self._work.connection.execute(query).scalar_one()

    def _update(self, user_id: UUID, **values: object) -> None:
        self._work.connection.execute(
            update(user_totp_table)
            .where(_totp.tenant_id == self._work.tenant_id, _totp.user_id == user_id)
            .values(**values)
        )
