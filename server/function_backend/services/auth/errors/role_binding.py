"""The failures of role bindings."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, NotFoundError, Resource, invalid_fields
from function_backend.services.auth.domain.access_expression import ExpressionProblem

_EXPRESSION = "condition.expression"


class RoleBindingNotFoundError(NotFoundError):
    """No binding with this id is visible to the caller."""

    reason = "ROLE_BINDING_NOT_FOUND"

    def __init__(self, binding_id: UUID) -> None:
        super().__init__(
            f"Role binding {binding_id} does not exist.",
            metadata={"role_binding_id": str(binding_id)},
            resource=Resource("role_binding", str(binding_id)),
        )


class RoleSubjectNotFoundError(NotFoundError):
    """There is no such user, service account or group in the tenant."""

    reason = "ROLE_SUBJECT_NOT_FOUND"

    def __init__(self, subject: str) -> None:
        kind = subject.partition(":")[0]
        super().__init__(
            f"The subject {subject} does not exist.", metadata={"subject": subject}, resource=Resource(kind, subject)
        )


class ConditionInvalidError(InvalidArgumentError):
    """The expression of a condition cannot be accepted."""

    reason = "CONDITION_INVALID"

    def __init__(self, problems: Sequence[ExpressionProblem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        excerpt, _, caret = first.excerpt.partition("\n")
        super().__init__(
            f"{_EXPRESSION}: {first.sentence}{more}",
            metadata={
                "line": str(first.line),
                "column": str(first.column),
                "excerpt": excerpt or first.message,
                "caret": caret or "^",
            },
            violations=[FieldViolation(_EXPRESSION, problem.sentence) for problem in problems],
        )


def binding_without_future() -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a binding that would never count."""
    return invalid_fields(FieldViolation("expire_time", "must lie in the future"))
