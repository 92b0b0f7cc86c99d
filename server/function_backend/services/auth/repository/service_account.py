"""Storing and finding service accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.auth.domain.card import Card
from function_backend.services.auth.domain.service_account import ServiceAccount, ServiceAccountState
from function_backend.services.auth.errors.service_account import ServiceAccountNameTakenError
from function_backend.services.auth.repository.rows import page_by_id
from function_backend.services.auth.tables.service_account import service_account_table

if TYPE_CHECKING:
    from sqlalchemy import Insert, Row, Select, Update

    from function_backend.persistence.unit_of_work import UnitOfWork

_account = service_account_table.c


class ServiceAccountRepository:
    """The service accounts of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, account: ServiceAccount) -> None:
        """Stores a new one; ServiceAccountNameTakenError when another one has its name."""
        values = {"tenant_id": self._work.tenant_id, "id": account.id, "created_at": account.created_at}
        self._write(insert(service_account_table).values(**values, **_values(account)), account)

    def save(self, account: ServiceAccount) -> None:
        """Stores it as it is now; ServiceAccountNameTakenError when another one has its name."""
        mine = (_account.tenant_id == self._work.tenant_id, _account.id == account.id)
        self._write(update(service_account_table).where(*mine).values(_values(account)), account)

    def delete(self, account_id: UUID) -> None:
        """Deletes it."""
        self._work.connection.execute(
            delete(service_account_table).where(_account.tenant_id == self._work.tenant_id, _account.id == account_id)
        )

    def find(self, account_id: UUID) -> ServiceAccount | None:
        """The service account."""
        return self._one(self._select().where(_account.id == account_id))

    def find_for_update(self, account_id: UUID) -> ServiceAccount | None:
        """The service account, which nobody else changes until the transaction ends."""
        return self._one(self._select().where(_account.id == account_id).with_for_update())

    def existing(self, account_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids that exist, which nobody deletes until the transaction ends."""
        query = (
            select(_account.id)
            .where(_account.tenant_id == self._work.tenant_id, _account.id.in_(set(account_ids)))
            .order_by(_account.id)
            .with_for_update(read=True, key_share=True)
        )
        return {row.id for row in self._work.connection.execute(query)}

    def list_after(
        self, after: UUID | None, *, limit: int, states: Collection[ServiceAccountState]
    ) -> Page[ServiceAccount]:
        """The service accounts that follow the id, in order of id; of any state when none is named."""
        query = self._select()
        if states:
            query = query.where(_account.state.in_([state.value for state in states]))
        return page_by_id(
            self._work, query, _account.id, after=after, limit=limit, read=_read, id_of=lambda account: account.id
        )

    def _select(self) -> Select[Any]:
        return select(service_account_table).where(_account.tenant_id == self._work.tenant_id)

    def _one(self, query: Select[Any]) -> ServiceAccount | None:
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def _write(self, statement: Insert | Update, account: ServiceAccount) -> None:
        try:
            self._work.connection.execute(statement)
        except IntegrityError as error:
            if violated_constraint(error) == "service_account_name_key":
                raise ServiceAccountNameTakenError(account.card.name) from error
            raise


def _values(account: ServiceAccount) -> dict[str, Any]:
    card = account.card
    return {
        "version": account.version,
        "name": card.name,
        "display_name": card.display_name,
        "description": card.description,
        "state": account.state.value,
        "labels": dict(card.labels),
        "updated_at": account.updated_at,
    }


def _read(row: Row[Any]) -> ServiceAccount:
    return ServiceAccount(
        id=row.id,
        version=row.version,
        card=Card(name=row.name, display_name=row.display_name, description=row.description, labels=row.labels),
        state=ServiceAccountState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
