"""One relay for each broker that is enabled: reads the log, hands events over, and moves on."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from function_backend.events.consumers import EventRelay, Lease
from function_backend.events.consumption import Habits, PostponedError
from function_backend.events.dead_letters import DeadLetterQueue
from function_backend.events.log import EventFilter, LoggedEvent
from function_backend.kernel.background import acting_for
from function_backend.sinks.carrier import Carrier, NotCarriedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.sinks.messages import MessageMaker
    from function_backend.sinks.metrics import SinkMetrics
    from function_backend.sinks.settings import SinksSettings

_LOG = logging.getLogger(__name__)

_STATEMENT_SECONDS = 10.0
_SHORTEST_LEASE = 15.0
_LEASES_PER_ANSWER = 3


class SinkRelay:
    """Carries the events of all tenants to one broker."""

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        maker: MessageMaker,
        metrics: SinkMetrics,
        *,
        transactions: Transactions,
        settings: SinksSettings,
        types: Sequence[str],
    ) -> None:
        self._name = f"sink-{name}"
        self._carrier = carrier
        self._maker = maker
        self._backlog = metrics.backlog.labels(name)
        self._lag = metrics.lag.labels(name)
        self._transactions = transactions
        self.relay = EventRelay(
            self._name,
            self._deliver,
            transactions=transactions,
            lanes=settings.lanes,
            batch=settings.batch,
            wanted=EventFilter(types=tuple(types)),
            habits=Habits(
                threads=settings.lanes,
                from_start=settings.from_start,
                # So long that a broker that answers late does not lose us the lane.
                lease_seconds=max(_SHORTEST_LEASE, _LEASES_PER_ANSWER * settings.publish_timeout.total_seconds()),
            ),
        )

    @property
    def name(self) -> str:
        """See Background."""
        return self._name

    @property
    def trouble(self) -> str | None:
        """Why the broker takes nothing; None while it does."""
        return self._carrier.trouble

    def start(self) -> None:
        """See Background."""
        self._carrier.start()
        self.relay.start()

    def end(self) -> None:
        """See Background."""
        self.relay.end()
        self._carrier.end()

    def close(self) -> None:
        """See Background."""
        self.relay.close()
        self._carrier.close()

    def wake(self, tenant: str) -> None:
        """See Consumption."""
        self.relay.wake(tenant)

    def wake_all(self) -> None:
        """See Consumption."""
        self.relay.wake_all()

    def _deliver(self, _: UUID, events: Sequence[LoggedEvent], lease: Lease) -> None:
        self._tell(events[0])
        messages = [self._maker.make(event) for event in events]
        try:
            refused = self._carrier.carry(messages, ends_at=time.monotonic() + lease.remaining())
        except NotCarriedError as error:
            raise PostponedError(str(error), seconds=error.seconds) from error
        if refused:
            self._set_aside(lease, events, dict(refused))
        self._tell(events[-1])

    def _tell(self, event: LoggedEvent) -> None:
        self._backlog.set(self.relay.progress.backlog)
        self._lag.set(max(0.0, time.time() - event.recorded_at.timestamp()))

    def _set_aside(self, lease: Lease, events: Sequence[LoggedEvent], reasons: Mapping[str, str]) -> None:
        with (
            acting_for(lease.tenant_id, f"function-backend/{self._name}", seconds=_STATEMENT_SECONDS),
            self._transactions.apart() as work,
        ):
            letters = DeadLetterQueue(work, self._name)
            for event in events:
                if (reason := reasons.get(str(event.id))) is not None:
                    letters.set_aside(event, lane=lease.lane, attempts=1, failure=reason)
                    _LOG.error(
                        "a broker refuses an event for good",
                        extra={"sink": self._name, "event": str(event.id), "type": event.type, "reason": reason},
                    )
                    self.relay.progress.set_aside += 1
