"""The failures of relation schemas, relationships and checks."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
    Resource,
)
from function_backend.services.auth.domain.relations.problem import SchemaProblem, shown
from function_backend.services.auth.domain.relations.source import TooComplex


class RelationSchemaInvalidError(InvalidArgumentError):
    """The schema cannot be read or does not add up."""

    reason = "RELATION_SCHEMA_INVALID"

    def __init__(self, text: str, problem: SchemaProblem) -> None:
        place, what = problem.complaints[0]
        count = len(problem.complaints)
        more = f" (and {count - 1} more)" if count > 1 else ""
        excerpt, caret = shown(text, place)
        super().__init__(
            f"text: line {place.line}, column {place.column}: {what}{more}",
            metadata={
                "violations": str(count),
                "line": str(place.line),
                "column": str(place.column),
                "excerpt": excerpt,
                "caret": caret,
            },
            violations=[
                FieldViolation("text", f"line {at.line}, column {at.column}: {said}") for at, said in problem.complaints
            ],
        )


class RelationSchemaNotFoundError(NotFoundError):
    """The tenant has no relation schema, or not this version."""

    reason = "RELATION_SCHEMA_NOT_FOUND"

    def __init__(self, version: int = 0) -> None:
        message = (
            f"Version {version} of the relation schema does not exist."
            if version
            else "There is no relation schema yet; write one with WriteSchema."
        )
        name = str(version) if version else "current"
        super().__init__(message, metadata={"version": name}, resource=Resource("relation_schema", name))


class SchemaOrphansTuplesError(PreconditionError):
    """Relationships exist that the new schema does not allow."""

    reason = "RELATION_SCHEMA_ORPHANS_TUPLES"

    def __init__(self, counts: Sequence[tuple[str, int]], example: str) -> None:
        total = sum(count for _, count in counts)
        named = ", ".join(f"{relation}: {count}" for relation, count in counts)
        super().__init__(
            f"{total} relationships would have no place in the new schema ({named}), such as {example}; remove them "
            "first.",
            metadata={"count": str(total), "relations": named, "example": example},
        )


class RelationSchemaChangedError(ConflictError):
    """Somebody wrote another version since the caller read it."""

    reason = "RELATION_SCHEMA_CHANGED"

    def __init__(self, current_etag: str) -> None:
        super().__init__(
            "The relation schema has changed since it was read; read it again and repeat the change.",
            metadata={"current_etag": current_etag},
            resource=Resource("relation_schema", "current"),
        )


class RelationUnknownError(InvalidArgumentError):
    """The schema declares no such type, relation or permission."""

    reason = "RELATION_UNKNOWN"

    def __init__(self, field: str, name: str, description: str) -> None:
        super().__init__(
            f"{field}: {description}", metadata={"name": name}, violations=[FieldViolation(field, description)]
        )


class RelationshipInvalidError(InvalidArgumentError):
    """A relationship, resource or subject is not written as it must be, or the schema does not allow it."""

    reason = "RELATIONSHIP_INVALID"

    def __init__(self, *violations: FieldViolation) -> None:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(
            f"{first.field}: {first.description}{more}",
            metadata={"violations": str(len(violations))},
            violations=violations,
        )


class RelationshipExistsError(AlreadyExistsError):
    """A relationship that was to be created exists."""

    reason = "RELATIONSHIP_EXISTS"

    def __init__(self, relationship: str) -> None:
        super().__init__(
            f"The relationship {relationship} exists.",
            metadata={"relationship": relationship},
            resource=Resource("relationship", relationship),
        )


class RelationshipPreconditionError(PreconditionError):
    """A precondition of a change of relationships does not hold."""

    reason = "PRECONDITION_FAILED"

    def __init__(self, number: int, *, must_exist: bool) -> None:
        what = "no relationship fits" if must_exist else "a relationship fits"
        super().__init__(f"preconditions[{number}] does not hold: {what}.", metadata={"precondition": str(number)})


class CheckTooComplexError(PreconditionError):
    """The answer would take more steps than one check may."""

    reason = "CHECK_TOO_COMPLEX"

    def __init__(self, bound: TooComplex) -> None:
        super().__init__(
            f"The check needs more than {bound.limit} {bound.what}.",
            metadata={"limit": str(bound.limit), "what": bound.what},
        )


class DecisionNotFoundError(NotFoundError):
    """No recorded decision with this id is visible to the caller."""

    reason = "DECISION_NOT_FOUND"

    def __init__(self, decision_id: UUID) -> None:
        super().__init__(
            f"Decision {decision_id} does not exist.",
            metadata={"decision_id": str(decision_id)},
            resource=Resource("relation_decision", str(decision_id)),
        )
