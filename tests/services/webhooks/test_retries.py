from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.services.webhooks.domain.retries import RetrySchedule, pause_after, quiet_after, wished_pause

START = datetime(2026, 11, 26, tzinfo=UTC)
DAYS = timedelta(days=3)


def attempts_of(schedule: RetrySchedule, seed: int) -> list[datetime]:
    """When the attempts of a delivery are made that never arrives."""
    chance, made = random.Random(seed), [START]
    while True:
        due = schedule.next_attempt(attempts=len(made), queued_at=START, now=made[-1], chance=chance)
        if due is None:
            return made
        made.append(due)


class TestSchedule:
    @settings(deadline=None)
    @given(seed=st.integers(0, 2**32))
    def test_a_delivery_is_tried_for_three_days_and_not_more_than_that(self, seed: int) -> None:
        made = attempts_of(RetrySchedule(), seed)
        assert made[-1] == START + DAYS
        assert 12 <= len(made) <= 20

    @settings(deadline=None)
    @given(seed=st.integers(0, 2**32))
    def test_pauses_grow_up_to_half_a_day_and_are_moved_a_little(self, seed: int) -> None:
        chance = random.Random(seed)
        for attempts in range(1, 40):
            planned = min(5 * 3.0 ** (attempts - 1), 43_200)
            assert planned * 0.79 <= pause_after(attempts, chance).total_seconds() <= planned * 1.21

    def test_what_failed_together_does_not_come_back_together(self) -> None:
        chance = random.Random(7)
        assert len({pause_after(3, chance) for _ in range(50)}) > 40

    def test_nothing_is_tried_before_the_receiver_wants_it(self) -> None:
        due = RetrySchedule().next_attempt(
            attempts=1, queued_at=START, now=START, wish=timedelta(hours=2), chance=random.Random(1)
        )
        assert due == START + timedelta(hours=2)

    def test_a_short_wish_does_not_shorten_the_pause(self) -> None:
        due = RetrySchedule().next_attempt(
            attempts=5, queued_at=START, now=START, wish=timedelta(seconds=1), chance=random.Random(1)
        )
        assert due is not None
        assert due > START + timedelta(minutes=4)


class TestRetryAfter:
    def test_seconds_and_dates_are_understood(self) -> None:
        assert wished_pause(503, "120", now=START) == timedelta(minutes=2)
        assert wished_pause(429, "Thu, 26 Nov 2026 00:10:00 GMT", now=START) == timedelta(minutes=10)
        assert wished_pause(503, "Wed, 25 Nov 2026 00:10:00 GMT", now=START) == timedelta()

    def test_more_than_a_day_is_not_honoured(self) -> None:
        for text in ("9999999999999999999999", "Thu, 26 Nov 2099 00:10:00 GMT"):
            assert wished_pause(503, text, now=START) == timedelta(days=1)

    @settings(deadline=None)
    @given(text=st.text(max_size=40))
    def test_no_text_makes_it_fail(self, text: str) -> None:
        wish = wished_pause(503, text, now=START)
        assert wish is None or timedelta() <= wish <= timedelta(days=1)

    def test_a_success_has_no_wish(self) -> None:
        assert wished_pause(204, "120", now=START) is None

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_one_that_has_too_much_to_do_is_left_alone_with_everything(self, status: int) -> None:
        assert quiet_after(status, timedelta(minutes=2)) == timedelta(minutes=2)
        assert quiet_after(status, None) == timedelta(seconds=5)

    @pytest.mark.parametrize("status", [0, 301, 400, 404, 500])
    def test_what_is_about_one_delivery_holds_up_no_other(self, status: int) -> None:
        assert quiet_after(status, timedelta(minutes=2)) is None
