"""Order by key, whatever the broker: what follows in a key is handed over when what precedes it has been answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.sinks.sink import Message


def waves(messages: Sequence[Message]) -> list[list[Message]]:
    """The messages in as few waves as there can be with no key twice in one; keys keep their order over the waves.

    Events mostly are of different resources, so there mostly is one wave. A broker confirms message by message, and
    when it refuses one of a key for the moment, the next one that was already under way would overtake it.
    """
    found: list[list[Message]] = []
    depths: dict[str, int] = {}
    for message in messages:
        depth = depths.get(message.key, 0)
        depths[message.key] = depth + 1
        if depth == len(found):
            found.append([])
        found[depth].append(message)
    return found
