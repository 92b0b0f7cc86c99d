"""Events that a relay carries to a receiver that costs nothing, against a raw loop over an outbox."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg

from bench.event_writer import an_event, recorder
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.search import as_tenant
from bench.service import running
from bench.stage import Stage
from function_backend.events.consumers import EventRelay, Lease
from function_backend.events.consumption import Habits
from function_backend.events.log import EventFilter, LoggedEvent
from function_backend.persistence.embedded.credentials import Role
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions

_ROUNDS = 5
_EVENTS = 40_000
_BATCH = 200
_TOGETHER = 1_000
_PATIENCE_SECONDS = 120.0
_RELAY, _RAW = "relay", "raw loop"
_TAKE_SQL = """
    delete from bench_outbox where tenant_id = %s and position in (
        select position from bench_outbox where tenant_id = %s order by position limit %s for update skip locked
    )
    returning *
"""


def measure(stage: Stage) -> Measurement:
    """Both carry the same events in batches of the same size, one thread each, in turns."""
    rounds: dict[str, list[dict[str, float]]] = {_RELAY: [], _RAW: []}
    events = stage.scaled(_EVENTS, least=2_000)
    # The service only lends its database.
    with running(stage.folder / "data", settings={"BACKGROUND_IN_PROCESS": "off"}) as service:
        owner, application = service.database_url(Role.SUPERUSER), service.database_url(Role.APPLICATION)
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("create table bench_outbox (like event including defaults)")
            connection.execute("alter table bench_outbox add primary key (tenant_id, position)")
            connection.execute("grant select, insert, update, delete on bench_outbox to public")
        for _ in stage.rounds(_ROUNDS):
            tenant_id = uuid4()
            _fill(application, owner, tenant_id, events)
            rounds[_RELAY].append({"events_per_second": _relay(application, tenant_id, events)})
            rounds[_RAW].append({"events_per_second": _raw(application, tenant_id, events)})
    ours, theirs = (median_of(rounds[name], "events_per_second") for name in (_RELAY, _RAW))
    figure = Figure(
        name="Relay of events, one thread",
        value=median_ratio(rounds[_RELAY], rounds[_RAW], "events_per_second"),
        unit="×",
        reference="a loop of DELETE … RETURNING over an outbox",
        absolute=f"{ours:,.0f} and {theirs:,.0f} events/s",
        at_least=0.5,
    )
    conditions = {
        "events": f"{events:,} of one tenant a round, in batches of {_BATCH}; the receiver does nothing",
        "relay": "reads the log, hands the events over as objects, moves its cursor and renews its lease",
        "reference": "psycopg with binary results: deletes the next rows of a table with the same columns, and commits",
    }
    return Measurement(figures=[figure], rounds=rounds, conditions=conditions)


def _fill(application: str, owner: str, tenant_id: UUID, events: int) -> None:
    database = Database(DatabaseSettings(url=application))
    transactions = Transactions(database, recorder())
    with as_tenant(tenant_id):
        for begun in range(0, events, _TOGETHER):
            with transactions() as work:
                work.record(*(an_event() for _ in range(min(_TOGETHER, events - begun))))
    database.dispose()
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("truncate bench_outbox")
        connection.execute("insert into bench_outbox select * from event where tenant_id = %s", [tenant_id])
        connection.execute("vacuum analyze bench_outbox")
        connection.execute("vacuum analyze event")


def _relay(url: str, tenant_id: UUID, events: int) -> float:
    database = Database(DatabaseSettings(url=url))
    came, ends = 0, [0.0]

    def deliver(tenant: UUID, batch: Sequence[LoggedEvent], _: Lease) -> None:
        nonlocal came
        if tenant == tenant_id:
            came += len(batch)
            ends[0] = time.perf_counter()

    relay = EventRelay(
        f"bench-{uuid4().hex}",
        deliver,
        transactions=Transactions(database, recorder()),
        batch=_BATCH,
        wanted=EventFilter(types=("function.company.*",)),
        habits=Habits(from_start=True, poll_seconds=3_600),
    )
    relay.start()
    # Its first look round takes in what other rounds left; only this tenant is of interest.
    began = time.perf_counter()
    relay.wake(str(tenant_id))
    until = time.monotonic() + _PATIENCE_SECONDS
    while came < events:
        if time.monotonic() > until:
            raise RuntimeError(f"the relay carried {came} of {events} events")
        time.sleep(0.002)
    relay.close()
    database.dispose()
    return events / (ends[0] - began)


def _raw(url: str, tenant_id: UUID, events: int) -> float:
    with psycopg.connect(url) as connection:
        began, came = time.perf_counter(), 0
        while came < events:
            with connection.cursor(binary=True) as cursor:
                came += len(cursor.execute(_TAKE_SQL, [tenant_id, tenant_id, _BATCH]).fetchall())
            connection.commit()
        return events / (time.perf_counter() - began)
