"""The reasons of relationships and checks."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
)


class RelationSchemaInvalidError(InvalidArgumentError):
    """The relation schema cannot be read or does not add up."""

    default_reason = "RELATION_SCHEMA_INVALID"


class RelationSchemaNotFoundError(NotFoundError):
    """The tenant has no relation schema, or not this version."""

    default_reason = "RELATION_SCHEMA_NOT_FOUND"


class RelationSchemaOrphansTuplesError(PreconditionError):
    """Relationships exist that the new relation schema does not allow: remove them first."""

    default_reason = "RELATION_SCHEMA_ORPHANS_TUPLES"


class RelationSchemaChangedError(ConflictError):
    """The etag in the request is not that of the relation schema: somebody wrote another version in between."""

    default_reason = "RELATION_SCHEMA_CHANGED"


class RelationUnknownError(InvalidArgumentError):
    """The relation schema declares no such type, relation or permission."""

    default_reason = "RELATION_UNKNOWN"


class RelationshipInvalidError(InvalidArgumentError):
    """A relationship, resource or subject is not written as it must be, or the relation schema does not …."""

    default_reason = "RELATIONSHIP_INVALID"


class RelationshipExistsError(AlreadyExistsError):
    """A relationship that was to be created exists."""

    default_reason = "RELATIONSHIP_EXISTS"


class PreconditionFailedError(PreconditionError):
    """A precondition of the change does not hold; nothing was changed."""

    default_reason = "PRECONDITION_FAILED"


class CheckTooComplexError(PreconditionError):
    """The answer would take more steps than one check may: relationships are nested too deeply, or too …."""

    default_reason = "CHECK_TOO_COMPLEX"


class DecisionNotFoundError(NotFoundError):
    """No recorded decision with this id is visible to the caller."""

    default_reason = "DECISION_NOT_FOUND"
