"""Hooks on the wire."""

from __future__ import annotations

from function.rules.v1 import hook_events_pb2, hook_pb2, hook_service_pb2
from function_backend.services.rules.domain.hook import Hook, HookChange, HookMode
from function_backend.services.rules.events import ChangeDenied
from function_backend.services.rules.service.hooks import HookWish
from function_backend.timestamps import timestamp

_MODES = {HookMode.ENFORCE: hook_pb2.HOOK_MODE_ENFORCE, HookMode.SHADOW: hook_pb2.HOOK_MODE_SHADOW}
_BY_NUMBER = {number: mode for mode, number in _MODES.items()}


def hook_wish(request: hook_service_pb2.CreateHookRequest) -> HookWish:
    """What is to be bound to what."""
    return HookWish(
        name=request.name,
        definition=request.definition,
        operations=tuple(request.operations),
        mode=_BY_NUMBER.get(request.mode, HookMode.ENFORCE),
        enabled=not request.disabled,
        order=request.order,
        description=request.description,
    )


def hook_change(request: hook_service_pb2.UpdateHookRequest) -> HookChange:
    """What is to be different."""
    return HookChange(
        enabled=request.enabled if request.HasField("enabled") else None,
        order=request.order if request.HasField("order") else None,
        mode=_BY_NUMBER[request.mode] if request.HasField("mode") else None,
        description=request.description if request.HasField("description") else None,
    )


def hook(value: Hook) -> hook_pb2.Hook:
    """The hook as callers see it."""
    return hook_pb2.Hook(
        id=str(value.id),
        name=value.name,
        definition=value.definition,
        operations=value.operations,
        mode=_MODES[value.mode],
        enabled=value.enabled,
        order=value.order,
        description=value.description,
        etag=value.etag,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
        creator=value.creator,
    )


def change_denied(event: ChangeDenied) -> bytes:
    """The event's message."""
    verdict = event.verdict
    return hook_events_pb2.ChangeDenied(
        hook=event.hook.name,
        operation=event.operation,
        resource_type=event.resource_type,
        resource_id=str(event.resource_id),
        definition=event.hook.definition,
        version=event.version,
        rule_id=verdict.rule_id,
        reason_code=verdict.reason_code,
        reason=verdict.failure or verdict.reason,
        failed=bool(verdict.failure),
        decision_id=event.decision_id,
    ).SerializeToString()
