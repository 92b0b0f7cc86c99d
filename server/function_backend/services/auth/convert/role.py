"""Roles on the wire."""

from __future__ import annotations

from function.auth.v1 import role_events_pb2, role_pb2, role_service_pb2
from function_backend.kernel.identifiers import parse_id
from function_backend.kernel.step_up import StepUp
from function_backend.services.auth.convert.permission import step_up
from function_backend.services.auth.domain.role import Role, RoleContent
from function_backend.services.auth.domain.role_graph import DescribedRole
from function_backend.services.auth.events.role import RoleCreated, RoleDeleted, RoleUpdated
from function_backend.timestamps import timestamp


def role_content(message: role_service_pb2.RoleInput) -> RoleContent:
    """What the request wants of a role."""
    return RoleContent(
        name=message.name,
        description=message.description,
        permissions=frozenset(message.permissions),
        inherited=frozenset(map(parse_id, message.inherited_role_ids)),
        step_up=_step_up(message.step_up) if message.HasField("step_up") else None,
    )


def described_role(value: DescribedRole) -> role_pb2.Role:
    """The role as callers see it, with all that it grants."""
    message = role(value.role)
    message.effective_permissions.extend(sorted(value.effective))
    return message


def role(value: Role) -> role_pb2.Role:
    """The role without what it inherits."""
    content = value.content
    return role_pb2.Role(
        id=str(value.id),
        name=content.name,
        description=content.description,
        permissions=sorted(content.permissions),
        inherited_role_ids=sorted(map(str, content.inherited)),
        step_up=step_up(content.step_up),
        built_in=value.built_in,
        etag=value.etag,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
        creator=value.creator,
    )


def role_created(event: RoleCreated) -> bytes:
    """The event's message."""
    return role_events_pb2.RoleCreated(role=role(event.role)).SerializeToString()


def role_updated(event: RoleUpdated) -> bytes:
    """The event's message."""
    message = role_events_pb2.RoleUpdated(before=role(event.before), after=role(event.after))
    return message.SerializeToString()


def role_deleted(event: RoleDeleted) -> bytes:
    """The event's message."""
    return role_events_pb2.RoleDeleted(role=role(event.role)).SerializeToString()


def _step_up(message: role_service_pb2.RoleStepUp) -> StepUp | None:
    """The demand; None when it demands nothing."""
    max_age = message.max_age.ToTimedelta() if message.HasField("max_age") else None
    if not message.second_factor and max_age is None:
        return None
    return StepUp(second_factor=message.second_factor, max_age=max_age)
