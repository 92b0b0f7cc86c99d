"""The reasons of roles and their bindings."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
)


class RoleNotFoundError(NotFoundError):
    """No role with this id is visible to the caller."""

    default_reason = "ROLE_NOT_FOUND"


class RoleNameTakenError(AlreadyExistsError):
    """Another role of the tenant, or a built-in one, has this name."""

    default_reason = "ROLE_NAME_TAKEN"


class RoleBuiltInError(PreconditionError):
    """Built-in roles cannot be changed."""

    default_reason = "ROLE_BUILT_IN"


class RoleInUseError(PreconditionError):
    """The role is bound, or other roles inherit it."""

    default_reason = "ROLE_IN_USE"


class RoleCycleError(PreconditionError):
    """The role would inherit itself."""

    default_reason = "ROLE_CYCLE"


class RoleTooDeepError(PreconditionError):
    """Roles would inherit each other through too many steps."""

    default_reason = "ROLE_TOO_DEEP"


class RoleEtagMismatchError(ConflictError):
    """Somebody changed the role in between; read it again and repeat the change."""

    default_reason = "ROLE_ETAG_MISMATCH"


class RoleBindingNotFoundError(NotFoundError):
    """No role binding with this id is visible to the caller."""

    default_reason = "ROLE_BINDING_NOT_FOUND"


class LastAdministratorError(PreconditionError):
    """The change would leave the tenant without an administrator."""

    default_reason = "LAST_ADMINISTRATOR"


class StepUpRequiredError(PermissionDeniedError):
    """Another sign-in is needed: see `metadata["acr_values"]` and `metadata["max_age"]`."""

    default_reason = "STEP_UP_REQUIRED"


class ResourceOutOfScopeError(PermissionDeniedError):
    """The permission is held for some resources, and this is none of them."""

    default_reason = "RESOURCE_OUT_OF_SCOPE"


class RoleSubjectNotFoundError(NotFoundError):
    """The user, service account or group does not exist."""

    default_reason = "ROLE_SUBJECT_NOT_FOUND"


class RoleLimitReachedError(PreconditionError):
    """There are as many roles or bindings as there may be."""

    default_reason = "ROLE_LIMIT_REACHED"
