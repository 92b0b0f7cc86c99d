"""The digest of a state, as audit records keep it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def state_digest(state: DataclassInstance) -> bytes:
    """SHA-256 over the fields of the state as canonical JSON.

    A state that holds a secret, or the hash of one that can be guessed, must not be handed over: leave it out first.
    """
    text = json.dumps(asdict(state), default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Enum):
        return value.value
    for kinds, text_of in _TEXTS:
        if isinstance(value, kinds):
            return text_of(value)
    raise TypeError(f"{type(value).__name__} has no place in a digest")


_TEXTS: tuple[tuple[tuple[type, ...], Callable[[Any], object]], ...] = (
    ((datetime,), datetime.isoformat),
    ((timedelta,), timedelta.total_seconds),
    ((bytes,), bytes.hex),
    ((UUID, time, ZoneInfo, IPv4Network, IPv6Network), str),
)
