"""What is made ready once the process serves."""

import logging
import threading

import pytest

from function_backend.runtime.warm_up import WarmUp
from tests.runtime.echo import eventually


def test_its_steps_are_taken_once_and_in_their_order() -> None:
    taken: list[str] = []
    warm_up = WarmUp([lambda: taken.append("first"), lambda: taken.append("second")])
    assert taken == []
    warm_up.begin()
    eventually(lambda: len(taken) == 2)
    warm_up.begin()
    warm_up.stop()
    assert taken == ["first", "second"]


def test_a_step_that_fails_is_told_and_keeps_no_other_from_being_taken(caplog: pytest.LogCaptureFixture) -> None:
    taken = threading.Event()
    warm_up = WarmUp([lambda: 1 // 0, taken.set])
    with caplog.at_level(logging.ERROR):
        warm_up.begin()
        assert taken.wait(10)
    warm_up.stop()
    assert "could not be made ready" in caplog.text


def test_an_end_waits_for_the_step_that_is_taken_and_leaves_out_the_rest() -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    taken: list[str] = []

    def first() -> None:
        begun.set()
        may_go_on.wait(10)
        taken.append("first")

    warm_up = WarmUp([first, lambda: taken.append("second")])
    warm_up.begin()
    assert begun.wait(10)
    ending = threading.Thread(target=warm_up.stop)
    ending.start()
    eventually(warm_up._stopping.is_set)
    may_go_on.set()
    ending.join()
    assert taken == ["first"]


def test_ending_without_having_begun_does_nothing() -> None:
    WarmUp([]).stop()
