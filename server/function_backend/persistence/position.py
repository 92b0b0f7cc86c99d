"""Positions in PostgreSQL's write-ahead log, as whole numbers."""

from __future__ import annotations

_HALF = 32

POSITION_SQL = "case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end"
"""What the server that is asked has: applied, on a replica; written, on a primary."""


def parse_position(text: str | bytes) -> int:
    """The position that PostgreSQL writes as `16/B374D848`."""
    high, low = (text.decode() if isinstance(text, bytes) else text).split("/")
    return (int(high, 16) << _HALF) | int(low, 16)
