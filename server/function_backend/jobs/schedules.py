"""Asks for the jobs of the schedules when their moments have come: each moment once, however many processes look."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from function_backend.jobs.for_each_tenant import fired_kind
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.jobs import INSTALLATION

if TYPE_CHECKING:
    from function_backend.jobs.cron import Cron
    from function_backend.jobs.registry import JobRegistry
    from function_backend.kernel.clock import Clock
    from function_backend.kernel.jobs import Schedule
    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.persistence.wire import Driver

_log = logging.getLogger(__name__)

_BACKWARDS = timedelta(minutes=1)
"""A schedule that was fired this long after now was fired by a clock that was wrong."""

_LEARN_SQL = "select learn_job_schedules(%s, %s, %s, %s)"
_STATES_SQL = "select name, next_at, fired_at from job_schedule where paused_at is null"
_FIRE_SQL = """
    select fire_job_schedule(
        %s, %s, %s, %s, %s, %s, %s, %s, %s::bigint::integer, %s, %s::bigint::integer, %s::bigint::integer
    )
"""
_MEND_SQL = "select mend_job_schedule(%s, %s, %s)"


class _State(NamedTuple):
    name: str
    next_at: datetime
    fired_at: datetime | None


class Schedules:
    """The schedules of this release."""

    def __init__(self, *, transactions: Transactions, registry: JobRegistry, clock: Clock) -> None:
        self._transactions = transactions
        self._registry = registry
        self._clock = clock
        self._known = False

    def look(self) -> None:
        """Fires those that are due."""
        if not self._registry.schedules:
            return
        now = self._clock.now()
        if not self._known:
            self._transactions.across_tenants(lambda driver: self._learn(driver, now))
            self._known = True
        states = self._transactions.across_tenants(self._states)
        for state in states:
            declared = self._registry.schedules.get(state.name)
            if declared is not None:
                self._look_at(state, *declared, now=now)

    def _look_at(self, state: _State, schedule: Schedule, cron: Cron, *, now: datetime) -> None:
        following = cron.next(now)
        if following is None:
            return
        if state.next_at <= now:
            moment = cron.last(now, since=state.next_at)
            arguments = _firing(schedule, state.next_at, following, moment, now)
            self._transactions.across_tenants(partial(_run, statement=_FIRE_SQL, arguments=arguments))
        elif state.fired_at is not None and state.fired_at > now + _BACKWARDS and state.next_at > following:
            # It would else be silent until the time comes that the wrong clock had.
            _log.warning("the clock went back: a schedule is brought back too", extra={"schedule": state.name})
            mending = (state.name, state.next_at, following)
            self._transactions.across_tenants(partial(_run, statement=_MEND_SQL, arguments=mending))

    def _learn(self, driver: Driver, now: datetime) -> None:
        found = [
            (schedule, following)
            for schedule, cron in self._registry.schedules.values()
            if (following := cron.next(now)) is not None
        ]
        driver.execute(
            _LEARN_SQL,
            (
                [schedule.name for schedule, _ in found],
                [schedule.cron for schedule, _ in found],
                [schedule.time_zone for schedule, _ in found],
                [following for _, following in found],
            ),
        )

    @staticmethod
    def _states(driver: Driver) -> list[_State]:
        return [_State(*row) for row in driver.execute(_STATES_SQL).fetchall()]


def _firing(
    schedule: Schedule, expected: datetime, following: datetime, moment: datetime, now: datetime
) -> tuple[object, ...]:
    return (schedule.name, expected, following, moment, now, INSTALLATION, new_id(), *fired_kind(schedule))


def _run(driver: Driver, *, statement: str, arguments: tuple[object, ...]) -> None:
    driver.execute(statement, arguments)
