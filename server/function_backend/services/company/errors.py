"""How the use cases of companies fail, each with its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    Resource,
    invalid_fields,
)


class CompanyNotFoundError(NotFoundError):
    """No company with the id is visible to the caller."""

    reason = "COMPANY_NOT_FOUND"

    def __init__(self, company_id: UUID) -> None:
        super().__init__(
            f"Company {company_id} does not exist.",
            metadata={"company_id": str(company_id)},
            resource=_resource(company_id),
        )


class CompanyStateNotFoundError(NotFoundError):
    """Nothing was known of the company then."""

    reason = "COMPANY_STATE_NOT_FOUND"

    def __init__(self, company_id: UUID, *, as_of: datetime, known_at: datetime) -> None:
        super().__init__(
            f"Nothing was known at {known_at.isoformat()} about the company at {as_of.isoformat()}.",
            metadata={
                "company_id": str(company_id),
                "as_of": as_of.isoformat(),
                "known_at": known_at.isoformat(),
            },
            resource=_resource(company_id),
        )


class IdentifierTakenError(AlreadyExistsError):
    """Another company of the tenant has the identifier; which one is told to those who may read it."""

    reason = "COMPANY_IDENTIFIER_TAKEN"

    def __init__(self, scheme: str, value: str, owner_id: UUID | None) -> None:
        owner = "" if owner_id is None else str(owner_id)
        super().__init__(
            f"The identifier {scheme} {value} belongs to another company.",
            metadata={"scheme": scheme, "value": value, "company_id": owner},
            resource=Resource("company", owner),
        )


class CompanyOutOfScopeError(PermissionDeniedError):
    """The caller may do this with some companies, and this is none of them, or would be none afterwards."""

    reason = "RESOURCE_OUT_OF_SCOPE"

    def __init__(self, permission: str, company_id: UUID | None) -> None:
        which = "a company with these labels" if company_id is None else f"company {company_id}"
        super().__init__(
            f"The permission '{permission}' is not held for {which}.",
            metadata={"permission": permission, "resource_type": "company"},
        )


class EtagMismatchError(ConflictError):
    """Somebody changed the company since the caller read it."""

    reason = "COMPANY_ETAG_MISMATCH"

    def __init__(self, company_id: UUID, current_etag: str) -> None:
        super().__init__(
            "The company has changed since it was read; read it again and repeat the change.",
            metadata={"company_id": str(company_id), "current_etag": current_etag},
            resource=_resource(company_id),
        )


class CompanyDeletedError(PreconditionError):
    """The company is deleted and cannot be changed."""

    reason = "COMPANY_DELETED"

    def __init__(self, company_id: UUID) -> None:
        super().__init__(
            "The company is deleted; undelete it first.",
            metadata={"company_id": str(company_id)},
            resource=_resource(company_id),
        )


class CompanyNotDeletedError(PreconditionError):
    """The company is not deleted and cannot be brought back."""

    reason = "COMPANY_NOT_DELETED"

    def __init__(self, company_id: UUID) -> None:
        super().__init__(
            "The company is not deleted.", metadata={"company_id": str(company_id)}, resource=_resource(company_id)
        )


class ImportTooLargeError(InvalidArgumentError):
    """The import stream carries more rows than one may."""

    reason = "IMPORT_TOO_LARGE"

    def __init__(self, limit: int, *, before: str = "The batches before this one are imported.") -> None:
        """`before` is what became of the rest of the stream."""
        super().__init__(
            f"One stream carries at most {limit} rows; open another for the rest. {before}",
            metadata={"limit": str(limit)},
        )


class ImportOutOfOrderError(InvalidArgumentError):
    """The import stream does not begin with its configuration, repeats it, or does not end as it has to."""

    reason = "IMPORT_OUT_OF_ORDER"

    def __init__(
        self, text: str = "The first message of the stream must be 'config', the others 'batch', the last 'end'."
    ) -> None:
        super().__init__(text)

    @classmethod
    def without_end(cls) -> Self:
        """The stream broke off, or its caller does not say the end."""
        return cls("The stream has no 'end'; nothing of it is imported. Send it again, with 'end' as the last message.")

    @classmethod
    def other_count(cls, said: int, arrived: int) -> Self:
        """The rows are not as many as the end says."""
        return cls(f"'end' says {said} rows, but {arrived} arrived. Count the rows of all batches.")


class RequestIdReusedError(PreconditionError):
    """The request id was used for another import stream."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "request_id was already used for another request; use a new one.", metadata={"request_id": request_id}
        )


def unknown_match_scheme(scheme: str) -> InvalidArgumentError:
    """The rows of an import are to be matched by a scheme that is not known."""
    description = f"'{scheme}' is neither 'id' nor a known identifier scheme; docs/identifiers.md lists them"
    return invalid_fields(FieldViolation("config.match_scheme", description))


def in_the_future(field: str) -> InvalidArgumentError:
    """A moment of the request that must not lie in the future does."""
    return invalid_fields(FieldViolation(field, "lies in the future"))


def _resource(company_id: UUID) -> Resource:
    return Resource("company", str(company_id))


class TransferNotFoundError(NotFoundError):
    """No import or export with the id is kept for the caller."""

    reason = "TRANSFER_NOT_FOUND"

    def __init__(self, transfer_id: UUID) -> None:
        super().__init__(
            f"There is no import or export {transfer_id}, or it is no longer kept.",
            metadata={"transfer_id": str(transfer_id)},
            resource=Resource("company_transfer", str(transfer_id)),
        )


class ExportNotReadyError(PreconditionError):
    """The export is not over, or came to nothing."""

    reason = "EXPORT_NOT_READY"

    def __init__(self, transfer_id: UUID, state: str) -> None:
        came_to_nothing = state in {"failed", "cancelled"}
        advice = "ask for another one" if came_to_nothing else f"wait for operations/{transfer_id}"
        super().__init__(
            f"The export is {state}; {advice}.",
            metadata={"transfer_id": str(transfer_id), "state": state},
            resource=Resource("company_transfer", str(transfer_id)),
        )


class TransferLimitReachedError(PreconditionError):
    """The tenant has as many imports and exports waiting or running as it may have."""

    reason = "TRANSFER_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"A tenant has at most {limit} imports and exports that are not over; wait for one, or cancel it.",
            metadata={"limit": str(limit)},
        )
