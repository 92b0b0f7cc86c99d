"""What can be set about the folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySettings:
    """Limits of the company service."""

    import_row_limit: int = 50_000
    """Rows that one import stream may carry."""
    upload_row_limit: int = 1_000_000
    """Rows that one upload may carry, which a job imports."""
    most_transfers: int = 20
    """Imports and exports of a tenant that may wait or run at the same time."""
    transfers_kept_for: timedelta = timedelta(days=7)
    """How long uploads, their rejections and exports stay: after their end, or from when they were asked for."""
    cached_companies: int = 10_000
    """Companies that one worker keeps in memory, ready to be sent."""
    cached_for: timedelta = timedelta(seconds=5)
    """After this a company is read again even if no change was heard of."""

    def __post_init__(self) -> None:
        for name in ("import_row_limit", "upload_row_limit", "most_transfers", "cached_companies"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("cached_for", "transfers_kept_for"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name} must be more than 0")
