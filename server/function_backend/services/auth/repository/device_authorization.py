"""Storing and finding devices that wait for a person to let them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from function_backend.services.auth.domain.device_authorization import DeviceAuthorization, DeviceState
from function_backend.services.auth.tables.device_authorization import device_authorization_table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_device = device_authorization_table.c

_PLACE_SQL = "select tenant_id, id, tenant_is_active from find_device_authorization(%s)"
_TENANT_SQL = "select find_active_tenant(%s)"


@dataclass(frozen=True, slots=True)
class DevicePlace:
    """Where the request of a device is stored."""

    tenant_id: UUID
    id: UUID
    tenant_is_active: bool


def find_device_place(driver: Driver, digest: bytes) -> DevicePlace | None:
    """Where the request with this device code is stored, whatever the tenant."""
    row = driver.execute(_PLACE_SQL, (digest,)).fetchone()
    return None if row is None else DevicePlace(*row)


def find_active_tenant(driver: Driver, name: str) -> UUID | None:
    """The tenant of this name; None also when it is suspended."""
    row = driver.execute(_TENANT_SQL, (name,)).fetchone()
    return None if row is None else row[0]


class DeviceAuthorizationRepository:
    """The requests of devices of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, device: DeviceAuthorization, *, digest: bytes) -> bool:
        """Stores a new request; False when its user code is taken."""
        statement = (
            upsert(device_authorization_table)
            .values(
                tenant_id=self._work.tenant_id,
                id=device.id,
                digest=digest,
                user_code=device.user_code,
                client_id=device.client_id,
                scopes=sorted(device.scopes),
                audience=list(device.audience),
                address=device.address,
                created_at=device.created_at,
                expires_at=device.expires_at,
                poll_interval=device.poll_interval,
                state=device.state.value,
            )
            .on_conflict_do_nothing(constraint="device_authorization_user_code_key")
            .returning(_device.id)
        )
        return self._work.connection.execute(statement).first() is not None

    def count_waiting(self, *, at: datetime) -> int:
        """How many requests of the tenant have not expired."""
        query = select(func.count()).where(_device.tenant_id == self._work.tenant_id, _device.expires_at > at)
        return int(self._work.connection.execute(query).scalar_one())

    def find_by_user_code(self, user_code: str) -> DeviceAuthorization | None:
        """The request that shows this code."""
        query = select(device_authorization_table).where(
            _device.tenant_id == self._work.tenant_id, _device.user_code == user_code
        )
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def find_by_user_code_for_update(self, user_code: str) -> DeviceAuthorization | None:
        """The request that shows this code, which nobody else changes until the transaction ends."""
        query = select(device_authorization_table).where(
            _device.tenant_id == self._work.tenant_id, _device.user_code == user_code
        )
        row = self._work.connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else _read(row)

    def find_for_update(self, device_id: UUID) -> DeviceAuthorization | None:
        """The request, which nobody else changes until the transaction ends."""
        query = select(device_authorization_table).where(
            _device.tenant_id == self._work.tenant_id, _device.id == device_id
        )
        row = self._work.connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else _read(row)

    def save(self, device: DeviceAuthorization) -> None:
        """Stores what can change of a request."""
        self._work.connection.execute(
            update(device_authorization_table)
            .where(_device.tenant_id == self._work.tenant_id, _device.id == device.id)
            .values(
                scopes=sorted(device.scopes),
                poll_interval=device.poll_interval,
                polled_at=device.polled_at,
                state=device.state.value,
                user_id=device.user_id,
                authentication_methods=sorted(device.authentication_methods),
                authenticated_at=device.authenticated_at,
                decided_at=device.decided_at,
            )
        )


def _read(row: Row[Any]) -> DeviceAuthorization:
    return DeviceAuthorization(
        id=row.id,
        tenant_id=row.tenant_id,
        user_code=row.user_code,
        client_id=row.client_id,
        scopes=frozenset(row.scopes),
        audience=tuple(row.audience),
        address=row.address,
        created_at=row.created_at,
        expires_at=row.expires_at,
        poll_interval=row.poll_interval,
        polled_at=row.polled_at,
        state=DeviceState(row.state),
        user_id=row.user_id,
        authentication_methods=frozenset(row.authentication_methods or ()),
        authenticated_at=row.authenticated_at,
        decided_at=row.decided_at,
    )
