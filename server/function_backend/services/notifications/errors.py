"""The failures of notifications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PreconditionError,
    Resource,
)
from function_backend.services.notifications.domain.template import Template, TemplateProblem

_MOST_VIOLATIONS = 50


class NotificationNotFoundError(NotFoundError):
    """The tenant has no such notification."""

    reason = "NOTIFICATION_NOT_FOUND"

    def __init__(self, notification_id: UUID | str) -> None:
        super().__init__(
            f"Notification {notification_id} does not exist.",
            metadata={"notification_id": str(notification_id)},
            resource=Resource("notification", str(notification_id)),
        )


class NotificationKeyReusedError(AlreadyExistsError):
    """The key belongs to another notification."""

    reason = "NOTIFICATION_KEY_REUSED"

    def __init__(self, key: str, notification_id: UUID) -> None:
        super().__init__(
            f"The key '{key}' belongs to another notification; choose another key.",
            metadata={"key": key, "notification_id": str(notification_id)},
            resource=Resource("notification", str(notification_id)),
        )


class NotificationStateError(PreconditionError):
    """The notification cannot be cancelled any more."""

    reason = "NOTIFICATION_STATE"

    def __init__(self, notification_id: UUID, state: str) -> None:
        super().__init__(
            f"Notification {notification_id} is {state}; only what waits can be cancelled.",
            metadata={"notification_id": str(notification_id), "state": state},
        )


class RecipientInvalidError(InvalidArgumentError):
    """The recipient has no address for the channel, or one that cannot be used."""

    reason = "NOTIFICATION_RECIPIENT_INVALID"

    def __init__(self, field: str, description: str) -> None:
        super().__init__(
            f"{field}: {description}", metadata={"violations": "1"}, violations=[FieldViolation(field, description)]
        )


class ChannelUnavailableError(PreconditionError):
    """The operator has not set the channel up."""

    reason = "NOTIFICATION_CHANNEL_UNAVAILABLE"

    def __init__(self, channel: str, known: Sequence[str]) -> None:
        has = ", ".join(known) or "none"
        said = f"The channel '{channel}' is not set up" if channel else "No channel is set up"
        super().__init__(f"{said}; this server has {has}.", metadata={"channel": channel})


class VariablesInvalidError(InvalidArgumentError):
    """The variables are not those that the template declares."""

    reason = "NOTIFICATION_VARIABLES_INVALID"

    def __init__(self, problems: Sequence[TemplateProblem]) -> None:
        super().__init__(_first_of(problems), metadata={"violations": str(len(problems))}, violations=_all(problems))


class TemplateNotFoundError(NotFoundError):
    """There is no template of this name, or not in this language or version."""

    reason = "TEMPLATE_NOT_FOUND"

    def __init__(self, name: str, language: str, *, version: int = 0) -> None:
        which = f"version {version} of the template" if version else "The template"
        super().__init__(
            f"{which[0].upper()}{which[1:]} '{name}' does not exist in '{language}'.",
            metadata={"name": name, "language": language},
            resource=Resource("template", f"{name}/{language}"),
        )


class TemplateExistsError(AlreadyExistsError):
    """The tenant has a template of this name in this language already."""

    reason = "TEMPLATE_EXISTS"

    def __init__(self, name: str, language: str) -> None:
        super().__init__(
            f"The template '{name}' exists in '{language}'; change it with UpdateTemplate.",
            metadata={"name": name, "language": language},
            resource=Resource("template", f"{name}/{language}"),
        )


class TemplateInvalidError(InvalidArgumentError):
    """The template cannot be accepted."""

    reason = "TEMPLATE_INVALID"

    def __init__(self, problems: Sequence[TemplateProblem]) -> None:
        located = [TemplateProblem(f"template.{each.path}", each.message) for each in problems]
        super().__init__(_first_of(located), metadata={"violations": str(len(located))}, violations=_all(located))


class TemplateEtagMismatchError(ConflictError):
    """Somebody changed the template in between."""

    reason = "TEMPLATE_ETAG_MISMATCH"

    def __init__(self, template: Template) -> None:
        super().__init__(
            f"The template '{template.name}' in '{template.language}' has changed since it was read; read it again and "
            "repeat the change.",
            metadata={"name": template.name, "language": template.language, "current_etag": template.etag},
            resource=Resource("template", f"{template.name}/{template.language}"),
        )


class TemplateFailedError(PreconditionError):
    """The template cannot be written with these variables."""

    reason = "TEMPLATE_FAILED"

    def __init__(self, template: Template, cause: str) -> None:
        super().__init__(
            f"The template '{template.name}' failed: {cause}",
            metadata={"name": template.name, "language": template.language, "cause": cause},
        )


class TemplateLimitReachedError(PreconditionError):
    """The tenant has as many templates as it may have."""

    reason = "TEMPLATE_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} templates.", metadata={"limit": str(limit)})


class CategoryNotFoundError(NotFoundError):
    """There is no category with this name."""

    reason = "CATEGORY_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The category '{name}' does not exist; create it with SetCategory.",
            metadata={"category": name},
            resource=Resource("category", name),
        )


class CategoryInUseError(PreconditionError):
    """Templates are in the category."""

    reason = "CATEGORY_IN_USE"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The category '{name}' has templates; move or delete these first.", metadata={"category": name}
        )


class CategoryMandatoryError(PreconditionError):
    """Nobody can unsubscribe from the category."""

    reason = "CATEGORY_MANDATORY"

    def __init__(self, name: str) -> None:
        super().__init__(f"The category '{name}' cannot be unsubscribed from.", metadata={"category": name})


class CategoryBuiltInError(PreconditionError):
    """The category is one of the service."""

    reason = "CATEGORY_BUILT_IN"

    def __init__(self, name: str) -> None:
        super().__init__(f"The category '{name}' is built in and cannot be changed.", metadata={"category": name})


class CategoryLimitReachedError(PreconditionError):
    """The tenant has as many categories as it may have."""

    reason = "CATEGORY_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} categories.", metadata={"limit": str(limit)})


class UnsubscribeTokenInvalidError(InvalidArgumentError):
    """The token is not one of a link that the service has sent."""

    reason = "UNSUBSCRIBE_TOKEN_INVALID"

    def __init__(self) -> None:
        said = "The link is not valid; take it from the message once more."
        super().__init__(said, violations=[FieldViolation("token", "is not one of a link of this service")])


class NotificationRateLimitedError(LimitExceededError):
    """The tenant asks for more notifications than it may."""

    reason = "NOTIFICATION_RATE_LIMITED"

    def __init__(self, limit: float, wait: timedelta) -> None:
        super().__init__(
            f"A tenant sends at most {limit:g} notifications per second; try again in {wait.total_seconds():.1f} s.",
            metadata={"limit": f"{limit:g}"},
            retry_after=wait,
        )


def _first_of(problems: Sequence[TemplateProblem]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0].path}: {problems[0].message}{more}"


def _all(problems: Sequence[TemplateProblem]) -> list[FieldViolation]:
    return [FieldViolation(each.path, each.message) for each in problems[:_MOST_VIOLATIONS]]
