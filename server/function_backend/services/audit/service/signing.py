"""Signing the heads of chains."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from function_backend.events.audit import genesis
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.audit.adapters.signer import AuditSigner
from function_backend.services.audit.domain.checkpoint import Checkpoint, Head, text_to_sign
from function_backend.services.audit.domain.record import Problem
from function_backend.services.audit.domain.verification import ChainVerifier
from function_backend.services.audit.events import CheckpointSigned
from function_backend.services.audit.repository.checkpoint import CheckpointRepository, due_tenants
from function_backend.services.audit.repository.record import RecordRepository
from function_backend.services.audit.service.keys import AuditKeys
from function_backend.services.audit.service.system import within

_log = logging.getLogger(__name__)

_PAGE = 1_000
_TENANTS = 1_000


class Signing:
    """Signs the head of a chain, once the records since the checkpoint before have been verified."""

    def __init__(self, *, transactions: Transactions, clock: Clock, keys: AuditKeys, signer: AuditSigner) -> None:
        self._transactions = transactions
        self._clock = clock
        self._keys = keys
        self._signer = signer

    def sign(self) -> Checkpoint | None:
        """The checkpoint at the head of the caller's chain, signed now unless it is already.

        None for an empty chain, and where records since the checkpoint before were changed: those are not signed, and
        the log names them.
        """
        head, problems = self._verified_head()
        if head is None or problems:
            self._complain(problems)
            return None
        self._keys.ensure()
        with self._transactions() as work:
            CheckpointRepository(work).lock()
            return self._signed(work, head)

    def sign_all_due(self) -> int:
        """Signs the heads of all chains that have grown; how many. Others that do the same are not waited for.

        A tenant whose chain cannot be signed now does not keep the others waiting.
        """
        tenants = self._transactions.without_tenant(lambda driver: due_tenants(driver, at_most=_TENANTS))
        return sum(self._sign_due(tenant_id) for tenant_id in tenants)

    def _sign_due(self, tenant_id: UUID) -> bool:
        try:
            with within(tenant_id, "audit-checkpoints"):
                head, problems = self._verified_head()
                self._complain(problems)
                if head is None or problems:
                    return False
                self._keys.ensure()
                with self._transactions.edge() as work:
                    if not CheckpointRepository(work).try_lock():
                        return False
                    self._signed(work, head, rests_with=1)
        except ServiceError as error:
            _log.warning("the audit trail of %s was not signed: %s", tenant_id, error.message)
            return False
        return True

    def _verified_head(self) -> tuple[Head | None, Sequence[Problem]]:
        """The head up to which the records since the last checkpoint are whole, or what is wrong with them."""
        # On the primary, here and below: a replica may not have the record that was written last.
        with self._transactions() as work:
            checkpoint = CheckpointRepository(work).newest()
            last_written = RecordRepository(work).last_written()
            tenant_id = work.tenant_id
        verifier = ChainVerifier(
            after_seq=0 if checkpoint is None else checkpoint.seq,
            expected=genesis(tenant_id) if checkpoint is None else checkpoint.hash,
        )
        while True:
            with self._transactions() as work:
                records = RecordRepository(work).after(verifier.seq, limit=_PAGE)
            for record in records:
                verifier.take(record)
            if len(records) < _PAGE:
                break
        verifier.require(last_written)
        if verifier.seq == 0:
            return None, verifier.problems
        return Head(tenant_id=tenant_id, seq=verifier.seq, hash=verifier.hash), verifier.problems

    def _signed(self, work: UnitOfWork, head: Head, *, rests_with: int = 0) -> Checkpoint:
        """The new checkpoint, or the newest one when at most so many records, such as its own, have come since."""
        checkpoints = CheckpointRepository(work)
        newest = checkpoints.newest()
        if newest is not None and newest.seq + rests_with >= head.seq:
            return newest
        key, wrapped = self._keys.signing(work)
        now = self._clock.now()
        signature = self._signer.sign(text_to_sign(head, signed_at=now, key_id=key.id), key_id=key.id, wrapped=wrapped)
        checkpoint = Checkpoint(
            tenant_id=head.tenant_id,
            seq=head.seq,
            hash=head.hash,
            signed_at=now,
            key_id=key.id,
            signature=signature,
        )
        checkpoints.add(checkpoint)
        work.record(CheckpointSigned.of(checkpoint))
        return checkpoint

    def _complain(self, problems: Sequence[Problem]) -> None:
        for problem in problems[:1]:
            _log.error("the audit trail is not whole and is not signed: %s", problem.description)
