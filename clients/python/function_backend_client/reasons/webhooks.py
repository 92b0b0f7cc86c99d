"""The reasons of webhooks."""

from __future__ import annotations

from function_backend_client.errors import ConflictError, InvalidArgumentError, NotFoundError, PreconditionError


class EndpointNotFoundError(NotFoundError):
    """The tenant has no webhook endpoint with this id."""

    default_reason = "ENDPOINT_NOT_FOUND"


class EndpointEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the endpoint in between."""

    default_reason = "ENDPOINT_ETAG_MISMATCH"


class EndpointLimitReachedError(PreconditionError):
    """The tenant has as many webhook endpoints as it may have."""

    default_reason = "ENDPOINT_LIMIT_REACHED"


class WebhookUrlRefusedError(InvalidArgumentError):
    """Nothing is posted to this address."""

    default_reason = "WEBHOOK_URL_REFUSED"


class EndpointDisabledError(PreconditionError):
    """Nothing is delivered to a disabled endpoint."""

    default_reason = "ENDPOINT_DISABLED"


class SecretNotFoundError(NotFoundError):
    """The endpoint has no secret with this id that still signs."""

    default_reason = "SECRET_NOT_FOUND"


class LastSecretError(PreconditionError):
    """The secret is the only one of the endpoint: deliveries would not be signed."""

    default_reason = "LAST_SECRET"


class SecretLimitReachedError(PreconditionError):
    """The endpoint has as many secrets as it may have."""

    default_reason = "SECRET_LIMIT_REACHED"


class DeliveryNotFoundError(NotFoundError):
    """The tenant has no delivery with this id, or none any more."""

    default_reason = "DELIVERY_NOT_FOUND"


class ReplayNotFoundError(NotFoundError):
    """The tenant has no replay with this id, or none any more."""

    default_reason = "REPLAY_NOT_FOUND"


class ReplayLimitReachedError(PreconditionError):
    """The endpoint has a replay that goes on."""

    default_reason = "REPLAY_LIMIT_REACHED"
