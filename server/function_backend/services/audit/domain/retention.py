"""How long records are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What holds for a tenant."""

    keep_for: timedelta | None
    """What it decided itself; None where what the installation keeps holds."""
    effective: timedelta | None
    """What holds; None for ever."""
    first_seq: int
    """The first record that is kept."""
