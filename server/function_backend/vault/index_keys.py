"""The index keys of tenants, by which blind indexes are made: one root for each tenant, sealed under its data key.

Of the root, HKDF-SHA-256 (RFC 5869) derives a key for each index. The root stays when data keys are rotated, and is
sealed anew like everything else: so no index changes, and a unique constraint over it holds at every moment. It goes
with the data keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, ForeignKeyConstraint, LargeBinary, Table, select
from sqlalchemy.dialects.postgresql import insert

from function_backend.cache.local import LocalCache
from function_backend.persistence.metadata import metadata, moment_column, tenant_column
from function_backend.vault.errors import SecretLostError

if TYPE_CHECKING:
    from function_backend.kernel.clock import Clock
    from function_backend.persistence.field_cipher import FieldCipher
    from function_backend.persistence.unit_of_work import UnitOfWork

BLIND_MARK = "~"
"""What a blind index begins with, so that it is told from a value that was stored before it was sealed."""
BLIND_BYTES = 16
"""How much of the HMAC is kept: 128 bits, so that two values of one tenant never meet by chance."""

_KEY_BYTES = 32
_INFO = b"function-backend blind index 1\0"
_REMEMBERED_KEYS = 2000
_REMEMBERED_SECONDS = 300.0

tenant_index_key_table = Table(
    "tenant_index_key",
    metadata,
    tenant_column(),
    Column("sealed_key", LargeBinary, nullable=False),
    moment_column("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="tenant_index_key_tenant_id_fkey"),
)

_row = tenant_index_key_table.c


class IndexKeys:
    """Finds, makes and remembers the index keys of tenants."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._derived: LocalCache[tuple[UUID, str], bytes] = LocalCache(size=_REMEMBERED_KEYS, ttl=_REMEMBERED_SECONDS)

    def find(self, work: UnitOfWork, fields: FieldCipher, index: str) -> bytes | None:
        """The key of the index; None when the tenant has none yet."""
        known = self._derived.get((work.tenant_id, index))
        if known is not None:
            return known
        root = self._root(work, fields)
        if root is None:
            return None
        key = derived_key(root, index)
        self._derived.put((work.tenant_id, index), key)
        return key

    def make(self, work: UnitOfWork, fields: FieldCipher) -> bytes:
        """A root for the tenant that had none; not remembered, because the transaction may yet be rolled back."""
        sealed = fields.seal(secrets.token_bytes(_KEY_BYTES), purpose=root_purpose(work.tenant_id))
        # Two transactions may be the first: the second waits here, and then finds the root of the first.
        work.connection.execute(
            insert(tenant_index_key_table)
            .values(tenant_id=work.tenant_id, sealed_key=sealed, created_at=self._clock.now())
            .on_conflict_do_nothing()
        )
        root = self._root(work, fields)
        if root is None:
            raise SecretLostError
        return root

    def forget(self) -> None:
        """Drops the keys that are held in memory."""
        self._derived.clear()

    def _root(self, work: UnitOfWork, fields: FieldCipher) -> bytes | None:
        query = select(_row.sealed_key).where(_row.tenant_id == work.tenant_id)
        row = work.connection.execute(query).one_or_none()
        return None if row is None else fields.open(bytes(row.sealed_key), purpose=root_purpose(work.tenant_id))


def root_purpose(tenant_id: UUID | str) -> str:
    """What the root of a tenant is sealed for."""
    return f"tenant_index_key.sealed_key:{tenant_id}"


def derived_key(root: bytes, index: str) -> bytes:
    """The key of one index."""
    return HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=_INFO + index.encode()).derive(root)


def blind_index(key: bytes, value: str) -> str:
    """The blind index of a normalised value."""
    digest = hmac.new(key, value.encode(errors="surrogatepass"), hashlib.sha256).digest()[:BLIND_BYTES]
    return BLIND_MARK + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
