"""What the use cases of rules need from outside of the folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.kernel.gates import ProposedChange
from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs, LoggedDecision, TakenDecision
from function_backend.services.rules.domain.hook import ChangeVerdict
from function_backend.services.rules.domain.problem import CaseReport, DefinitionProblem
from function_backend.services.rules.domain.simulation import (
    Outcome,
    Simulation,
    SimulationOutcome,
    Source,
    Subject,
    Tally,
)


class CompiledDecision(Protocol):
    """A definition that is ready to decide. It is never changed, and may be used by several threads."""

    @property
    def warnings(self) -> Sequence[DefinitionProblem]:
        """What the author should know."""

    @property
    def cost(self) -> int:
        """The estimate of what one evaluation costs at most, in steps."""

    @property
    def inputs(self) -> Mapping[str, str]:
        """The types of the inputs by name, as CEL writes them."""

    @property
    def result_type(self) -> str:
        """The type of the result, as CEL writes it."""

    def read_values(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Inputs as the engine sees them; DecisionInputInvalidError when they are not those declared."""

    def verdict_of(self, result: Any) -> ChangeVerdict:  # noqa: ANN401
        """What the engine's result says about a change."""

    def read(self, given: GivenInputs) -> Any:  # noqa: ANN401
        """The inputs as the engine sees them; DecisionInputInvalidError when they are not those declared."""

    def named(self, inputs: Any) -> Mapping[str, Any]:  # noqa: ANN401
        """The values of the inputs by name."""

    def decide(self, inputs: Any, *, now: datetime, deadline: float | None) -> Any:  # noqa: ANN401
        """The engine's result. The deadline is by `time.monotonic()`."""

    def status_of(self, result: Any) -> DecisionStatus:  # noqa: ANN401  the engine's result
        """How the result came out."""

    def explain(self, inputs: Any, *, now: datetime) -> Any:  # noqa: ANN401
        """The engine's explanation, which holds the result as well."""

    def result_of(self, explanation: Any) -> Any:  # noqa: ANN401
        """The result that the explanation explains."""

    def run_cases(self) -> CaseReport:
        """What becomes of the cases that stand in the definition."""

    def inputs_of_type(self, message: str) -> Sequence[str]:
        """The names of the inputs that are messages of this type."""

    def key(self, source: str) -> KeyExpression:
        """The compiled expression over the inputs; ProblemsFoundError when it does not add up."""


class KeyExpression(Protocol):
    """An expression over the inputs of a decision whose value tells keys apart."""

    def of(self, inputs: Any, *, now: datetime) -> str | None:  # noqa: ANN401  the engine's inputs
        """The key as a text, equal for equal values; None when the expression has no value."""


class Compiler(Protocol):
    """Makes definitions ready to decide."""

    def compile(self, body: bytes, called: Mapping[str, CompiledDecision]) -> CompiledDecision:
        """The compiled definition; ProblemsFoundError says everything that is wrong with it."""


class DecisionSink(Protocol):
    """Where decisions are logged."""

    def log(self, taken: Sequence[TakenDecision]) -> None:
        """Takes note of the decisions, or of the sample that is to be kept of them."""


class DecisionKeeping(Protocol):
    """What the log keeps of decisions that are written with the change they are about."""

    def kept(self, taken: TakenDecision, *, always: bool) -> LoggedDecision | None:
        """What is kept of the decision; None when nothing is. With `always` it is left out by no sample."""


class ChangeInputs(Protocol):
    """The inputs that decisions of hooks take, about one change."""

    def values(self, declared: Mapping[str, str]) -> Mapping[str, Any]:
        """Those declared, as the engine sees them."""

    def given(self, declared: Mapping[str, str]) -> GivenInputs:
        """The same as somebody would send them, for the log."""

    def shown(self, declared: Mapping[str, str]) -> Mapping[str, Any]:
        """The same as plain messages and values, for the log."""


class ChangeReader(Protocol):
    """Makes inputs of changes."""

    def __call__(self, change: ProposedChange, operation: str, call: Call) -> ChangeInputs:
        """The inputs that decisions about the change take."""


class CompanySource(Protocol):
    """Reads companies for decisions."""

    def company(self, company_id: UUID, call: Call) -> Any:  # noqa: ANN401
        """The company as `google.protobuf.Any`, as the caller sees it.

        Raises CompanyNotFoundError when the caller sees none with this id.
        """


class CompanyPages(Protocol):
    """Reads all companies of the tenant of the current call."""

    def count(self) -> int:
        """How many there are."""

    def page(self, after: UUID | None, *, limit: int) -> Sequence[tuple[UUID, Any]]:
        """Companies after the given one in the order of their ids, as `google.protobuf.Any`."""


class SimulationForms(Protocol):
    """How what a simulation works with is stored and shown."""

    def source(self, stored: bytes) -> Source:
        """What the version is tried out on."""

    def stored_source(self, source: Source) -> bytes:
        """The same, to be stored."""

    def message(self, value: Simulation) -> bytes:
        """The simulation as callers see it."""

    def tally(self, stored: bytes) -> Tally:
        """What came out so far."""

    def stored_tally(self, tally: Tally) -> bytes:
        """The same, to be stored."""

    def inputs(self, stored: bytes) -> GivenInputs:
        """Inputs as the log keeps them."""

    def logged(self, outcome: bytes) -> tuple[Outcome, Any]:
        """How a logged decision came out, and all that it says."""

    def decided(self, result: Any, status: DecisionStatus) -> Outcome:  # noqa: ANN401  the engine's result
        """How a result of the engine came out."""

    def shown(self, result: Any) -> Any:  # noqa: ANN401  the engine's result
        """All that the result says, as that of a logged decision."""

    def example(self, outcome: SimulationOutcome, subject: Subject, before: Any, after: Any) -> Any:  # noqa: ANN401
        """An example of a change, from two outcomes with all that they say."""

    def digest(self, given: GivenInputs) -> bytes:
        """SHA-256 of inputs that are not in the log."""
