"""Streams that carry a request id: the same one sent again gets the answer that it got before."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.persistence.idempotency import StoredAnswer, StoredAnswers
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.company.errors import RequestIdReusedError

if TYPE_CHECKING:
    from hashlib import _Hash


class RepeatedStreams:
    """Finds and keeps the answers of streams, which the pipeline does not: it never holds a whole one."""

    def __init__(self, transactions: Transactions, answers: StoredAnswers) -> None:
        self._transactions = transactions
        self._answers = answers

    @staticmethod
    def fingerprint(call: Call, first: bytes) -> _Hash:
        """What tells the stream from others once all of it has been added: who sends it, to which method, and what."""
        actor = "" if call.principal is None else call.principal.actor
        return hashlib.sha256(f"{actor}\n{call.method}\n".encode() + first)

    def find(self, request_id: UUID) -> StoredAnswer | None:
        """The answer that the request id has already."""
        with self._transactions() as work:
            return self._answers.find(work, request_id)

    def keep(self, work: UnitOfWork, request_id: UUID, digest: bytes, answer: bytes) -> None:
        """Keeps the answer with the unit of work. Raises AnswerTakenError when the request id has one."""
        self._answers.store(work, request_id, digest, answer, sealed=False)

    @staticmethod
    def same(kept: StoredAnswer, digest: bytes, request_id: str) -> bytes:
        """The kept answer; RequestIdReusedError when it is that of another stream."""
        if kept.digest != digest:
            raise RequestIdReusedError(request_id)
        return kept.response
