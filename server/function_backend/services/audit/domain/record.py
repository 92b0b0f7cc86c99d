"""Records of the trail as callers see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from function_backend.events.audit import AuditRecord


class Outcome(StrEnum):
    """How what a record tells of ended; the member `outcome` of its details, and success where there is none."""

    SUCCEEDED = "succeeded"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with the hash that is stored with it."""

    record: AuditRecord
    hash: bytes

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        details = self.record.details
        if details is None or '"outcome"' not in details:
            return Outcome.SUCCEEDED
        said = json.loads(details)
        told = said.get("outcome") if isinstance(said, dict) else None
        return Outcome(told) if told in {Outcome.DENIED, Outcome.FAILED} else Outcome.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with the chain."""

    seq: int
    description: str
