"""Answers kept for 24 hours, so that a repeated request gets the first one's answer instead of a second effect."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Uuid, false

from function_backend.persistence.failures import TransientConflictError
from function_backend.persistence.metadata import metadata, moment_column, tenant_column

if TYPE_CHECKING:
    from function_backend.kernel.clock import Clock
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

KEPT_FOR = timedelta(hours=24)

stored_answer_table = Table(
    "stored_answer",
    metadata,
    tenant_column(),
    Column("request_id", Uuid(), primary_key=True, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("response", LargeBinary, nullable=False),
    Column("sealed", Boolean, nullable=False),
    Column("under_data_key", Boolean, nullable=False, server_default=false()),
    moment_column("created_at"),
    moment_column("expires_at"),
    Index("stored_answer_expires_at_idx", "expires_at"),
)

# Who comes second waits at the primary key until the first has committed, and then changes nothing. On the psycopg
# connection: Core adds about 100 µs to a statement that every mutation with a request id runs.
_STORE_SQL = """
    insert into stored_answer as kept
        (tenant_id, request_id, digest, response, sealed, under_data_key, created_at, expires_at)
    values (%s, %s, %b, %b, %s, %s, %s, %s)
    on conflict (tenant_id, request_id) do update
    set digest = excluded.digest, response = excluded.response, sealed = excluded.sealed,
        under_data_key = excluded.under_data_key, created_at = excluded.created_at, expires_at = excluded.expires_at
    where kept.expires_at <= excluded.created_at
"""
_FIND_SQL = """
    select digest, response, sealed, under_data_key from stored_answer
    where tenant_id = %s and request_id = %s and expires_at > %s
"""

_KEY_BYTES = 32
_NONCE_BYTES = 12
_SEAL_PURPOSE = b"function-backend stored answer 1"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered, and what had been asked."""

    digest: bytes
    response: bytes


class AnswerTakenError(TransientConflictError):
    """The request id has an answer already, from a request that committed first; this transaction must not commit."""


class StoredAnswers:
    """The kept answers of the current call's tenant."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def store(
        self,
        work: UnitOfWork,
        request_id: UUID,
        digest: bytes,
        response: bytes,
        *,
        sealed: bool,
        sensitive: bool = False,
    ) -> None:
        """Keeps the answer with the transaction that made it true.

        `sealed` encrypts it under the caller's credential, so that the database never holds a secret it can read;
        `sensitive` under the tenant's data key, so that it is readable for as long as the tenant is.
        Raises AnswerTakenError when the request id has an answer.
        """
        now = self._clock.now()
        kept = response
        under_data_key = sensitive and not sealed
        if sealed:
            kept = _seal(work, request_id, digest, response)
        elif under_data_key:
            kept = work.fields.seal(response, purpose=_purpose(request_id))
        values = (work.tenant_id, request_id, digest, kept, sealed, under_data_key, now, now + KEPT_FOR)
        if work.driver.execute(_STORE_SQL, values).rowcount == 0:
            raise AnswerTakenError

    def find(self, work: UnitOfWork, request_id: UUID) -> StoredAnswer | None:
        """The kept answer; None when there is none, or when it was sealed for another credential."""
        row = work.driver.execute(_FIND_SQL, (work.tenant_id, request_id, self._clock.now()), binary=True).fetchone()
        if row is None:
            return None
        digest, response, sealed, under_data_key = row
        if under_data_key:
            return StoredAnswer(digest, work.fields.open(response, purpose=_purpose(request_id)))
        if not sealed:
            return StoredAnswer(digest, response)
        opened = _unseal(work, request_id, digest, response)
        # Sealed for another caller: then its digest is another one too, and an empty one equals none.
        return StoredAnswer(b"", b"") if opened is None else StoredAnswer(digest, opened)


def purge_expired(driver: Driver, now: datetime, *, at_most: int = 1000) -> int:
    """Deletes answers of all tenants whose time is over, and says how many; safe to call from many workers."""
    row = driver.execute("select purge_stored_answers(%s, %s)", (now, at_most)).fetchone()
    return 0 if row is None else int(row[0])


def _purpose(request_id: UUID) -> str:
    return f"stored_answer.response:{request_id}"


def _seal(work: UnitOfWork, request_id: UUID, digest: bytes, response: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(work, request_id).encrypt(nonce, response, work.tenant_id.bytes + digest)


def _unseal(work: UnitOfWork, request_id: UUID, digest: bytes, sealed: bytes) -> bytes | None:
    nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(work, request_id).decrypt(nonce, encrypted, work.tenant_id.bytes + digest)
    except InvalidTag:
        return None


def _cipher(work: UnitOfWork, request_id: UUID) -> AESGCM:
    credential = work.call.credential
    if not credential:
        raise RuntimeError("an answer with a secret in it can only be kept for a caller with a credential")
    derived = HKDF(SHA256(), length=_KEY_BYTES, salt=request_id.bytes, info=_SEAL_PURPOSE).derive(credential.encode())
    return AESGCM(derived)
