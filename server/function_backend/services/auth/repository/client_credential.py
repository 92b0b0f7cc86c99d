"""Storing and finding the credentials of service accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.client_credential import ClientCredential, CredentialKind, UsableCredential
from function_backend.services.auth.tables.client_credential import client_credential_table, used_assertion_table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver
    from function_backend.services.auth.domain.client_assertion import ProvenAssertion

_credential = client_credential_table.c

# On the psycopg connection: asked for every token of a service account, before its tenant is known.
_FIND_USABLE_SQL = """
    select tenant_id, id, kind, digest, key_id, algorithm, public_jwk, last_used_at, tenant_is_active
    from find_client_credentials(%s, %s)
"""


def find_usable(driver: Driver, client_id: UUID, *, at: datetime) -> list[UsableCredential]:
    """What can prove that somebody is this client at this moment, whatever the tenant; the newest first."""
    return [
        UsableCredential(
            tenant_id=tenant_id,
            id=found_id,
            kind=CredentialKind(kind),
            digest=digest,
            key_id=key_id,
            algorithm=algorithm,
            public_jwk=public_jwk,
            last_used_at=last_used_at,
            tenant_is_active=tenant_is_active,
        )
        for (
            tenant_id,
            found_id,
            kind,
            digest,
            key_id,
            algorithm,
            public_jwk,
            last_used_at,
            tenant_is_active,
        ) in driver.execute(_FIND_USABLE_SQL, (client_id, at)).fetchall()
    ]


class ClientCredentialRepository:
    """The credentials of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, credential: ClientCredential, *, digest: bytes | None) -> None:
        """Stores a new credential; `digest` is that of a secret."""
        values = {
            "tenant_id": self._work.tenant_id,
            "id": credential.id,
            "client_id": credential.client_id,
            "kind": credential.kind.value,
            "digest": digest,
            "key_id": credential.key_id,
            "algorithm": credential.algorithm,
            "public_jwk": credential.public_jwk,
            "display_name": credential.display_name,
            "created_at": credential.created_at,
            "creator": credential.creator,
            "expires_at": credential.expires_at,
        }
        self._work.connection.execute(insert(client_credential_table).values(values))

    def find_for_update(self, credential_id: UUID) -> ClientCredential | None:
        """The credential, which nobody else changes until the transaction ends."""
        query = select(client_credential_table).where(
            _credential.tenant_id == self._work.tenant_id, _credential.id == credential_id
        )
        row = self._work.connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else _read(row)

    def count_usable(self, client_id: UUID, *, at: datetime) -> int:
        """How many credentials of the service account are good at this moment."""
        query = select(func.count()).where(
            _credential.tenant_id == self._work.tenant_id,
            _credential.client_id == client_id,
            _credential.revoked_at.is_(None),
            or_(_credential.expires_at.is_(None), _credential.expires_at > at),
        )
        return int(self._work.connection.execute(query).scalar_one())

    def list_after(
        self, client_id: UUID, after: UUID | None, *, limit: int, usable_at: datetime | None
    ) -> Page[ClientCredential]:
        """The credentials of the account that follow the id; with `usable_at` only those that work at that moment."""
        query = (
            select(client_credential_table)
            .where(_credential.tenant_id == self._work.tenant_id, _credential.client_id == client_id)
            .order_by(_credential.id)
            .limit(limit + 1)
        )
        if after is not None:
            query = query.where(_credential.id > after)
        if usable_at is not None:
            query = query.where(
                _credential.revoked_at.is_(None),
                or_(_credential.expires_at.is_(None), _credential.expires_at > usable_at),
            )
        found = [_read(row) for row in self._work.connection.execute(query)]
        more = len(found) > limit
        found = found[:limit]
        return Page(found, (str(found[-1].id),) if more else None)

    def revoke(self, credential: ClientCredential) -> None:
        """Stores the revocation."""
        self._set(credential.id, revoked_at=credential.revoked_at)

    def note_use(self, credential_id: UUID, *, at: datetime) -> None:
        """Stores when the credential was last used."""
        self._set(credential_id, last_used_at=at)

    def use_up(self, client_id: UUID, assertion: ProvenAssertion) -> bool:
        """Remembers that the assertion was used; False when it was used before."""
        values = {
            "tenant_id": self._work.tenant_id,
            "client_id": client_id,
            "digest": assertion.digest,
            "expires_at": assertion.expires_at,
        }
        statement = (
            upsert(used_assertion_table)
            .values(values)
            .on_conflict_do_nothing()
            .returning(used_assertion_table.c.digest)
        )
        return self._work.connection.execute(statement).first() is not None

    def _set(self, credential_id: UUID, **values: datetime | None) -> None:
        self._work.connection.execute(
            update(client_credential_table)
            .where(_credential.tenant_id == self._work.tenant_id, _credential.id == credential_id)
            .values(**values)
        )


def _read(row: Row[Any]) -> ClientCredential:
    return ClientCredential(
        id=row.id,
        tenant_id=row.tenant_id,
        client_id=row.client_id,
        kind=CredentialKind(row.kind),
        display_name=row.display_name,
        created_at=row.created_at,
        creator=row.creator,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        key_id=row.key_id,
        algorithm=row.algorithm,
        public_jwk=row.public_jwk,
    )
