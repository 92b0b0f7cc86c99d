"""Conditions of grants, held against made-up calls."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_address, ip_network
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.interceptors.peer import peer_address
from function_backend.kernel.conditions import ALWAYS, Circumstances, GrantCondition, TimeWindow
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.kernel.step_up import StepUp

_NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
_MINUTES = st.integers(0, 24 * 60 - 1)


def _caller(kind: str = "user", *methods: str, signed_in: datetime | None = None) -> Principal:
    return Principal(
        kind,
        uuid4(),
        uuid4(),
        PermissionSet(frozenset()),
        authentication_methods=frozenset(methods),
        authenticated_at=signed_in,
    )


def _around(
    principal: Principal | None = None, *, now: datetime = _NOW, address: str | None = "10.1.2.3"
) -> Circumstances:
    found = None if address is None else ip_address(address)
    return Circumstances(caller=principal or _caller(), now=now, address=found)


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


class TestTimeWindow:
    @given(
        begin=_MINUTES,
        end=_MINUTES,
        days=st.frozensets(st.integers(1, 7)),
        moment=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    )
    def test_it_includes_the_moments_after_one_of_its_beginnings_and_before_the_end(
        self, begin: int, end: int, days: frozenset[int], moment: datetime
    ) -> None:
        window = TimeWindow(days=days, begin=_clock(begin), end=_clock(end), zone=ZoneInfo("UTC"))
        length = timedelta(minutes=end - begin if end > begin else end - begin + 24 * 60)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        beginnings = [midnight + timedelta(days=day, minutes=begin) for day in (-1, 0)]
        expected = any(
            start <= moment < start + length and (not days or start.isoweekday() in days) for start in beginnings
        )
        assert window.includes(moment) is expected

    def test_it_goes_by_the_clocks_of_its_zone_in_summer_and_winter(self) -> None:
        office = TimeWindow(days=frozenset(), begin=time(9), end=time(17), zone=ZoneInfo("Europe/Berlin"))
        assert office.includes(datetime(2026, 7, 1, 7, 0, tzinfo=UTC))
        assert not office.includes(datetime(2026, 12, 1, 7, 0, tzinfo=UTC))
        assert office.includes(datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
        assert not office.includes(datetime(2026, 12, 1, 16, 0, tzinfo=UTC))

    def test_a_night_belongs_to_the_day_on_which_it_begins(self) -> None:
        night = TimeWindow(days=frozenset({5}), begin=time(22), end=time(6), zone=ZoneInfo("UTC"))
        friday, saturday = datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)
        assert night.includes(friday.replace(hour=23))
        assert night.includes(saturday.replace(hour=5))
        assert not night.includes(friday.replace(hour=5))
        assert not night.includes(saturday.replace(hour=23))


class TestGrantCondition:
    def test_one_that_asks_for_nothing_always_holds(self) -> None:
        assert ALWAYS.holds(_around(address=None))

    def test_everything_that_is_given_must_hold(self) -> None:
        all_day = TimeWindow(days=frozenset(), begin=time(0), end=time(0), zone=ZoneInfo("UTC"))
        condition = GrantCondition(
            expires_at=_NOW + timedelta(seconds=1),
            networks=(ip_network("10.0.0.0/8"),),
            windows=(all_day,),
            second_factor=True,
            max_sign_in_age=timedelta(minutes=5),
        )
        strong = _caller("user", "pwd", "mfa", signed_in=_NOW - timedelta(minutes=5))
        assert condition.holds(_around(strong))
        assert not condition.holds(_around(strong, now=_NOW + timedelta(seconds=1)))
        assert not condition.holds(_around(strong, address="11.0.0.1"))
        assert not condition.holds(_around(strong, address=None))
        assert not condition.holds(_around(strong, address="::ffff:a01:203"))
        assert not condition.holds(_around(_caller("user", "pwd", signed_in=_NOW)))
        stale = _caller("user", "mfa", signed_in=_NOW - timedelta(minutes=5, microseconds=1))
        assert not condition.holds(_around(stale))
        assert not condition.holds(_around(_caller("user", "mfa")))

    def test_any_one_of_the_networks_and_of_the_windows_is_enough(self) -> None:
        past, present = (
            TimeWindow(days=frozenset(), begin=time(hour), end=time(hour + 1), zone=ZoneInfo("UTC"))
            for hour in (18, 20)
        )
        condition = GrantCondition(
            networks=(ip_network("192.0.2.0/24"), ip_network("10.0.0.0/8")), windows=(past, present)
        )
        assert condition.holds(_around())
        assert not condition.holds(_around(now=_NOW + timedelta(hours=1)))


class TestStepUp:
    def test_a_service_meets_every_demand(self) -> None:
        demand = StepUp(second_factor=True, max_age=timedelta(seconds=1))
        for kind in ("api_key", "service_account", "system"):
            assert demand.is_met(_caller(kind), now=_NOW)

    def test_a_person_meets_it_by_a_second_factor_that_is_recent(self) -> None:
        demand = StepUp(second_factor=True, max_age=timedelta(minutes=5))
        recent = _NOW - timedelta(minutes=5)
        assert demand.is_met(_caller("user", "mfa", signed_in=recent), now=_NOW)
        assert not demand.is_met(_caller("user", "pwd", "otp", signed_in=recent), now=_NOW)
        assert not demand.is_met(_caller("user", "mfa", signed_in=recent - timedelta(seconds=1)), now=_NOW)
        assert not demand.is_met(_caller("user", "mfa"), now=_NOW)


class TestPeer:
    @pytest.mark.parametrize(
        ("peer", "address"),
        [
            ("ipv4:10.0.0.7:50312", "10.0.0.7"),
            ("ipv6:%5B::1%5D:50312", "::1"),
            ("ipv6:[2001:db8::7]:50312", "2001:db8::7"),
            ("ipv6:%5Bfe80::1%25eth0%5D:50312", "fe80::1"),
            ("ipv6:%5B::ffff:10.0.0.7%5D:50312", "10.0.0.7"),
        ],
    )
    def test_an_address_is_read_from_the_name_of_the_connection(self, peer: str, address: str) -> None:
        assert str(peer_address(peer)) == address

    @pytest.mark.parametrize("peer", ["", "unix:/run/service.sock", "unix:", "ipv4:", "ipv4:somewhere:1", "10.0.0.7:1"])
    def test_what_is_no_address_is_none(self, peer: str) -> None:
        assert peer_address(peer) is None
