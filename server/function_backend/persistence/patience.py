"""How long a call waits for a connection: no longer than somebody waits for the call."""

from __future__ import annotations

from function_backend.kernel.call import current_call
from function_backend.kernel.errors import DeadlineError


def patience(longest: float) -> float:
    """Seconds that the current call may wait, at most so many."""
    call = current_call.get()
    remaining = None if call is None else call.remaining()
    return longest if remaining is None else max(0.0, min(longest, remaining))


def raise_when_out_of_time() -> None:
    """Raises DeadlineError when the current call's time is over."""
    if patience(1.0) == 0.0:
        raise DeadlineError("The time ran out while waiting for the database.", metadata={"remaining_ms": "0"})
