"""The failures of certificate identities."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    Resource,
    invalid_fields,
)

_RESOURCE = "certificate_identity"


class CertificateIdentityNotFoundError(NotFoundError):
    """No certificate identity with this id is visible to the caller."""

    reason = "CERTIFICATE_IDENTITY_NOT_FOUND"

    def __init__(self, identity_id: UUID) -> None:
        super().__init__(
            f"Certificate identity {identity_id} does not exist.",
            metadata={"certificate_identity_id": str(identity_id)},
            resource=Resource(_RESOURCE, str(identity_id)),
        )


class CertificateNameTakenError(AlreadyExistsError):
    """The name is bound already, perhaps by another tenant."""

    reason = "CERTIFICATE_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The certificate name '{name}' is bound already.",
            metadata={"name": name},
            resource=Resource(_RESOURCE, name),
        )


def bad_name(problem: str) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a name that no certificate can carry."""
    return invalid_fields(FieldViolation("name", problem))
