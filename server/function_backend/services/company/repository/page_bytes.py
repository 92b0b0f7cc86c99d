"""How much a page may weigh: a message has a limit, and companies may be large."""

from __future__ import annotations

from collections.abc import Iterable

MOST_BYTES = 3 * 1024 * 1024
"""Of companies on one page, below the 4 MiB of a message by enough for what is around them."""


def fitting(sizes: Iterable[int]) -> int:
    """How many of the first items go on one page together; the first always does, however large it is."""
    count = weight = 0
    for size in sizes:
        weight += size
        if count and weight > MOST_BYTES:
            break
        count += 1
    return count
