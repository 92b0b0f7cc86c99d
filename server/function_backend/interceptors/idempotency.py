"""Makes a mutation happen once however often it arrives: one transaction at the edge, and an answer kept with it."""

from __future__ import annotations

import hashlib
import hmac
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol
from uuid import UUID

from google.protobuf.message import Message

from function_backend.interceptors.consistency import write_token
from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Behaviour, Method
from function_backend.kernel.errors import PreconditionError, ServiceError
from function_backend.persistence.failures import TransientConflictError
from function_backend.persistence.idempotency import StoredAnswers
from function_backend.persistence.unit_of_work import UnitOfWork

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads retries, hides nothing
_MOST_RUNS = 3
_FIRST_PAUSE = 0.01


class RequestIdReusedError(PreconditionError):
    """The request id was used for another request."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "request_id was already used for another request; use a new one.", metadata={"request_id": request_id}
        )


class Edge(Protocol):
    """Opens the one transaction of a call."""

    def edge(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction that every unit of work inside joins."""


class Idempotency:
    """Runs a mutation in one transaction with its answer.

    The first arrival pays for one insert and no look-up: a repetition collides with what the first one wrote, with its
    kept answer at the latest, is rolled back, and gets the kept answer instead of the error.
    """

    def __init__(self, transactions: Edge, answers: StoredAnswers) -> None:
        self._transactions = transactions
        self._answers = answers

    def around(self, method: Method, behaviour: Behaviour) -> Behaviour:
        """The behaviour inside its transaction; reads and streams stay as they are, for they open their own.

        So do methods for callers without a credential: whose transaction it is turns out only while they run.
        """
        if method.anonymous or method.only_reads or method.request_streaming or method.response_streaming:
            return behaviour

        def run(request: Message, exchange: Exchange) -> bytes:
            for runs in range(1, _MOST_RUNS + 1):
                try:
                    answer = self._run_once(method, behaviour, request, exchange)
                    return answer if method.token_field is None else _with_token(answer, method.token_field, exchange)
                except TransientConflictError:
                    if runs == _MOST_RUNS or not _pause(runs, exchange):
                        raise
                except ServiceError as error:
                    if error.remains is not None and not _is_rehearsal(method, request):
                        self._keep(error.remains)
                    raise
            raise AssertionError("unreachable")

        return run

    def _keep(self, write: Callable[[UnitOfWork], None]) -> None:
        """Writes what remains of a call that failed. If that fails, so does the call with it: nothing goes unseen."""
        with self._transactions.edge() as work:
            write(work)

    def _run_once(self, method: Method, behaviour: Behaviour, request: Any, exchange: Exchange) -> bytes:  # noqa: ANN401
        if _is_rehearsal(method, request):
            return self._rehearse(behaviour, request, exchange)
        request_id = request.request_id if method.has_request_id else ""
        if not request_id:
            with self._transactions.edge():
                return _wire(behaviour(request, exchange))
        digest = _digest(method, request, exchange)
        try:
            with self._transactions.edge() as work:
                answer = _wire(behaviour(request, exchange))
                self._answers.store(
                    work,
                    UUID(request_id),
                    digest,
                    answer,
                    sealed=method.redacted_response,
                    sensitive=method.sensitive_response,
                )
                return answer
        except Exception:
            kept = self._kept(request_id, digest)
            if kept is None:
                raise
            return kept

    def _rehearse(self, behaviour: Behaviour, request: Message, exchange: Exchange) -> bytes:
        """Does everything and undoes it. It neither uses up the request id nor gives a kept answer."""
        with self._transactions.edge() as work:
            answer = _wire(behaviour(request, exchange))
            work.discard()
        return answer

    def _kept(self, request_id: str, digest: bytes) -> bytes | None:
        """The answer of the first arrival; None when there was none, or when it cannot be found out."""
        try:
            with self._transactions.edge() as work:
                found = self._answers.find(work, UUID(request_id))
        except ServiceError:
            return None
        if found is None:
            return None
        if found.digest != digest:
            raise RequestIdReusedError(request_id)
        return found.response


def _with_token(answer: bytes, field: int, exchange: Exchange) -> bytes:
    """The answer with the token of the commit, which is known only now: appended as its last field."""
    if exchange.committed_position is None:
        return answer
    token = write_token(exchange.committed_position).encode()
    # The tag of a field up to 15 and the length of a token each take one byte.
    return answer + bytes([field << 3 | 2, len(token)]) + token


def _is_rehearsal(method: Method, request: Any) -> bool:  # noqa: ANN401  the request of any method
    return bool(method.has_validate_only and request.validate_only)


def _wire(response: Message | bytes) -> bytes:
    return response if isinstance(response, bytes) else response.SerializeToString()


def _digest(method: Method, request: Message, exchange: Exchange) -> bytes:
    """What makes two requests the same: who calls, which method, and every field.

    A password in the request could be guessed from a plain digest of it; with the caller's credential in it, it cannot.
    """
    actor = "" if exchange.principal is None else exchange.principal.actor
    key = exchange.credential if method.redacted_request else ""
    whole = hmac.new(key.encode(errors="surrogatepass"), f"{actor}\n{method.path}\n".encode(), hashlib.sha256)
    whole.update(request.SerializeToString(deterministic=True))
    return whole.digest()


def _pause(runs: int, exchange: Exchange) -> bool:
    """Waits a little, longer each time and never the same, so that those who collided do not meet again."""
    pause = _FIRST_PAUSE * 2**runs * _RANDOM.uniform(0.5, 1.5)
    remaining = exchange.remaining()
    if exchange.ended or (remaining is not None and remaining < 2 * pause):
        return False
    time.sleep(pause)
    return True
