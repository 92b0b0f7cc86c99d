"""Reading records and checkpoints, and verifying them where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from function_backend.events.audit import genesis
from function_backend.filters.problem import FilterProblem, InvalidFilterError
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.audit.domain.checkpoint import Checkpoint
from function_backend.services.audit.domain.filters import read_filter
from function_backend.services.audit.domain.record import Problem, StoredRecord
from function_backend.services.audit.domain.verification import ChainVerifier, verify_stretch
from function_backend.services.audit.errors import AuditRecordNotFoundError
from function_backend.services.audit.repository.checkpoint import CheckpointRepository
from function_backend.services.audit.repository.record import RecordRepository
from function_backend.services.audit.service.keys import AuditKeys, genuine
from function_backend.services.audit.service.system import DEFAULT_PAGE_SIZE

_DEFAULT_STRETCH = 10_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found in a stretch of the chain."""

    record_count: int
    checkpoint_count: int
    problems: Sequence[Problem]
    next_after_seq: int
    """Where to go on; 0 at the end."""


class Reading:
    """The use cases that read the trail."""

    def __init__(self, *, transactions: Transactions, page_tokens: PageTokens, keys: AuditKeys) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens
        self._keys = keys

    def get(self, seq: int) -> StoredRecord:
        """The record; AuditRecordNotFoundError when there is none, or no longer."""
        with self._transactions.reading() as work:
            found = RecordRepository(work).find(seq)
        if found is None:
            raise AuditRecordNotFoundError(seq)
        return found

    def list_page(
        self, filter: str, *, order_by: str, page_size: int, page_token: str
    ) -> tuple[Sequence[StoredRecord], str]:
        """A page of the records that fit the filter, and the token of the next one."""
        try:
            predicate = read_filter(filter)
        except FilterProblem as problem:
            raise InvalidFilterError(problem) from None
        descending, limit = order_by != "seq", page_size or DEFAULT_PAGE_SIZE
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "audit_records", filter, "desc" if descending else "asc")
            key = self._page_tokens.read(query, page_token)
            found = RecordRepository(work).page(
                predicate, None if key is None else int(key[0]), descending=descending, limit=limit + 1
            )
        items = found[:limit]
        more = len(found) > limit
        return items, self._page_tokens.write(query, (str(items[-1].record.seq),)) if more else ""

    def checkpoints(self, after_seq: int, *, page_size: int, page_token: str) -> tuple[Sequence[Checkpoint], str]:
        """A page of the checkpoints in order, and the token of the next one."""
        limit = page_size or DEFAULT_PAGE_SIZE
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "audit_checkpoints", str(after_seq))
            key = self._page_tokens.read(query, page_token)
            found = CheckpointRepository(work).after(after_seq if key is None else int(key[0]), limit=limit + 1)
        items = found[:limit]
        more = len(found) > limit
        return items, self._page_tokens.write(query, (str(items[-1].seq),)) if more else ""

    def verify(self, after_seq: int, *, at_most: int) -> Verified:
        """What is found in so many records after the given one. Each page is a read of its own."""
        left = at_most or _DEFAULT_STRETCH
        is_genuine = genuine(self._keys.all())
        # On the primary, here and below: a replica may not have the record that was written last.
        with self._transactions() as work:
            verifier, count = self._begin(work, after_seq)
            last_written = RecordRepository(work).last_written()
        more = True
        while left and more:
            limit = min(left, _PAGE)
            with self._transactions() as work:
                records = RecordRepository(work).after(verifier.seq, limit=limit)
                checkpoints = (
                    CheckpointRepository(work).after(verifier.seq, up_to=records[-1].record.seq) if records else ()
                )
            verify_stretch(verifier, records, checkpoints, is_genuine)
            count += len(checkpoints)
            left -= len(records)
            more = len(records) == limit
        if not more:
            verifier.require(last_written)
        return Verified(
            record_count=verifier.count,
            checkpoint_count=count,
            problems=verifier.problems,
            next_after_seq=verifier.seq if more else 0,
        )

    def _begin(self, work: UnitOfWork, after_seq: int) -> tuple[ChainVerifier, int]:
        """A verifier that begins after the record, or with the first one that is kept."""
        records = RecordRepository(work)
        beginning = records.beginning()
        if after_seq > beginning:
            before = records.find(after_seq)
            if before is None:
                raise AuditRecordNotFoundError(after_seq)
            return ChainVerifier(after_seq=after_seq, expected=before.hash), 0
        if not beginning:
            return ChainVerifier(after_seq=0, expected=genesis(work.tenant_id)), 0
        checkpoint = CheckpointRepository(work).newest(up_to=beginning)
        verifier = ChainVerifier(
            after_seq=beginning,
            expected=b"" if checkpoint is None or checkpoint.seq != beginning else checkpoint.hash,
        )
        if checkpoint is not None and checkpoint.seq == beginning:
            verifier.compare(checkpoint, genuine(self._keys.all()))
        return verifier, 1
