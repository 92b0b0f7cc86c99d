"""The catalogue of permissions on the wire."""

from __future__ import annotations

from function.auth.v1 import permission_pb2
from function.common.v1 import options_pb2
from function_backend.kernel.declared_method import DeclaredMethod
from function_backend.kernel.step_up import StepUp
from function_backend.services.auth.domain.built_in_roles import ListedPermission


def permission(listed: ListedPermission) -> permission_pb2.Permission:
    """The permission as callers see it."""
    value = listed.permission
    return permission_pb2.Permission(
        name=value.name,
        uses=map(_use, value.uses),
        only_reads=value.only_reads,
        platform=value.platform,
        built_in_roles=listed.built_in_roles,
    )


def step_up(value: StepUp | None) -> options_pb2.StepUp | None:
    """The demand as callers see it; None stays absent."""
    if value is None:
        return None
    message = options_pb2.StepUp(second_factor=value.second_factor)
    if value.max_age is not None:
        message.max_age.FromTimedelta(value.max_age)
    return message


def _use(method: DeclaredMethod) -> permission_pb2.PermissionUse:
    return permission_pb2.PermissionUse(
        method=method.path,
        only_reads=method.only_reads,
        resource_type=method.resource_type,
        step_up=step_up(method.step_up),
    )
