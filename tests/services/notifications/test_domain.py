"""Languages, addresses, digests and preferences, without a database."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.services.notifications.domain.addresses import (
    AddressError,
    checked_address,
    holder_digest,
    one_line,
)
from function_backend.services.notifications.domain.category import DigestSchedule
from function_backend.services.notifications.domain.languages import canonical_language, language_chain
from function_backend.services.notifications.domain.notification import wait_before
from function_backend.services.notifications.domain.preference import Preference, wants

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "usual", "chain"),
    [
        ("de-AT", "en", ("de-AT", "de", "en")),
        ("DE-at", "en-GB", ("de-AT", "de", "en-GB", "en")),
        ("zh-hant-tw", "en", ("zh-Hant-TW", "zh-Hant", "zh", "en")),
        ("", "en", ("en",)),
        ("en", "en", ("en",)),
    ],
)
def test_a_language_falls_back_to_wider_ones_and_then_to_the_usual_one(
    wanted: str, usual: str, chain: tuple[str, ...]
) -> None:
    assert language_chain(wanted, usual) == chain


@given(st.from_regex(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}", fullmatch=True))
@settings(deadline=None)
def test_a_language_in_its_usual_form_stays_as_it_is(tag: str) -> None:
    assert canonical_language(canonical_language(tag)) == canonical_language(tag)


@pytest.mark.parametrize(
    ("channel", "text", "address"),
    [
        ("email", " Ann@Example.COM ", "Ann@example.com"),
        ("email", "käthe@müller.example", "käthe@müller.example"),
        ("sms", "+43 664 / 123-45-67", "+436641234567"),
        ("chat", "#support", "#support"),
    ],
)
def test_an_address_is_kept_in_its_usual_form(channel: str, text: str, address: str) -> None:
    assert checked_address(channel, text) == address


@pytest.mark.parametrize("channel", ["email", "sms", "chat", "pager"])
@pytest.mark.parametrize("end", ["\r\nBcc: eve@example.com", "\n", "\u2028", "\x00", "\u202e"])
def test_an_address_with_a_line_end_is_refused_by_every_channel(channel: str, end: str) -> None:
    with pytest.raises(AddressError):
        checked_address(channel, f"ann@example.com{end}")


@pytest.mark.parametrize("text", ["ann", "ann@", "@example.com", "a b@example.com", "ann@example.com, eve@example.com"])
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        checked_address("email", text)


@pytest.mark.parametrize("text", ["0664 1234567", "+0123456", "+43abc", "", "+1"])
def test_what_is_no_phone_number_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        checked_address("sms", text)


@given(st.text())
@settings(deadline=None)
def test_a_text_on_one_line_has_no_line_end_and_no_control_character(text: str) -> None:
    assert all(sign.isprintable() or sign == " " for sign in one_line(text) if ord(sign) < 128)
    assert len(one_line(text).splitlines()) <= 1


def test_who_has_an_address_is_the_same_in_capitals_and_another_by_another_channel() -> None:
    assert holder_digest("email", "Ann@example.com") == holder_digest("email", "ann@EXAMPLE.com")
    assert holder_digest("email", "ann@example.com") != holder_digest("chat", "ann@example.com")


def test_a_digest_goes_at_the_next_of_its_times_on_one_of_its_days() -> None:
    schedule = DigestSchedule(times=(time(8), time(17)), weekdays=frozenset({1, 5}), time_zone="Europe/Vienna")
    # Thursday, 9:00 in Vienna.
    assert schedule.next_after(NOW) == datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
    assert schedule.next_after(datetime(2026, 11, 27, 7, 0, tzinfo=UTC)) == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    assert schedule.next_after(datetime(2026, 11, 27, 16, 0, tzinfo=UTC)) == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


def test_a_time_that_the_change_to_summer_time_leaves_out_comes_an_hour_later() -> None:
    schedule = DigestSchedule(times=(time(2, 30),), time_zone="Europe/Vienna")
    assert schedule.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_time_that_comes_twice_when_the_clock_is_put_back_is_taken_once() -> None:
    schedule = DigestSchedule(times=(time(2, 30),), time_zone="Europe/Vienna")
    first = schedule.next_after(datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert schedule.next_after(first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001  as hypothesis wants
    st.sets(st.times(), min_size=1, max_size=4),
    st.sets(st.integers(1, 7), max_size=7),
    st.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]),
)
@settings(deadline=None)
def test_the_next_digest_is_always_later_and_within_eight_days(
    moment: datetime, times: set[time], weekdays: set[int], zone: str
) -> None:
    at = moment.replace(tzinfo=UTC)
    schedule = DigestSchedule(times=tuple(times), weekdays=frozenset(weekdays), time_zone=zone)
    assert at < schedule.next_after(at) <= at + timedelta(days=8, hours=1)


def _preference(holder: bytes, channel: str, *, subscribed: bool) -> Preference:
    return Preference(
        holder=holder, category="news", channel=channel, subscribed=subscribed, source="recipient", updated_at=NOW
    )


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ([], True),
        ([(b"a", "", False)], False),
        ([(b"a", "", False), (b"a", "email", True)], True),
        ([(b"a", "email", False)], False),
        ([(b"a", "sms", False)], True),
        ([(b"a", "email", True), (b"u", "", False)], False),
    ],
)
def test_user_and_address_may_each_refuse_and_the_channel_goes_before_all(
    said: list[tuple[bytes, str, bool]], *, wanted: bool
) -> None:
    found = [_preference(holder, channel, subscribed=subscribed) for holder, channel, subscribed in said]
    assert wants(found, "email") is wanted


@given(st.integers(1, 10_000), st.floats(0, 1))
@settings(deadline=None)
def test_a_wait_grows_up_to_an_hour_and_is_never_nothing(attempt: int, share: float) -> None:
    assert timedelta(seconds=2) < wait_before(attempt, share=share) <= timedelta(hours=1)
    assert wait_before(attempt, share=0) <= wait_before(attempt, share=share) <= wait_before(attempt, share=1)
