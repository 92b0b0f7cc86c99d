"""What can be set about the folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySettings:
    """Limits of the company service."""

    import_row_limit: int = 50_000
    """Rows that one import stream may carry."""
    cached_companies: int = 10_000
    """Companies that one worker keeps in memory, ready to be sent."""
    cached_for: timedelta = timedelta(seconds=5)
    """After this a company is read again even if no change was heard of."""

    def __post_init__(self) -> None:
        for name in ("import_row_limit", "cached_companies"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.cached_for <= timedelta():
            raise ValueError("cached_for must be more than 0")
