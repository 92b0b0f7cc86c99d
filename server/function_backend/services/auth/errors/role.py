"""The failures of roles."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
    Resource,
    invalid_fields,
)


class RoleNotFoundError(NotFoundError):
    """No role with this id is visible to the caller."""

    reason = "ROLE_NOT_FOUND"

    def __init__(self, role_id: UUID) -> None:
        super().__init__(
            f"Role {role_id} does not exist.",
            metadata={"role_id": str(role_id)},
            resource=Resource("role", str(role_id)),
        )


class RoleNameTakenError(AlreadyExistsError):
    """Another role of the tenant, or a built-in one, has this name."""

    reason = "ROLE_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(f"The role name '{name}' is taken.", metadata={"name": name}, resource=Resource("role", name))


class RoleBuiltInError(PreconditionError):
    """Somebody tried to change a built-in role."""

    reason = "ROLE_BUILT_IN"

    def __init__(self, role_id: UUID, name: str) -> None:
        super().__init__(f"The role '{name}' is built in and cannot be changed.", metadata={"role_id": str(role_id)})


class RoleInUseError(PreconditionError):
    """The role is bound, or other roles inherit it."""

    reason = "ROLE_IN_USE"

    def __init__(self, role_id: UUID, *, bindings: int, heirs: int) -> None:
        super().__init__(
            f"The role has {bindings} bindings and is inherited by {heirs} roles.",
            metadata={"role_id": str(role_id), "bindings": str(bindings), "heirs": str(heirs)},
        )


class RoleCycleError(PreconditionError):
    """The role would inherit itself."""

    reason = "ROLE_CYCLE"

    def __init__(self, role_id: UUID) -> None:
        super().__init__(f"The role {role_id} would inherit itself.", metadata={"role_id": str(role_id)})


class RoleTooDeepError(PreconditionError):
    """Roles would inherit each other through more steps than are allowed."""

    reason = "ROLE_TOO_DEEP"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Roles inherit through at most {limit} steps.", metadata={"limit": str(limit)})


class RoleEtagMismatchError(ConflictError):
    """Somebody changed the role in between."""

    reason = "ROLE_ETAG_MISMATCH"

    def __init__(self, role_id: UUID, current_etag: str) -> None:
        super().__init__(
            "The role has changed since it was read; read it again and repeat the change.",
            metadata={"role_id": str(role_id), "current_etag": current_etag},
        )


class RoleLimitReachedError(PreconditionError):
    """There are as many as there may be."""

    reason = "ROLE_LIMIT_REACHED"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"There can be at most {limit} {what}.", metadata={"limit": str(limit)})


class LastAdministratorError(PreconditionError):
    """The change would leave the tenant without anybody who may administer it."""

    reason = "LAST_ADMINISTRATOR"

    def __init__(self) -> None:
        super().__init__("The tenant would be left without an administrator.")


def unknown_role_permissions(found: list[tuple[str, str | None]]) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for permissions that no method declares: what each is, and what is like it."""
    return invalid_fields(
        *(
            FieldViolation(
                "role.permissions",
                f"'{name}' is not a permission of this service" + (f"; did you mean '{like}'?" if like else ""),
            )
            for name, like in found
        )
    )
