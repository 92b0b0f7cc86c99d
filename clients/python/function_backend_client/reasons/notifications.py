"""The reasons of notifications and their templates."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PreconditionError,
)


class NotificationNotFoundError(NotFoundError):
    """The tenant has no such notification, or it is not kept any more."""

    default_reason = "NOTIFICATION_NOT_FOUND"


class NotificationKeyReusedError(AlreadyExistsError):
    """The key belongs to another notification; `metadata["notification_id"]` says to which."""

    default_reason = "NOTIFICATION_KEY_REUSED"


class NotificationStateError(PreconditionError):
    """The notification is being sent or is over, so it cannot be cancelled."""

    default_reason = "NOTIFICATION_STATE"


class NotificationRecipientInvalidError(InvalidArgumentError):
    """The recipient has no address for the channel, or one that cannot be used."""

    default_reason = "NOTIFICATION_RECIPIENT_INVALID"


class NotificationChannelUnavailableError(PreconditionError):
    """The operator has not set the channel up."""

    default_reason = "NOTIFICATION_CHANNEL_UNAVAILABLE"


class NotificationVariablesInvalidError(InvalidArgumentError):
    """The variables are not those of the template; the field violations name each."""

    default_reason = "NOTIFICATION_VARIABLES_INVALID"


class TemplateNotFoundError(NotFoundError):
    """No template has the name, or none in this language or version."""

    default_reason = "TEMPLATE_NOT_FOUND"


class TemplateExistsError(AlreadyExistsError):
    """The tenant has a template of this name in this language already."""

    default_reason = "TEMPLATE_EXISTS"


class TemplateInvalidError(InvalidArgumentError):
    """The template cannot be accepted; the field violations say where."""

    default_reason = "TEMPLATE_INVALID"


class TemplateEtagMismatchError(ConflictError):
    """Somebody changed the template in between; read it again and repeat the change."""

    default_reason = "TEMPLATE_ETAG_MISMATCH"


class TemplateFailedError(PreconditionError):
    """The template cannot be written with these variables; `metadata["cause"]` says why."""

    default_reason = "TEMPLATE_FAILED"


class TemplateLimitReachedError(PreconditionError):
    """The tenant has as many templates as it may have."""

    default_reason = "TEMPLATE_LIMIT_REACHED"


class CategoryNotFoundError(NotFoundError):
    """No category of notifications has the name."""

    default_reason = "CATEGORY_NOT_FOUND"


class CategoryInUseError(PreconditionError):
    """Templates are in the category."""

    default_reason = "CATEGORY_IN_USE"


class CategoryMandatoryError(PreconditionError):
    """Nobody can unsubscribe from the category."""

    default_reason = "CATEGORY_MANDATORY"


class CategoryBuiltInError(PreconditionError):
    """The category is one of the service, which cannot be changed or deleted."""

    default_reason = "CATEGORY_BUILT_IN"


class CategoryLimitReachedError(PreconditionError):
    """The tenant has as many categories as it may have."""

    default_reason = "CATEGORY_LIMIT_REACHED"


class UnsubscribeTokenInvalidError(InvalidArgumentError):
    """The token is not one of a link that the service has sent."""

    default_reason = "UNSUBSCRIBE_TOKEN_INVALID"


class NotificationRateLimitedError(LimitExceededError):
    """The tenant asks for more notifications than it may; `retry_after` says when there is room again."""

    default_reason = "NOTIFICATION_RATE_LIMITED"
