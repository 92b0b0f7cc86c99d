"""When schedules are due, in every time zone and through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.jobs.cron import Cron

_ZONES = sorted(available_timezones() - {"localtime", "Factory"})
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_MOMENTS = st.integers(0, 38 * 365 * 86_400).map(lambda seconds: _FIRST + timedelta(seconds=seconds))
_CRONS = st.one_of(
    st.builds("{} {} * * *".format, st.integers(0, 59), st.integers(0, 23)),
    st.builds("*/{} * * * *".format, st.sampled_from([1, 5, 7, 15, 30])),
    st.builds("{} */{} * * *".format, st.integers(0, 59), st.sampled_from([1, 2, 3, 6])),
    st.builds("{} {} * * {}".format, st.integers(0, 59), st.integers(0, 23), st.sampled_from(["MON", "SUN", "1-5"])),
)


@settings(deadline=None)
@given(zone=st.sampled_from(_ZONES), expression=_CRONS, start=_MOMENTS)
def test_moments_only_ever_go_forward(zone: str, expression: str, start: datetime) -> None:
    cron, moment = Cron(expression, zone), start
    for _ in range(50):
        following = cron.next(moment)
        assert following is not None
        assert following > moment
        moment = following


@settings(deadline=None)
@given(zone=st.sampled_from(_ZONES), start=_MOMENTS, minute=st.integers(0, 59), hour=st.integers(0, 23))
def test_once_a_day_is_once_a_day_whatever_the_clocks_do(zone: str, start: datetime, minute: int, hour: int) -> None:
    cron, local = Cron(f"{minute} {hour} * * *", zone), ZoneInfo(zone)
    moments = [start]
    for _ in range(40):
        following = cron.next(moments[-1])
        assert following is not None
        moments.append(following)
    days = [moment.astimezone(local).date() for moment in moments[1:]]
    # One that the clocks skip at midnight comes with the next day's first minute; no day is left out but one that the
    # zone itself leaves out, as Samoa did in 2011.
    for before, after in pairwise(days):
        assert timedelta() <= after - before <= timedelta(days=2)
    for before, after in pairwise(moments[1:]):
        assert timedelta(hours=20) <= after - before <= timedelta(hours=49)


@settings(deadline=None)
@given(
    zone=st.sampled_from(_ZONES), expression=_CRONS, since=_MOMENTS, span=st.timedeltas(timedelta(), timedelta(days=9))
)
def test_the_last_moment_has_no_other_behind_it(zone: str, expression: str, since: datetime, span: timedelta) -> None:
    cron = Cron(expression, zone)
    begun = cron.next(since)
    assert begun is not None
    until = begun + span
    last = cron.last(until, since=begun)
    assert begun <= last <= until
    following = cron.next(last)
    assert following is not None
    # In the hour that the clocks repeat, what was counted from elsewhere may see its moment at the other pass.
    assert following > until - timedelta(hours=3)


class TestKnownChanges:
    def test_a_moment_that_the_clocks_skip_comes_right_after(self) -> None:
        cron = Cron("30 2 * * *", "Europe/Berlin")
        found = cron.next(datetime(2026, 3, 28, 12, tzinfo=UTC))
        assert found == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)

    def test_a_moment_that_the_clocks_repeat_comes_once(self) -> None:
        cron = Cron("30 2 * * *", "Europe/Berlin")
        first = cron.next(datetime(2026, 10, 24, 12, tzinfo=UTC))
        assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert cron.next(first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)

    def test_every_five_minutes_knows_no_gap_in_the_hour_that_is_repeated(self) -> None:
        cron, moment = Cron("*/5 * * * *", "America/New_York"), datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
        for _ in range(60):
            following = cron.next(moment)
            assert following == moment + timedelta(minutes=5)
            moment = following


@pytest.mark.parametrize(
    ("expression", "zone"), [("* * *", "UTC"), ("61 * * * *", "UTC"), ("* * * * *", "Mars/Olympus"), ("", "UTC")]
)
def test_what_says_nothing_is_refused(expression: str, zone: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Cron(expression, zone)
