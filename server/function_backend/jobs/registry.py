"""The kinds of jobs and the schedules that the slices have declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from function_backend.jobs.cron import Cron

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from function_backend.kernel.jobs import JobKind, Schedule


class JobRegistry:
    """What this release knows to run, and when by itself."""

    def __init__(self) -> None:
        self._kinds: dict[str, JobKind] = {}
        self._schedules: dict[str, tuple[Schedule, Cron]] = {}

    @property
    def kinds(self) -> Mapping[str, JobKind]:
        """The kinds by their names."""
        return self._kinds

    @property
    def schedules(self) -> Mapping[str, tuple[Schedule, Cron]]:
        """The schedules by their names, each with its cron expression read."""
        return self._schedules

    def learn(self, kinds: Iterable[JobKind], schedules: Iterable[Schedule] = ()) -> None:
        """Takes over what a slice declares.

        Raises ValueError for a name that is taken, a cron expression that cannot be read and an unknown time zone.
        """
        for kind in kinds:
            if self._kinds.setdefault(kind.name, kind) is not kind:
                raise ValueError(f"two kinds of jobs are called {kind.name}")
        for schedule in schedules:
            if schedule.name in self._schedules:
                raise ValueError(f"two schedules are called {schedule.name}")
            self.learn([schedule.kind])
            self._schedules[schedule.name] = (schedule, Cron(schedule.cron, schedule.time_zone))
