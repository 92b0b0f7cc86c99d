"""What the use cases of rules need from outside of the folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs, TakenDecision
from function_backend.services.rules.domain.problem import CaseReport, DefinitionProblem


class CompiledDecision(Protocol):
    """A definition that is ready to decide. It is never changed, and may be used by several threads."""

    @property
    def warnings(self) -> Sequence[DefinitionProblem]:
        """What the author should know."""

    @property
    def cost(self) -> int:
        """The estimate of what one evaluation costs at most, in steps."""

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


class Compiler(Protocol):
    """Makes definitions ready to decide."""

    def compile(self, body: bytes, called: Mapping[str, CompiledDecision]) -> CompiledDecision:
        """The compiled definition; ProblemsFoundError says everything that is wrong with it."""


class DecisionSink(Protocol):
    """Where decisions are logged."""

    def log(self, taken: Sequence[TakenDecision]) -> None:
        """Takes note of the decisions, or of the sample that is to be kept of them."""


class CompanySource(Protocol):
    """Reads companies for decisions."""

    def company(self, company_id: UUID, call: Call) -> Any:  # noqa: ANN401
        """The company as `google.protobuf.Any`, as the caller sees it.

        Raises CompanyNotFoundError when the caller sees none with this id.
        """
