"""The reasons of users, groups, service accounts and passwords."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PreconditionError,
    UnauthenticatedError,
)


class UserNotFoundError(NotFoundError):
    """No user with this id is visible to the caller."""

    default_reason = "USER_NOT_FOUND"


class UserNameTakenError(AlreadyExistsError):
    """Another user of the tenant has this name."""

    default_reason = "USER_NAME_TAKEN"


class UserEmailTakenError(AlreadyExistsError):
    """Another user of the tenant has this e-mail address."""

    default_reason = "USER_EMAIL_TAKEN"


class UserEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the user in between."""

    default_reason = "USER_ETAG_MISMATCH"


class UserStateError(PreconditionError):
    """The state of the user does not allow the call."""

    default_reason = "USER_STATE"


class GroupNotFoundError(NotFoundError):
    """No group with this id is visible to the caller."""

    default_reason = "GROUP_NOT_FOUND"


class GroupNameTakenError(AlreadyExistsError):
    """Another group of the tenant has this name."""

    default_reason = "GROUP_NAME_TAKEN"


class GroupEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the group in between."""

    default_reason = "GROUP_ETAG_MISMATCH"


class GroupCycleError(PreconditionError):
    """The change would make a group a member of itself, directly or by way of others."""

    default_reason = "GROUP_CYCLE"


class GroupTooDeepError(PreconditionError):
    """The change would nest groups deeper than they may be."""

    default_reason = "GROUP_TOO_DEEP"


class GroupFullError(LimitExceededError):
    """The group has as many direct members as one may have."""

    default_reason = "GROUP_FULL"


class ServiceAccountNotFoundError(NotFoundError):
    """No service account with this id is visible to the caller."""

    default_reason = "SERVICE_ACCOUNT_NOT_FOUND"


class ServiceAccountNameTakenError(AlreadyExistsError):
    """Another service account of the tenant has this name."""

    default_reason = "SERVICE_ACCOUNT_NAME_TAKEN"


class ServiceAccountEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the service account in between."""

    default_reason = "SERVICE_ACCOUNT_ETAG_MISMATCH"


class PasswordRefusedError(InvalidArgumentError):
    """The password breaks rules of the tenant; BadRequest lists each, and the metadata names them."""

    default_reason = "PASSWORD_REFUSED"


class PasswordChangeRequiredError(PreconditionError):
    """The password is right and has to be replaced before anything else."""

    default_reason = "PASSWORD_CHANGE_REQUIRED"


class SignInFailedError(UnauthenticatedError):
    """The sign-in failed.

    The user does not exist, may not sign in, or has another password or code. Which of them is not told.
    """

    default_reason = "SIGN_IN_FAILED"


class SignInDelayedError(LimitExceededError):
    """Too many sign-ins failed in a row; RetryInfo says when to try again."""

    default_reason = "SIGN_IN_DELAYED"


class SecondFactorRequiredError(UnauthenticatedError):
    """The password is right and a code of the second factor is missing."""

    default_reason = "SECOND_FACTOR_REQUIRED"


class SecondFactorInvalidError(InvalidArgumentError):
    """The code is not the current one of the app, or was used already."""

    default_reason = "SECOND_FACTOR_INVALID"


class SecondFactorEnrolledError(PreconditionError):
    """The user has a second factor already."""

    default_reason = "SECOND_FACTOR_ENROLLED"


class SecondFactorMissingError(PreconditionError):
    """The user has no second factor, or has not confirmed it yet."""

    default_reason = "SECOND_FACTOR_MISSING"


class HashingOverloadedError(LimitExceededError):
    """More passwords are to be checked than the server has time for; RetryInfo says when to come back."""

    default_reason = "HASHING_OVERLOADED"


class InvitationInvalidError(UnauthenticatedError):
    """The invitation does not exist, has expired, was replaced or was used already."""

    default_reason = "INVITATION_INVALID"


class PasswordResetInvalidError(UnauthenticatedError):
    """The token for a new password does not exist, has expired, was replaced or was used already."""

    default_reason = "PASSWORD_RESET_INVALID"


class NotAUserError(PreconditionError):
    """The method is about the account of the calling user, and the caller is none."""

    default_reason = "NOT_A_USER"
