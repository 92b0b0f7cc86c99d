"""A candidate beside the version in force."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from function_backend.services.rules.domain.version import Approval, CalledVersion, Version, VersionState

HUNDREDTHS = 10_000
"""All keys, in hundredths of a hundredth."""


class RolloutMode(Enum):
    """What a candidate does."""

    SHADOW = "shadow"
    """It decides as well, and nobody acts upon it."""
    PERCENTAGE = "percentage"
    """It answers for a share of the keys."""


class RolloutEnd(Enum):
    """How a rollout ends."""

    PROMOTE = "promote"
    DROP = "drop"


class Agreement(Enum):
    """What became of the comparison of a candidate with the version in force."""

    AGREED = "agreed"
    DIFFERED = "differed"
    FAILED = "failed"
    """The candidate failed, or could not read the inputs, and the version in force did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A candidate beside the version in force."""

    definition_id: UUID
    candidate: int
    """The number of its version."""
    content_hash: str
    calls: tuple[CalledVersion, ...]
    """What it calls, as of when the rollout was set."""
    mode: RolloutMode
    hundredths: int
    """The share of the keys that it answers for, in hundredths of a hundredth."""
    key: str
    """A CEL expression over the inputs of the version in force; empty in the shadow."""
    started_at: datetime
    updated_at: datetime
    author: str
    comment: str

    def answers_for(self, key: str) -> bool:
        """Whether the candidate answers for the key: always the same, and at a larger share for all that it did."""
        # The decision's id is in it, so that the same keys are not the first for every decision of a tenant.
        digest = hashlib.blake2b(
            self.definition_id.bytes + key.encode("utf-8", "surrogatepass"), digest_size=8
        ).digest()
        return int.from_bytes(digest) % HUNDREDTHS < self.hundredths


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonCounts:
    """What the log says of a candidate."""

    agreed: int = 0
    differed: int = 0
    failed: int = 0
    not_compared: int = 0
    answered_by_candidate: int = 0


def rollout_states(approval: Approval) -> tuple[VersionState, ...]:
    """The states of versions that may be rolled out: those that may be published and do not change."""
    fixed = (VersionState.APPROVED, VersionState.PUBLISHED)
    return (VersionState.IN_REVIEW, *fixed) if approval is Approval.NONE else fixed


def is_active(rollout: Rollout, version: Version | None, states: Sequence[VersionState]) -> bool:
    """Whether the candidate takes part: it is still what it was, and may still be published."""
    return version is not None and version.state in states and version.content.content_hash == rollout.content_hash
