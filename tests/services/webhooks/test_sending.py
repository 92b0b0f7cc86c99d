"""What senders lease and tell, at times that the tests choose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from function_backend.events.log import EventFilter
from function_backend.kernel.background import acting_for
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.webhooks.domain.audience import Audience
from function_backend.services.webhooks.domain.delivery import (
    Attempt,
    AttemptOutcome,
    DeliveryCause,
    DeliveryState,
    LeasedDelivery,
    QueuedEvent,
)
from function_backend.services.webhooks.domain.endpoint import DisableReason, Endpoint, EndpointContent
from function_backend.services.webhooks.domain.outcomes import Told
from function_backend.services.webhooks.domain.secret import SecretKind, SigningSecret
from function_backend.services.webhooks.repository import sending
from function_backend.services.webhooks.repository.delivery import DeliveryRepository, NewDelivery
from function_backend.services.webhooks.repository.endpoint import EndpointRepository
from function_backend.services.webhooks.repository.sending import Limits, Standing
from tests.factories.auth import a_principal, calling
from tests.fixtures.postgres import Database

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
KEPT = timedelta(days=30)


class Queues:
    """A tenant with endpoints, whose deliveries are leased and told of."""

    def __init__(self, transactions: Transactions, tenant_id: UUID) -> None:
        self._transactions = transactions
        self.tenant_id = tenant_id

    def endpoint(self, *, ordered: bool = False, rate: int = 0) -> Endpoint:
        made = Endpoint(
            id=new_id(),
            content=EndpointContent(
                url="https://hooks.example.com/",
                filter=EventFilter(types=(), subject_types=(), subject_ids=(), labels={}),
                ordered=ordered,
                rate_limit_per_second=rate,
            ),
            secrets=(SigningSecret(id=new_id(), kind=SecretKind.HMAC_SHA256, public_key="", created_at=NOW),),
            owner="user:x",
            audience=Audience(frozenset({"*"})),
            disable_reason=None,
            disabled_at=None,
            since_position=0,
            revision=1,
            created_at=NOW,
            updated_at=NOW,
        )
        with acting_for(self.tenant_id, "test"), self._transactions() as work:
            EndpointRepository(work).add(made, sealed=b"sealed")
        return made

    def queue(self, endpoint: Endpoint, *subjects: UUID, at: datetime = NOW) -> list[UUID]:
        new = [
            NewDelivery(endpoint.id, _event(subject, position), DeliveryCause.EVENT, endpoint.content.ordered)
            for position, subject in enumerate(subjects, 1)
        ]
        with acting_for(self.tenant_id, "test"), self._transactions() as work:
            return [each.id for each in DeliveryRepository(work).enqueue(new, at=at, kept_for=KEPT)]

    def lease(
        self, at: datetime = NOW, *, most: int = 1000, most_each: int = 1000, default_rate: int = 0
    ) -> list[LeasedDelivery]:
        """Those of this tenant; others of the database's tests are leased as well."""
        found = self._transactions.across_tenants(
            lambda driver: sending.lease(
                driver, at=at, until=at + LEASE, lease_id=new_id(), limits=Limits(most, most_each, default_rate)
            )
        )
        return [each for each in found if each.tenant_id == self.tenant_id]

    def tell(
        self,
        leased: Sequence[LeasedDelivery],
        *,
        state: DeliveryState = DeliveryState.DELIVERED,
        due_at: datetime | None = None,
        quiet_until: datetime | None = None,
        at: datetime = NOW,
    ) -> list[Standing]:
        told = [Told(each, _attempt(state, at), state, due_at, quiet_until) for each in leased]
        return self._transactions.across_tenants(lambda driver: sending.record(driver, told, at=at))

    def state(self, delivery_id: UUID) -> tuple[DeliveryState, int, int]:
        """How far it has come, its count of attempts, and how many of these are in the log."""
        with acting_for(self.tenant_id, "test"), self._transactions.reading() as work:
            deliveries = DeliveryRepository(work)
            found = deliveries.find(delivery_id)
            assert found is not None
            return found.state, found.attempts, len(deliveries.attempts(delivery_id))

    def disable(self, endpoint: Endpoint) -> Endpoint:
        after = endpoint.disabled(DisableReason.ASKED, at=NOW)
        with acting_for(self.tenant_id, "test"), self._transactions() as work:
            EndpointRepository(work).save_disabled(after)
        return after

    def enable(self, endpoint: Endpoint, at: datetime) -> None:
        after = endpoint.enabled_again(since_position=0, at=at)
        with acting_for(self.tenant_id, "test"), self._transactions() as work:
            EndpointRepository(work).save_enabled(after, at=at)


def _event(subject: UUID, position: int) -> QueuedEvent:
    return QueuedEvent(
        event_id=new_id(),
        event_type="function.company.v1.CompanyUpdated",
        position=position,
        subject_type="company",
        subject_id=subject,
        trace_context="",
        body=b"{}",
    )


def _attempt(state: DeliveryState, at: datetime) -> Attempt:
    arrived = state is DeliveryState.DELIVERED
    outcome = AttemptOutcome.DELIVERED if arrived else AttemptOutcome.REFUSED
    return Attempt(number=1, started_at=at, duration=SECOND, outcome=outcome, status=204 if arrived else 500)


@pytest.fixture
def queues(transactions: Transactions) -> Iterator[Queues]:
    tenant_id = uuid4()
    with calling(a_principal(tenant_id=tenant_id)), transactions() as work:
        work.driver.execute("select create_tenant(%s, %s, 'x', now())", (tenant_id, f"t{tenant_id}"))
    yield Queues(transactions, tenant_id)
    # Nothing stays due for the next one.
    leased = Queues(transactions, tenant_id).lease(NOW + timedelta(days=300))
    Queues(transactions, tenant_id).tell(leased)


class TestLeasing:
    def test_what_is_leased_is_nobody_elses_until_the_lease_is_over(self, queues: Queues) -> None:
        queued = queues.queue(queues.endpoint(), uuid4(), uuid4())
        assert {each.id for each in queues.lease()} == set(queued)
        assert queues.lease(NOW + LEASE - SECOND) == []
        assert {each.id for each in queues.lease(NOW + LEASE)} == set(queued)

    def test_whoever_tells_after_its_lease_was_given_to_another_changes_nothing(self, queues: Queues) -> None:
        (queued,) = queues.queue(queues.endpoint(), uuid4())
        late = queues.lease()
        current = queues.lease(NOW + LEASE)
        queues.tell(late, state=DeliveryState.FAILED)
        assert queues.state(queued) == (DeliveryState.PENDING, 0, 0)
        queues.tell(current)
        queues.tell(current)
        assert queues.state(queued) == (DeliveryState.DELIVERED, 1, 1)

    def test_of_one_endpoint_not_more_than_so_many_are_under_way(self, queues: Queues) -> None:
        queues.queue(queues.endpoint(), *(uuid4() for _ in range(5)))
        first = queues.lease(most_each=2)
        assert len(first) == 2
        assert queues.lease(most_each=2) == []
        queues.tell(first[:1])
        assert len(queues.lease(most_each=2)) == 1

    def test_not_more_are_leased_than_there_is_room_for(self, queues: Queues) -> None:
        queues.queue(queues.endpoint(), *(uuid4() for _ in range(5)))
        assert len(queues.lease(most=3)) == 3
        assert len(queues.lease(most=3)) == 2

    def test_a_rate_limit_holds_over_all_senders(self, queues: Queues) -> None:
        queues.queue(queues.endpoint(rate=2), *(uuid4() for _ in range(10)))
        at = NOW + SECOND * 10
        assert len(queues.lease(at)) == 2
        assert queues.lease(at) == []
        assert len(queues.lease(at + SECOND / 2)) == 1
        # Who was silent for an hour may not catch up at once.
        assert len(queues.lease(at + timedelta(seconds=20))) == 2

    def test_the_limit_of_the_settings_counts_where_the_endpoint_has_none(self, queues: Queues) -> None:
        queues.queue(queues.endpoint(), *(uuid4() for _ in range(10)))
        assert len(queues.lease(NOW + SECOND * 10, default_rate=3)) == 3

    def test_a_receiver_that_wants_quiet_gets_it(self, queues: Queues) -> None:
        queues.queue(queues.endpoint(), uuid4(), uuid4())
        (one, other) = queues.lease()
        minute = NOW + timedelta(minutes=1)
        queues.tell([one], state=DeliveryState.PENDING, due_at=minute, quiet_until=minute)
        queues.tell([other], state=DeliveryState.PENDING, due_at=NOW)
        assert queues.lease(NOW + SECOND) == []
        assert len(queues.lease(minute)) == 2

    def test_a_disabled_endpoint_waits_and_goes_on_where_it_was(self, queues: Queues) -> None:
        endpoint = queues.endpoint()
        queued = queues.queue(endpoint, uuid4())
        disabled = queues.disable(endpoint)
        assert queues.lease() == []
        later = NOW + timedelta(days=1)
        queues.enable(disabled, later)
        assert [each.id for each in queues.lease(later)] == queued

    def test_nothing_of_a_suspended_tenant_is_sent(self, queues: Queues, database: Database) -> None:
        queues.queue(queues.endpoint(), uuid4())
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            change = "update tenant set state = %s where tenant_id = %s"
            connection.execute(change, ("suspended", queues.tenant_id))
            assert queues.lease() == []
            connection.execute(change, ("active", queues.tenant_id))
        assert len(queues.lease(NOW + timedelta(minutes=1))) == 1


class TestOrder:
    def test_the_next_about_a_subject_comes_when_the_one_before_has_ended(self, queues: Queues) -> None:
        subject, other = uuid4(), uuid4()
        endpoint = queues.endpoint(ordered=True)
        first, second, third, elsewhere = queues.queue(endpoint, subject, subject, subject, other)
        leased = queues.lease()
        assert {each.id for each in leased} == {first, elsewhere}
        head = [each for each in leased if each.id == first]
        queues.tell(head, state=DeliveryState.PENDING, due_at=NOW + SECOND)
        assert [each.id for each in queues.lease(NOW + SECOND)] == [first]
        assert queues.state(second)[0] is DeliveryState.WAITING
        queues.tell(queues.lease(NOW + SECOND + LEASE))
        # Given up is over as well: one that is never taken does not hold up the rest for ever.
        queues.tell(queues.lease(NOW + SECOND + LEASE), state=DeliveryState.FAILED)
        assert [each.id for each in queues.lease(NOW + SECOND + LEASE)] == [third]

    def test_what_is_queued_later_waits_for_what_is_open(self, queues: Queues) -> None:
        subject = uuid4()
        endpoint = queues.endpoint(ordered=True)
        (first,) = queues.queue(endpoint, subject)
        (second,) = queues.queue(endpoint, subject)
        assert [each.id for each in queues.lease()] == [first]
        assert queues.state(second)[0] is DeliveryState.WAITING


class TestStandings:
    def test_failures_are_counted_until_something_arrives(self, queues: Queues) -> None:
        endpoint = queues.endpoint()
        queues.queue(endpoint, uuid4(), uuid4(), uuid4())
        one, two, three = queues.lease()
        (standing,) = queues.tell([one, two], state=DeliveryState.FAILED)
        assert (standing.failing_since, standing.failures) == (NOW, 2)
        (standing,) = queues.tell([three], at=NOW + SECOND)
        assert (standing.failing_since, standing.failures) == (None, 0)


class TestPurging:
    def test_what_has_ended_is_removed_with_its_attempts_when_its_time_is_over(
        self, queues: Queues, transactions: Transactions
    ) -> None:
        done, waiting = queues.queue(queues.endpoint(), uuid4(), uuid4())
        queues.tell([each for each in queues.lease() if each.id == done])
        transactions.across_tenants(lambda driver: sending.purge(driver, NOW + KEPT))
        with acting_for(queues.tenant_id, "test"), transactions.reading() as work:
            deliveries = DeliveryRepository(work)
            assert deliveries.find(done) is None
            assert deliveries.attempts(done) == []
            assert deliveries.find(waiting) is not None

    def test_a_deleted_endpoint_goes_with_everything_of_it(self, queues: Queues, transactions: Transactions) -> None:
        endpoint = queues.endpoint()
        queued = queues.queue(endpoint, uuid4(), uuid4())
        with acting_for(queues.tenant_id, "test"), transactions() as work:
            EndpointRepository(work).remove(endpoint, at=NOW)
        assert queues.lease() == []
        for _ in range(2):
            transactions.across_tenants(lambda driver: sending.purge(driver, NOW))
        with acting_for(queues.tenant_id, "test"), transactions.reading() as work:
            assert DeliveryRepository(work).find(queued[0]) is None
            assert EndpointRepository(work).find(endpoint.id) is None
