"""The keys that sign checkpoints: made when the first one is needed, and when somebody asks for another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.audit.adapters.signer import AuditSigner, is_signed_by
from function_backend.services.audit.domain.checkpoint import AuditKey, Checkpoint
from function_backend.services.audit.events import AuditKeyCreated
from function_backend.services.audit.repository.key import KeyRepository
from function_backend.services.audit.service.system import SYSTEM_ID, within
from function_backend.vault.master_keys import Wrapped

_STEP = timedelta(microseconds=1)


class AuditKeys:
    """The use cases of these keys."""

    def __init__(self, *, transactions: Transactions, clock: Clock, signer: AuditSigner) -> None:
        self._transactions = transactions
        self._clock = clock
        self._signer = signer

    def all(self) -> Sequence[AuditKey]:
        """All keys, the newest first; the first one is made when there is none."""
        with self._transactions.reading() as work:
            keys = KeyRepository(work).all()
        return keys or [self.ensure()]

    def rotate(self) -> AuditKey:
        """A new key, which signs from now on."""
        with self._transactions() as work:
            keys = KeyRepository(work)
            keys.lock()
            found = keys.signing()
            now = self._clock.now()
            if found is not None:
                # Two rotations in the same moment of a coarse clock are still one after the other.
                now = max(now, found[0].created_at + _STEP)
                keys.retire(found[0].id, at=now)
            return self._make(work)

    def ensure(self) -> AuditKey:
        """The key that signs; the first one is made by the service for the installation, whoever needs it."""
        with self._transactions.reading() as work:
            found = KeyRepository(work).signing()
        if found is not None:
            return found[0]
        with within(SYSTEM_ID, "audit-keys"), self._transactions.edge() as work:
            keys = KeyRepository(work)
            keys.lock()
            found = keys.signing()
            return self._make(work) if found is None else found[0]

    def signing(self, work: UnitOfWork) -> tuple[AuditKey, Wrapped]:
        """The key that signs, with its private half, which there must be."""
        found = KeyRepository(work).signing()
        if found is None:
            raise RuntimeError("no key signs; `ensure` makes one")
        return found

    def _make(self, work: UnitOfWork) -> AuditKey:
        key_id, public, wrapped = self._signer.make()
        key = AuditKey(id=key_id, public_key=public, created_at=self._clock.now())
        KeyRepository(work).add(key, wrapped)
        work.record(AuditKeyCreated.of(key))
        return key


def genuine(keys: Sequence[AuditKey]) -> Callable[[Checkpoint], bool]:
    """What says whether one of the keys signed a checkpoint."""
    public = {key.id: key.public_key for key in keys}

    def is_genuine(checkpoint: Checkpoint) -> bool:
        key = public.get(checkpoint.key_id)
        return key is not None and is_signed_by(key, checkpoint.signed_text, checkpoint.signature)

    return is_genuine
