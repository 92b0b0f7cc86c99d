"""What one evaluation may cost."""

from __future__ import annotations

import time
from collections.abc import Sized
from typing import Any, Self, TypeVar

from function_backend_rules.cel.failures import BudgetExceededError

_SizedT = TypeVar("_SizedT", bound=Sized)

STEPS = 500_000
"""Steps of one evaluation when nothing else is said: 20 to 50 ms of loops."""
BYTES = 16 * 1024 * 1024
"""Bytes that one evaluation may make or read through when nothing else is said."""
_ELEMENT = 16
"""Bytes charged for an element of a list or map."""


class Budget:
    """Counts what is left of one evaluation. Made for each of them; not for several threads.

    A loop is charged when it starts: its length times the size of its body. Text and lists are charged before they are
    made. So a stop comes before the work, not after it.
    """

    # Defaults of the class rather than of a constructor: most budgets are made and never charged.
    steps: int = STEPS
    bytes: int = BYTES
    deadline: float | None = None
    """By `time.monotonic()`; None for no deadline."""
    skipped: list[Any]
    """Failures that the owner of the evaluation has passed over; set by it."""

    @classmethod
    def of(cls, steps: int = STEPS, size: int = BYTES, deadline: float | None = None) -> Self:
        """A budget of other sizes, or with a deadline by `time.monotonic()`."""
        budget = cls()
        budget.steps, budget.bytes, budget.deadline = steps, size, deadline
        return budget

    def loop(self, items: _SizedT, cost: int) -> _SizedT:
        """Charges a loop over `items` whose body has `cost` nodes, and gives the items.

        Raises:
            BudgetExceededError: it is too much.
        """
        self.steps -= (len(items) + 1) * cost
        if self.steps < 0:
            raise BudgetExceededError("steps", "the evaluation takes more steps than it may; loop over less")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise BudgetExceededError("deadline", "the deadline passed during the evaluation")
        return items

    def take(self, size: int) -> None:
        """Charges text or bytes of `size` that are about to be made or read through.

        Raises:
            BudgetExceededError: it is too much.
        """
        self.bytes -= size
        if self.bytes < 0:
            raise BudgetExceededError("bytes", "the evaluation makes or reads more text than it may")

    def take_elements(self, count: int) -> None:
        """Charges `count` elements that are about to be made or read through."""
        self.steps -= count
        if self.steps < 0:
            raise BudgetExceededError("steps", "the evaluation takes more steps than it may")
        self.take(count * _ELEMENT)
