"""Storing and finding imports and exports, with what they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import orjson
from sqlalchemy import delete, insert, select, update

from function_backend.services.company.domain.importing import ImportPlan, ImportRejection
from function_backend.services.company.domain.transfer import ExportPlan, PartKind, Transfer
from function_backend.services.company.tables import transfer_part_table, transfer_table

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_transfer = transfer_table.c
_part = transfer_part_table.c
_PLANS: dict[str, type[ImportPlan | ExportPlan]] = {"import": ImportPlan, "export": ExportPlan}
_KINDS = {plan: kind for kind, plan in _PLANS.items()}

# On the psycopg connection: Core takes half as long again for each part.
_ADD_PART_SQL = """
    insert into company_transfer_part (tenant_id, transfer_id, kind, number, content) values (%s, %s, %s, %s, %b)
"""


class TransferRepository:
    """The imports and exports of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, transfer: Transfer) -> None:
        """Stores a new one."""
        self._work.connection.execute(
            insert(transfer_table).values(
                tenant_id=self._work.tenant_id,
                id=transfer.id,
                kind=_KINDS[type(transfer.plan)],
                plan=asdict(transfer.plan),
                row_count=transfer.row_count,
                part_count=transfer.part_count,
                creator=transfer.creator,
                created_at=transfer.created_at,
                expires_at=transfer.expires_at,
            )
        )

    def find(self, transfer_id: UUID) -> Transfer | None:
        """The one with the id."""
        query = select(transfer_table).where(_transfer.tenant_id == self._work.tenant_id, _transfer.id == transfer_id)
        row = self._work.connection.execute(query).one_or_none()
        if row is None:
            return None
        return Transfer(
            id=row.id,
            plan=_PLANS[row.kind](**row.plan),
            row_count=row.row_count,
            part_count=row.part_count,
            creator=row.creator,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def open_ids(self) -> Sequence[UUID]:
        """Those that were not seen to be over; their jobs may be."""
        query = select(_transfer.id).where(_transfer.tenant_id == self._work.tenant_id, _transfer.ended_at.is_(None))
        return self._work.connection.execute(query).scalars().all()

    def uploaded(self, transfer_id: UUID, *, row_count: int, part_count: int) -> None:
        """Stores what has arrived."""
        self._change(transfer_id, row_count=row_count, part_count=part_count)

    def end(self, transfer_id: UUID, *, at: datetime, expires_at: datetime) -> None:
        """Stores that it is over."""
        self._change(transfer_id, ended_at=at, expires_at=expires_at)

    def remove(self, transfer_id: UUID) -> None:
        """Removes it with its parts."""
        self._work.connection.execute(
            delete(transfer_table).where(_transfer.tenant_id == self._work.tenant_id, _transfer.id == transfer_id)
        )

    def add_part(self, transfer_id: UUID, kind: PartKind, number: int, content: bytes) -> None:
        """Stores a part."""
        self._work.driver.execute(_ADD_PART_SQL, (self._work.tenant_id, transfer_id, kind.value, number, content))

    def find_part(self, transfer_id: UUID, kind: PartKind, *, at_least: int) -> tuple[int, bytes] | None:
        """The first part of the kind from the number on, with its number; None when there is none."""
        query = (
            select(_part.number, _part.content)
            .where(
                _part.tenant_id == self._work.tenant_id,
                _part.transfer_id == transfer_id,
                _part.kind == kind.value,
                _part.number >= at_least,
            )
            .order_by(_part.number)
            .limit(1)
        )
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else (row.number, bytes(row.content))

    def remove_part(self, transfer_id: UUID, kind: PartKind, number: int) -> None:
        """Removes a part."""
        self._work.connection.execute(
            delete(transfer_part_table).where(
                _part.tenant_id == self._work.tenant_id,
                _part.transfer_id == transfer_id,
                _part.kind == kind.value,
                _part.number == number,
            )
        )

    def add_rejections(self, transfer_id: UUID, number: int, rejections: Sequence[ImportRejection]) -> None:
        """Stores the rejected rows of the batch with the number."""
        content = orjson.dumps([[item.row, item.reason, item.field, item.description] for item in rejections])
        self.add_part(transfer_id, PartKind.REJECTIONS, number, content)

    def find_rejections(self, transfer_id: UUID, *, at_least: int) -> tuple[int, list[ImportRejection]] | None:
        """The rejected rows of the first batch that has some, from the number on, with its number."""
        found = self.find_part(transfer_id, PartKind.REJECTIONS, at_least=at_least)
        return None if found is None else (found[0], [ImportRejection(*item) for item in orjson.loads(found[1])])

    def _change(self, transfer_id: UUID, **values: object) -> None:
        self._work.connection.execute(
            update(transfer_table)
            .where(_transfer.tenant_id == self._work.tenant_id, _transfer.id == transfer_id)
            .values(**values)
        )


def purge_transfers(driver: Driver, expired_before: datetime, *, at_most: int = 10) -> int:
    """Deletes transfers of all tenants whose time was over by then, and uploads that broke off; how many."""
    row = driver.execute("select purge_company_transfers(%s, %s)", (expired_before, at_most)).fetchone()
    return 0 if row is None else int(row[0])
