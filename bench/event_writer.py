"""A process that commits events at a steady rate, as one more worker of the service would.

It reads its order as JSON, writes `ready`, begins at the next line, and answers when each commit was done.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from bench.search import as_tenant
from function.company.v1 import company_events_pb2, company_pb2
from function_backend.events.log import TOPIC
from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.events import DomainEvent
from function_backend.persistence.engine import Database
from function_backend.persistence.notifications import Listener
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions

_WARM_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchEvent(DomainEvent):
    """A company was changed; its row does not matter here."""

    type = "function.company.v1.CompanyUpdated"
    subject_type = "company"


def payload(event: BenchEvent) -> bytes:
    """A message of the size of a small company."""
    company = company_pb2.Company(id=str(event.subject_id), legal_name="Acme Holding GmbH", jurisdiction="DE")
    return company_events_pb2.CompanyUpdated(company=company).SerializeToString()


def an_event() -> BenchEvent:
    """An event of a resource of its own."""
    return BenchEvent(subject_id=uuid4(), sequence=1, occurred_at=datetime.now(UTC))


def recorder(listener: Listener | None = None) -> EventRecorder:
    """Writes such events; with a listener, tells of them as a worker does."""

    def committed(tenant_id: UUID) -> None:
        if listener is not None:
            listener.announce(TOPIC, str(tenant_id))

    made = EventRecorder(SystemClock(), committed=committed)
    made.learn({BenchEvent: payload})
    return made


class _Writer:
    """One tenant's share of the events, each in a transaction of its own."""

    def __init__(self, transactions: Transactions, tenant_id: UUID, *, every: float) -> None:
        self._transactions = transactions
        self._tenant_id = tenant_id
        self._every = every
        self.committed: dict[str, float] = {}
        """Subject to the moment at which the commit had been answered."""

    def write(self, begins_at: float, seconds: float) -> None:
        due_at = begins_at
        with as_tenant(self._tenant_id):
            while due_at < begins_at + seconds:
                time.sleep(max(0.0, due_at - time.monotonic()))
                # What is late is made up for, so that the rate holds.
                due_at += self._every
                event = an_event()
                with self._transactions() as work:
                    work.record(event)
                self.committed[str(event.subject_id)] = time.time()


def main() -> None:
    """Does what standard input says."""
    order = json.loads(sys.stdin.readline())
    settings = DatabaseSettings(url=order["url"])
    listener = Listener(settings)
    database = Database(settings)
    transactions = Transactions(database, recorder(listener))
    listener.start([])
    share = order["rate"] / len(order["tenants"])
    writers = [_Writer(transactions, UUID(tenant), every=1 / share) for tenant in order["tenants"]]
    _run(writers, _WARM_UP_SECONDS)
    for writer in writers:
        writer.committed.clear()
    print("ready", flush=True)
    sys.stdin.readline()
    _run(writers, order["seconds"])
    listener.stop()
    database.dispose()
    print(json.dumps({subject: at for writer in writers for subject, at in writer.committed.items()}))


def _run(writers: list[_Writer], seconds: float) -> None:
    begins_at = time.monotonic()
    threads = [
        # Not all at the same moment.
        threading.Thread(target=writer.write, args=(begins_at + 0.0005 * number, seconds))
        for number, writer in enumerate(writers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
