"""How long to wait before trying again."""

from __future__ import annotations

import random

_FIRST_SECONDS = 0.1
_MOST_DOUBLINGS = 32

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load only


class Backoff:
    """Pauses that double with each failure, up to the longest, each between half and the whole of it."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._failures = 0

    def pause(self) -> float:
        """Seconds to wait after one more failure."""
        whole = min(self._longest, _FIRST_SECONDS * 2.0 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        return whole * _RANDOM.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
