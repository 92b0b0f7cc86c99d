"""A company as a caller wrote it, yet to be checked."""

from __future__ import annotations

from typing import NamedTuple

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import CompanyState, checked_state


class Draft(NamedTuple):
    """What the caller wrote, and what was found wrong with it while it was read."""

    state: CompanyState
    checks: Checks

    def completed(self) -> CompanyState:
        """The state of a new company, checked and normalised; INVALID_ARGUMENT with all its faults."""
        state = checked_state(self.checks, self.state)
        self.checks.complete()
        return state
