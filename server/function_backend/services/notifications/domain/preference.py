"""What recipients want of a category by a channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

BY_LINK = "recipient"
"""Who said so when it was whoever has the link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Whether somebody wants notifications of a category by a channel."""

    holder: bytes
    """The digest of the user or of the address."""
    category: str
    channel: str
    """All channels when empty."""
    subscribed: bool
    source: str
    updated_at: datetime
    revision: int = 1


def wants(preferences: Iterable[Preference], channel: str) -> bool:
    """Whether somebody with these preferences of a category wants it by the channel.

    Of the user and the address, each may refuse. What one of them says of the channel itself goes before what it says
    of all.
    """
    said: dict[bytes, dict[str, bool]] = {}
    for each in preferences:
        if each.channel in ("", channel):
            said.setdefault(each.holder, {})[each.channel] = each.subscribed
    return all(by_channel.get(channel, by_channel.get("", True)) for by_channel in said.values())
