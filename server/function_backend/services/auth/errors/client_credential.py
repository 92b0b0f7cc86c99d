"""The failures of the credentials of service accounts."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
    Resource,
    invalid_fields,
)


class ClientNotFoundError(NotFoundError):
    """No service account that could have credentials has this id."""

    reason = "CLIENT_NOT_FOUND"

    def __init__(self, client_id: UUID) -> None:
        super().__init__(
            f"Service account {client_id} does not exist.",
            metadata={"client_id": str(client_id)},
            resource=Resource("service_account", str(client_id)),
        )


class ClientCredentialNotFoundError(NotFoundError):
    """No credential of a service account with this id is visible to the caller."""

    reason = "CLIENT_CREDENTIAL_NOT_FOUND"

    def __init__(self, credential_id: UUID) -> None:
        super().__init__(
            f"Client credential {credential_id} does not exist.",
            metadata={"client_credential_id": str(credential_id)},
            resource=Resource("client_credential", str(credential_id)),
        )


class TooManyClientCredentialsError(PreconditionError):
    """The service account has as many usable credentials as one may have."""

    reason = "TOO_MANY_CLIENT_CREDENTIALS"

    def __init__(self, client_id: UUID, limit: int) -> None:
        super().__init__(
            f"A service account has at most {limit} usable credentials; revoke one first.",
            metadata={"limit": str(limit)},
            resource=Resource("service_account", str(client_id)),
        )


def public_jwk_refused(why: str) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a public key that is not taken."""
    return invalid_fields(FieldViolation("public_jwk", why))
