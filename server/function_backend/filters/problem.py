"""What is wrong with a filter."""

from __future__ import annotations

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError


class FilterProblem(ValueError):  # noqa: N818 - Not yet an error of the service; the use case makes it one.
    """The filter cannot be used: why, from which column on (from 1), and the field when it is about one."""

    def __init__(self, description: str, position: int, field: str = "", *, advice: str = "") -> None:
        super().__init__(f"{description} at column {position}{advice}")
        self.position = position
        self.field = field


class InvalidFilterError(InvalidArgumentError):
    """The filter cannot be used."""

    reason = "INVALID_FILTER"

    def __init__(self, problem: FilterProblem) -> None:
        super().__init__(
            f"filter: {problem}",
            metadata={"field": problem.field, "position": str(problem.position)},
            violations=[FieldViolation("filter", str(problem))],
        )
