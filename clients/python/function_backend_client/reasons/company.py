"""The reasons of companies and their import."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
)


class CompanyNotFoundError(NotFoundError):
    """No company with this id is visible to the caller."""

    default_reason = "COMPANY_NOT_FOUND"


class CompanyStateNotFoundError(NotFoundError):
    """The company has no state for the times asked for."""

    default_reason = "COMPANY_STATE_NOT_FOUND"


class CompanyIdentifierTakenError(AlreadyExistsError):
    """The identifier belongs to the company `metadata["company_id"]`."""

    default_reason = "COMPANY_IDENTIFIER_TAKEN"


class CompanyEtagMismatchError(ConflictError):
    """The company has changed since it was read; its etag is now `metadata["current_etag"]`."""

    default_reason = "COMPANY_ETAG_MISMATCH"


class CompanyDeletedError(PreconditionError):
    """The company is deleted."""

    default_reason = "COMPANY_DELETED"


class CompanyNotDeletedError(PreconditionError):
    """The company is not deleted, so it cannot be undeleted."""

    default_reason = "COMPANY_NOT_DELETED"


class ImportTooLargeError(InvalidArgumentError):
    """The import stream carries more rows than one stream may."""

    default_reason = "IMPORT_TOO_LARGE"


class ImportOutOfOrderError(InvalidArgumentError):
    """The import stream does not begin with its configuration, or repeats it."""

    default_reason = "IMPORT_OUT_OF_ORDER"


class TransferNotFoundError(NotFoundError):
    """No import or export with the id is kept for the caller."""

    default_reason = "TRANSFER_NOT_FOUND"


class ExportNotReadyError(PreconditionError):
    """The export is not over, or came to nothing; `metadata["state"]` says which."""

    default_reason = "EXPORT_NOT_READY"


class TransferLimitReachedError(PreconditionError):
    """The tenant has as many imports and exports that are not over as it may."""

    default_reason = "TRANSFER_LIMIT_REACHED"
