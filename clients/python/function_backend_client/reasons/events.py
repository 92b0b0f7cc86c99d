"""The reasons of the feed of events and of dead letters."""

from __future__ import annotations

from function_backend_client.errors import (
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
)


class InvalidEventCursorError(InvalidArgumentError):
    """The cursor is not one of the tenant's feed."""

    default_reason = "INVALID_EVENT_CURSOR"


class EventCursorExpiredError(PreconditionError):
    """What follows the cursor is not kept any more; `metadata["oldest_cursor"]` is where the feed goes on."""

    default_reason = "EVENT_CURSOR_EXPIRED"


class UnknownEventTypeError(InvalidArgumentError):
    """There are no events of the type."""

    default_reason = "UNKNOWN_EVENT_TYPE"


class EventTypeHiddenError(PermissionDeniedError):
    """The caller may see no events of the type."""

    default_reason = "EVENT_TYPE_HIDDEN"


class TooManyEventWatchersError(LimitExceededError):
    """The server has as many watchers as it takes."""

    default_reason = "TOO_MANY_EVENT_WATCHERS"


class EventWatcherTooSlowError(LimitExceededError):
    """The stream was ended, since its events were not taken as fast as they came; go on from the last cursor."""

    default_reason = "EVENT_WATCHER_TOO_SLOW"


class EventNotFoundError(NotFoundError):
    """No event with this id exists that the caller may see, or it is not kept any more."""

    default_reason = "EVENT_NOT_FOUND"


class DeadLetterNotFoundError(NotFoundError):
    """No dead letter with this id exists: there was none, it was handled in the end, or it was given up."""

    default_reason = "DEAD_LETTER_NOT_FOUND"
