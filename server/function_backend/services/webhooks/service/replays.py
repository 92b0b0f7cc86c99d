"""Queueing the events of a time once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from function_backend.events.log import head, oldest, position_at, read_events
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.webhooks.domain.delivery import DeliveryCause, Replay
from function_backend.services.webhooks.errors import ReplayLimitReachedError, ReplayNotFoundError
from function_backend.services.webhooks.events import ReplayRequested
from function_backend.services.webhooks.repository.delivery import DeliveryRepository
from function_backend.services.webhooks.repository.endpoint import EndpointRepository
from function_backend.services.webhooks.repository.replay import ReplayRepository
from function_backend.services.webhooks.service.fanning_out import Matching
from function_backend.services.webhooks.service.finding import enabled_endpoint

_PIECE = 200


class Replays:
    """The use cases of replays."""

    def __init__(self, *, transactions: Transactions, clock: Clock, matching: Matching, kept_for: timedelta) -> None:
        self._transactions = transactions
        self._clock = clock
        self._matching = matching
        self._kept_for = kept_for

    def request(self, endpoint_id: UUID, *, start: datetime | None, end: datetime | None, missed_only: bool) -> Replay:
        """The replay, which begins in the background. The times are those at which events were recorded."""
        now = self._clock.now()
        with self._transactions() as work:
            endpoint = enabled_endpoint(work, endpoint_id, lock=True)
            replays = ReplayRepository(work)
            running = replays.running(endpoint_id)
            if running is not None:
                raise ReplayLimitReachedError(endpoint_id, running)
            first = oldest(work) if start is None else max(position_at(work, start) + 1, oldest(work))
            last = head(work).position if end is None else position_at(work, end)
            replay = Replay(
                id=new_id(),
                endpoint_id=endpoint_id,
                missed_only=missed_only,
                first_position=first,
                last_position=last,
                position=first - 1,
                queued=0,
                created_at=now,
                ended_at=now if last < first else None,
            )
            replays.add(replay)
            work.record(
                ReplayRequested(
                    subject_id=endpoint_id,
                    sequence=endpoint.revision,
                    occurred_at=now,
                    details={"replay": str(replay.id), "first_position": str(first), "last_position": str(last)},
                    replay_id=replay.id,
                    missed_only=missed_only,
                    first_position=first,
                    last_position=last,
                )
            )
        return replay

    def get(self, replay_id: UUID) -> Replay:
        """The replay."""
        with self._transactions.reading() as work:
            found = ReplayRepository(work).find(replay_id)
        if found is None:
            raise ReplayNotFoundError(replay_id)
        return found

    def go_on(self, replay_id: UUID) -> bool:
        """Queues the next piece of the current tenant's replay; whether there is more to do."""
        with self._transactions.apart() as work:
            replay = ReplayRepository(work).take(replay_id)
            if replay is None:
                return False
            after = self._next(work, replay)
            ReplayRepository(work).save(after)
        return after.ended_at is None

    def _next(self, work: UnitOfWork, replay: Replay) -> Replay:
        now = self._clock.now()
        endpoint = EndpointRepository(work).find(replay.endpoint_id)
        events = read_events(work, after=replay.position, limit=_PIECE)
        wanted = [event for event in events if event.position <= replay.last_position]
        # An endpoint that was disabled meanwhile gets nothing; what is left is asked for again when it is enabled.
        if endpoint is None or not endpoint.enabled or not wanted:
            return replace(replay, ended_at=now)
        new = self._matching.deliveries(wanted, [endpoint], DeliveryCause.REPLAY)
        deliveries = DeliveryRepository(work)
        if replay.missed_only and new:
            known = deliveries.known(endpoint.id, [each.event.event_id for each in new])
            new = [each for each in new if each.event.event_id not in known]
        deliveries.enqueue(new, at=now, kept_for=self._kept_for)
        position = wanted[-1].position
        over = len(events) < _PIECE or position >= replay.last_position
        return replace(replay, position=position, queued=replay.queued + len(new), ended_at=now if over else None)
