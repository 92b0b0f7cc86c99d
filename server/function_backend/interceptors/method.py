"""What the contract says about a method, read from the descriptors at start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from function.common.v1 import options_pb2
from function_backend.interceptors.foreign_methods import FOREIGN_POLICIES
from function_backend.kernel.step_up import StepUp
from function_backend.vault.masking import leads_to_sensitive

Behaviour = Callable[[Any, Any], Any]
"""A servicer's method: takes the message (or an iterator of them) and the call, returns messages or ready bytes."""


class ContractError(Exception):
    """The contract and the servicers do not fit: the process must not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One RPC: its name, its messages, its shape and its policy."""

    path: str
    """As on the wire, such as `/function.company.v1.CompanyService/GetCompany`."""
    service: str
    name: str
    request: type[Message]
    response: type[Message]
    request_streaming: bool
    response_streaming: bool
    permission: str
    """What the caller must hold; empty for an anonymous method."""
    wider_permissions: tuple[str, ...]
    """What lets a caller do more with the method, which is the servicer's to decide."""
    anonymous: bool
    """Whether the method is for callers without a credential."""
    step_up: StepUp | None
    """How a person must have signed in; None when the permission is enough."""
    resource_type: str
    """The type of the resources for some of which the permission may be held; empty for the whole tenant alone."""
    sensitive_read: bool
    """Whether the answers are sensitive, so that the audit trail tells who was given them."""
    idempotency: options_pb2.Idempotency.ValueType
    has_request_id: bool
    """Whether the request has the field `request_id`, by which a repeated call is recognised."""
    has_validate_only: bool
    redacted_request: bool
    """Whether the request can carry a secret."""
    redacted_response: bool
    """Whether the response can carry a secret: a field marked `debug_redact`."""
    sensitive_response: bool = False
    """Whether the response can tell of a person: a field with `(function.common.v1.sensitive)`."""
    token_field: int | None = None
    """The number of the response's field `consistency_token`; None when it has none."""

    @property
    def only_reads(self) -> bool:
        """Whether the method declares that it changes nothing."""
        return self.idempotency == options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS


def methods_of(service: str, servicer: object) -> Iterator[tuple[Method, Behaviour]]:
    """Every method of the service with the servicer's function for it.

    Raises ContractError for an unknown service, a method without a policy, and a method that the servicer lacks.
    """
    for descriptor in _service(service).methods:
        method = describe(descriptor)
        behaviour = getattr(servicer, method.name, None)
        if not callable(behaviour):
            raise ContractError(f"{method.path}: {type(servicer).__qualname__} has no such method")
        yield method, behaviour


@cache
def describe(descriptor: MethodDescriptor) -> Method:
    """What the contract says about the method; ContractError when it leaves the policy out."""
    service = descriptor.containing_service.full_name
    path = f"/{service}/{descriptor.name}"
    request = descriptor.input_type
    policy = _policy(descriptor, path)
    return Method(
        path=path,
        service=service,
        name=descriptor.name,
        request=message_factory.GetMessageClass(request),
        response=message_factory.GetMessageClass(descriptor.output_type),
        request_streaming=descriptor.client_streaming,
        response_streaming=descriptor.server_streaming,
        permission=policy.permission,
        wider_permissions=tuple(policy.wider_permissions),
        anonymous=policy.anonymous,
        step_up=_step_up(policy),
        resource_type=policy.resource_type,
        sensitive_read=policy.sensitive_read,
        idempotency=policy.idempotency,
        has_request_id="request_id" in request.fields_by_name,
        has_validate_only="validate_only" in request.fields_by_name,
        redacted_request=_carries_secret(request, set()),
        redacted_response=_carries_secret(descriptor.output_type, set()),
        sensitive_response=leads_to_sensitive(descriptor.output_type),
        token_field=_token_field(descriptor.output_type),
    )


def declared_policy(descriptor: MethodDescriptor) -> options_pb2.MethodPolicy | None:
    """What the method's options say, or for a method of a foreign contract what we say of it; None for neither."""
    options = descriptor.GetOptions()
    if options.HasExtension(options_pb2.policy):
        return options.Extensions[options_pb2.policy]
    return FOREIGN_POLICIES.get(descriptor.full_name)


def _service(name: str) -> ServiceDescriptor:
    try:
        return descriptor_pool.Default().FindServiceByName(name)
    except KeyError:
        raise ContractError(f"{name}: no such service in the contract") from None


def _policy(descriptor: MethodDescriptor, path: str) -> options_pb2.MethodPolicy:
    policy = declared_policy(descriptor)
    if policy is None:
        raise ContractError(f"{path}: the contract declares no (function.common.v1.policy)")
    if policy.anonymous and (policy.permission or policy.resource_type or policy.HasField("step_up")):
        raise ContractError(f"{path}: an anonymous method cannot ask for a permission or a sign-in")
    if not policy.permission and not policy.anonymous:
        raise ContractError(f"{path}: the policy names no permission")
    if policy.idempotency == options_pb2.IDEMPOTENCY_UNSPECIFIED:
        raise ContractError(f"{path}: the policy declares no idempotency")
    if policy.idempotency == options_pb2.IDEMPOTENCY_REQUEST_ID and (
        descriptor.client_streaming or "request_id" not in descriptor.input_type.fields_by_name
    ):
        raise ContractError(f"{path}: IDEMPOTENCY_REQUEST_ID needs a single request with a field request_id")
    return policy


def _step_up(policy: options_pb2.MethodPolicy) -> StepUp | None:
    if not policy.HasField("step_up"):
        return None
    max_age = policy.step_up.max_age.ToTimedelta() if policy.step_up.HasField("max_age") else None
    return StepUp(second_factor=policy.step_up.second_factor, max_age=max_age)


def _token_field(response: Descriptor) -> int | None:
    field = response.fields_by_name.get("consistency_token")
    return None if field is None else field.number


def _carries_secret(message: Descriptor, seen: set[str]) -> bool:
    if message.full_name in seen:
        return False
    seen.add(message.full_name)
    return any(_is_secret(field) or _leads_to_secret(field, seen) for field in message.fields)


def _is_secret(field: FieldDescriptor) -> bool:
    return field.GetOptions().debug_redact


def _leads_to_secret(field: FieldDescriptor, seen: set[str]) -> bool:
    return field.message_type is not None and _carries_secret(field.message_type, seen)
