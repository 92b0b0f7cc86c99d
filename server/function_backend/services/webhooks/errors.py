"""The failures of webhooks."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
    Resource,
)
from function_backend.services.webhooks.domain.endpoint import Endpoint


class EndpointNotFoundError(NotFoundError):
    """The tenant has no endpoint with this id."""

    reason = "ENDPOINT_NOT_FOUND"

    def __init__(self, endpoint_id: UUID) -> None:
        super().__init__(
            f"The endpoint {endpoint_id} does not exist.",
            metadata={"endpoint": str(endpoint_id)},
            resource=Resource("webhook_endpoint", str(endpoint_id)),
        )


class EndpointEtagMismatchError(ConflictError):
    """Somebody changed the endpoint since the caller read it."""

    reason = "ENDPOINT_ETAG_MISMATCH"

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(
            f"The endpoint {endpoint.id} has changed since it was read; read it again and repeat the change.",
            metadata={"endpoint": str(endpoint.id), "current_etag": endpoint.etag},
            resource=Resource("webhook_endpoint", str(endpoint.id)),
        )


class EndpointLimitReachedError(PreconditionError):
    """The tenant has as many endpoints as it may have."""

    reason = "ENDPOINT_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} endpoints.", metadata={"limit": str(limit)})


class WebhookUrlRefusedError(InvalidArgumentError):
    """Nothing is posted to this address."""

    reason = "WEBHOOK_URL_REFUSED"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"endpoint.url: {problem}",
            metadata={"problem": problem},
            violations=[FieldViolation("endpoint.url", problem)],
        )


class EndpointDisabledError(PreconditionError):
    """Nothing is delivered to a disabled endpoint."""

    reason = "ENDPOINT_DISABLED"

    def __init__(self, endpoint_id: UUID) -> None:
        super().__init__(
            f"The endpoint {endpoint_id} is disabled; enable it first.", metadata={"endpoint": str(endpoint_id)}
        )


class SecretNotFoundError(NotFoundError):
    """The endpoint has no such secret that still signs."""

    reason = "SECRET_NOT_FOUND"

    def __init__(self, endpoint_id: UUID, secret_id: UUID) -> None:
        super().__init__(
            f"The endpoint {endpoint_id} has no secret {secret_id}.",
            metadata={"endpoint": str(endpoint_id), "secret": str(secret_id)},
            resource=Resource("webhook_secret", str(secret_id)),
        )


class LastSecretError(PreconditionError):
    """Deliveries would not be signed any more."""

    reason = "LAST_SECRET"

    def __init__(self, endpoint_id: UUID, secret_id: UUID) -> None:
        super().__init__(
            f"The secret {secret_id} is the only one of the endpoint that stays; rotate it first.",
            metadata={"endpoint": str(endpoint_id), "secret": str(secret_id)},
        )


class SecretLimitReachedError(PreconditionError):
    """The endpoint has as many secrets as it may have."""

    reason = "SECRET_LIMIT_REACHED"

    def __init__(self, endpoint_id: UUID, limit: int) -> None:
        super().__init__(
            f"The endpoint {endpoint_id} has {limit} secrets; revoke one first.",
            metadata={"endpoint": str(endpoint_id), "limit": str(limit)},
        )


class DeliveryNotFoundError(NotFoundError):
    """The tenant has no delivery with this id, or none any more."""

    reason = "DELIVERY_NOT_FOUND"

    def __init__(self, delivery_id: UUID) -> None:
        super().__init__(
            f"The delivery {delivery_id} does not exist.",
            metadata={"delivery": str(delivery_id)},
            resource=Resource("webhook_delivery", str(delivery_id)),
        )


class ReplayNotFoundError(NotFoundError):
    """The tenant has no replay with this id, or none any more."""

    reason = "REPLAY_NOT_FOUND"

    def __init__(self, replay_id: UUID) -> None:
        super().__init__(
            f"The replay {replay_id} does not exist.",
            metadata={"replay": str(replay_id)},
            resource=Resource("webhook_replay", str(replay_id)),
        )


class ReplayLimitReachedError(PreconditionError):
    """The endpoint has a replay that goes on."""

    reason = "REPLAY_LIMIT_REACHED"

    def __init__(self, endpoint_id: UUID, replay_id: UUID) -> None:
        super().__init__(
            f"The replay {replay_id} of the endpoint goes on; wait for its end.",
            metadata={"endpoint": str(endpoint_id), "replay": str(replay_id)},
        )
