"""Trying a version out on many inputs: what is asked for, and what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs
from function_backend.services.rules.domain.version import CalledVersion

MOST_ERRORS = 100
"""Kinds of errors that are counted for themselves; further ones are counted together."""
OTHER_ERRORS = ("", "others")


class SimulationState(Enum):
    """How far a simulation has come."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = frozenset({SimulationState.SUCCEEDED, SimulationState.FAILED, SimulationState.CANCELLED})


class SimulationOutcome(Enum):
    """What changes for one set of inputs. The values are those of the contract."""

    SAME = 1
    FLIPPED = 2
    NEWLY_MATCHING = 3
    NO_LONGER_MATCHING = 4
    NEWLY_FAILING = 5
    NO_LONGER_FAILING = 6


class NotReplayable(Enum):
    """Why inputs could not be tried out. The values are those of the contract."""

    INPUTS_NOT_KEPT = 1
    INPUTS_REDACTED = 2
    INPUTS_REFUSED = 3
    BASELINE_REFUSED = 4


class Outcome(NamedTuple):
    """How a decision came out, as far as it is compared."""

    status: DecisionStatus
    value: Any
    """Anything that can be compared, such as a message; None without a value."""


def compared(before: Outcome, after: Outcome) -> SimulationOutcome:
    """What changes from one outcome to the other."""
    if before == after:
        return SimulationOutcome.SAME
    if after.status is DecisionStatus.FAILED:
        return SimulationOutcome.NEWLY_FAILING
    if before.status is DecisionStatus.FAILED:
        return SimulationOutcome.NO_LONGER_FAILING
    if before.status is DecisionStatus.NO_MATCH:
        return SimulationOutcome.NEWLY_MATCHING
    if after.status is DecisionStatus.NO_MATCH:
        return SimulationOutcome.NO_LONGER_MATCHING
    return SimulationOutcome.FLIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One set of inputs that a version is tried out on."""

    place: str
    """Tells it from the others, and says where to go on: the id of a decision or company, or a number."""
    kind: type[StoredDecisions | UploadedInputs | CurrentCompanies]
    given: Callable[[], GivenInputs] | None
    """Reads the inputs, when their turn has come; None where they were not kept."""
    effective_at: datetime
    redacted: bool = False
    logged: bytes | None = None
    """What was decided, as the log keeps it."""
    digest: bytes | None = None
    """That of the log."""


@dataclass(slots=True)
class Tally:
    """What came out so far. It grows as a simulation goes on."""

    counts: Counter[SimulationOutcome] = field(default_factory=Counter)
    not_replayable: Counter[NotReplayable] = field(default_factory=Counter)
    not_replayable_examples: dict[NotReplayable, str] = field(default_factory=dict)
    """What was said the first time."""
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By rule and message."""
    examples: dict[SimulationOutcome, list[Any]] = field(default_factory=dict)
    """As the wire shows them."""

    def skip(self, why: NotReplayable, said: str = "") -> None:
        """Counts inputs that could not be tried out."""
        self.not_replayable[why] += 1
        if said:
            self.not_replayable_examples.setdefault(why, said)

    def fail(self, rule_id: str, message: str) -> None:
        """Counts a failure of a rule."""
        key = (rule_id, message)
        if key not in self.errors and len(self.errors) >= MOST_ERRORS:
            key = OTHER_ERRORS
        self.errors[key] += 1

    def wants_example(self, outcome: SimulationOutcome, most: int) -> bool:
        """Whether one more example of the change is to be kept."""
        return outcome is not SimulationOutcome.SAME and len(self.examples.get(outcome, ())) < most

    def keep(self, outcome: SimulationOutcome, example: Any) -> None:  # noqa: ANN401  as the wire shows it
        """Keeps an example."""
        self.examples.setdefault(outcome, []).append(example)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecisions:
    """Decisions of the log."""

    version: int
    decided_from: datetime | None
    decided_until: datetime | None
    limit: int
    include_redacted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedInputs:
    """Inputs that came with the request, each as JSON."""

    inputs: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentCompanies:
    """All companies of the tenant."""

    input: str
    constants: Mapping[str, Any]
    limit: int
    """How many at most; 0 for all."""


Source = StoredDecisions | UploadedInputs | CurrentCompanies


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A version that is, was or will be tried out."""

    id: UUID
    definition_id: UUID
    name: str
    version: int
    """0 for a definition that is not stored."""
    content: bytes
    """The message `function.rules.v1.Definition`; empty in lists."""
    content_hash: str
    calls: tuple[CalledVersion, ...]
    baseline_version: int
    """0 for stored decisions."""
    source: bytes
    """The message `function.rules.v1.SimulationSource`; empty in lists."""
    max_examples: int
    state: SimulationState
    done: int
    total: int
    place: str
    """The last subject that was counted; empty at first."""
    result: bytes
    """The message `function.rules.v1.SimulationResult`; empty in lists."""
    failure: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime
    creator: str

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in OVER

    def ended(self, state: SimulationState, *, at: datetime, failure: str = "") -> Simulation:
        """The simulation, which is over."""
        return replace(self, state=state, ended_at=at, failure=failure)
