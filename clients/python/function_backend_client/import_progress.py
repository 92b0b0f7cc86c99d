"""What an import has done so far, and how refused rows are tried again. Pure; shared by both clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from function.company.v1 import company_service_pb2
from function_backend_client.errors import FunctionBackendError, LimitExceededError, UnavailableError
from function_backend_client.reasons.calls import ConcurrentChangeError
from function_backend_client.shipments import Entry, ImportOptions, Packer, Shipment

Repair: TypeAlias = Callable[
    [company_service_pb2.ImportRow, company_service_pb2.ImportRejection], company_service_pb2.ImportRow | None
]
"""Gets a refused row and why, and returns the row to try instead, or None to leave it refused."""

_MOST_REPAIRS: Final = 20
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 10.0


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """The state of an import after another answer."""

    received: int
    """Rows taken from the input."""
    settled: int
    """Rows from the beginning that have their final answer, without a gap: an interrupted import goes on after them."""
    created: int
    updated: int
    unchanged: int
    rejected: int
    rejections: Sequence[company_service_pb2.ImportRejection]
    """The rejections that are new since the last report."""

    @property
    def answered(self) -> int:
        """Rows that have their final answer."""
        return self.created + self.updated + self.unchanged + self.rejected


class Ledger:
    """Adds up answers, hands refused rows to the repair, and reports."""

    def __init__(
        self, packer: Packer, *, on_progress: Callable[[ImportProgress], None] | None, repair: Repair | None
    ) -> None:
        self._packer = packer
        self._on_progress = on_progress
        self._repair = repair
        self.total = company_service_pb2.ImportCompaniesResponse()

    def refuse(self, entry: Entry, options: ImportOptions) -> None:
        """Counts a row that is too large to be sent."""
        rejection = company_service_pb2.ImportRejection(
            row=entry.number,
            reason="INVALID_REQUEST",
            description=f"the row is {len(entry.data)} bytes; one message carries at most {options.batch_bytes}",
        )
        self._count(company_service_pb2.ImportCompaniesResponse(row_count=1, rejected_count=1, rejections=[rejection]))

    def settle(self, shipment: Shipment, answer: company_service_pb2.ImportCompaniesResponse) -> Iterator[Shipment]:
        """Takes the answer of a shipment; yields shipments that repaired rows completed."""
        final = company_service_pb2.ImportCompaniesResponse()
        final.CopyFrom(answer)
        again: list[tuple[Entry, company_service_pb2.ImportRow]] = []
        if self._repair is not None and answer.rejections:
            again = self._repaired(shipment, answer, final)
        # Repaired rows are back in their lanes before the shipment counts as answered: `settled` never jumps ahead.
        shipped = [ready for entry, row in again if (ready := self._packer.enter(entry, row)) is not None]
        self._packer.answered(shipment)
        self._count(final)
        yield from shipped

    def _repaired(
        self,
        shipment: Shipment,
        answer: company_service_pb2.ImportCompaniesResponse,
        final: company_service_pb2.ImportCompaniesResponse,
    ) -> list[tuple[Entry, company_service_pb2.ImportRow]]:
        del final.rejections[:]
        again = []
        entries = shipment.entries_numbered(rejection.row for rejection in answer.rejections)
        for rejection, entry in zip(answer.rejections, entries, strict=True):
            row = None
            if self._repair is not None and entry.repairs < _MOST_REPAIRS:
                row = self._repair(company_service_pb2.ImportRow.FromString(entry.data), rejection)
            if row is None:
                final.rejections.append(rejection)
            else:
                again.append((Entry(entry.position, entry.number, row.SerializeToString(), entry.repairs + 1), row))
        final.rejected_count -= len(again)
        final.row_count -= len(again)
        return again

    def _count(self, answer: company_service_pb2.ImportCompaniesResponse) -> None:
        # Numbers add up by hand: MergeFrom would replace them.
        total = self.total
        total.row_count += answer.row_count
        total.created_count += answer.created_count
        total.updated_count += answer.updated_count
        total.unchanged_count += answer.unchanged_count
        total.rejected_count += answer.rejected_count
        total.rejections.extend(answer.rejections)
        if self._on_progress is not None:
            self._on_progress(
                ImportProgress(
                    received=self._packer.received,
                    settled=self._packer.settled,
                    created=total.created_count,
                    updated=total.updated_count,
                    unchanged=total.unchanged_count,
                    rejected=total.rejected_count,
                    rejections=tuple(answer.rejections),
                )
            )


def wait_before(attempt: int, error: FunctionBackendError) -> timedelta | None:
    """How long to wait before a stream is sent again; None when that would not help.

    Sending a stream again is safe: its rows find the companies that the first attempt made, and under its request id
    the service answers what it answered before.
    """
    helps = isinstance(error, UnavailableError | ConcurrentChangeError) or (
        # Without a time to come back at it is a message that is too large, which stays too large.
        isinstance(error, LimitExceededError) and error.retry_after is not None
    )
    if not helps:
        return None
    backoff = timedelta(seconds=min(_FIRST_WAIT * 2 ** (attempt - 1), _LONGEST_WAIT))
    return max(backoff, error.retry_after or backoff)
