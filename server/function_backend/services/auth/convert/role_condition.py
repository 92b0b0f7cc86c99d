"""Scopes and conditions of role bindings on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from ipaddress import IPv4Network, IPv6Network, ip_network
from zoneinfo import ZoneInfo

# The descriptors of `AccessRequest`, which expressions are checked against, are known once it is imported.
from function.auth.v1 import access_request_pb2 as access_request_pb2  # noqa: PLC0414
from function.auth.v1 import role_binding_pb2
from function_backend.kernel.conditions import GrantCondition, TimeWindow
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.kernel.identifiers import parse_id
from function_backend.kernel.identity import ResourceScope
from function_backend.services.auth.domain.access_expression import AccessExpression, expression_problems
from function_backend.services.auth.errors.role_binding import ConditionInvalidError


def read_scope(message: role_binding_pb2.RoleScope) -> ResourceScope | None:
    """The scope; None for the whole tenant. INVALID_ARGUMENT for one that contradicts itself."""
    if not message.resource_type:
        if message.resource_id or message.labels:
            raise invalid_fields(FieldViolation("scope.resource_type", "must be given with an id or labels"))
        return None
    if message.resource_id and message.labels:
        raise invalid_fields(FieldViolation("scope.labels", "cannot be given together with an id"))
    resource_id = parse_id(message.resource_id) if message.resource_id else None
    return ResourceScope(message.resource_type, resource_id, tuple(sorted(message.labels.items())))


def scope(value: ResourceScope | None) -> role_binding_pb2.RoleScope:
    """The scope as callers see it; empty for the whole tenant."""
    if value is None:
        return role_binding_pb2.RoleScope()
    return role_binding_pb2.RoleScope(
        resource_type=value.resource_type,
        resource_id="" if value.resource_id is None else str(value.resource_id),
        labels=dict(value.labels),
    )


def read_condition(message: role_binding_pb2.RoleCondition) -> GrantCondition:
    """The condition; INVALID_ARGUMENT with all that cannot be read of it, ConditionInvalidError for its expression."""
    violations: list[FieldViolation] = []
    condition = GrantCondition(
        networks=_networks(message.client_networks, violations),
        windows=_windows(message.time_windows, violations),
        second_factor=message.second_factor,
        max_sign_in_age=message.max_sign_in_age.ToTimedelta() if message.HasField("max_sign_in_age") else None,
        expression=_expression(message, violations),
    )
    if violations:
        raise invalid_fields(*violations)
    if condition.expression is not None:
        problems = expression_problems(condition.expression.text)
        if problems:
            raise ConditionInvalidError(problems)
    return condition


def condition(value: GrantCondition) -> role_binding_pb2.RoleCondition | None:
    """The condition as callers see it; None when it asks for nothing."""
    message = role_binding_pb2.RoleCondition(
        client_networks=map(str, value.networks),
        time_windows=[
            role_binding_pb2.RoleTimeWindow(
                days=map(role_binding_pb2.RoleWeekday.ValueType, sorted(window.days)),
                begin=window.begin.isoformat("minutes"),
                end=window.end.isoformat("minutes"),
                time_zone=window.zone.key,
            )
            for window in value.windows
        ],
        second_factor=value.second_factor,
    )
    if value.expression is not None:
        message.expression = value.expression.text
        message.title, message.description = value.expression.title, value.expression.description
    if value.max_sign_in_age is not None:
        message.max_sign_in_age.FromTimedelta(value.max_sign_in_age)
    return message if message.ByteSize() else None


def _expression(message: role_binding_pb2.RoleCondition, violations: list[FieldViolation]) -> AccessExpression | None:
    if message.expression:
        return AccessExpression(text=message.expression, title=message.title, description=message.description)
    violations += [
        FieldViolation(f"condition.{name}", "is about an expression; give one, or say it in `reason`")
        for name in ("title", "description")
        if getattr(message, name)
    ]
    return None


def _networks(texts: Sequence[str], violations: list[FieldViolation]) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for place, text in enumerate(texts):
        try:
            found.append(ip_network(text))
        except ValueError:
            described = "is not a network, such as '10.0.0.0/8' or '2001:db8::/32', without bits behind its length"
            violations.append(FieldViolation(f"condition.client_networks[{place}]", described))
    return tuple(found)


def _windows(
    messages: Sequence[role_binding_pb2.RoleTimeWindow], violations: list[FieldViolation]
) -> tuple[TimeWindow, ...]:
    found = []
    for place, message in enumerate(messages):
        try:
            zone = ZoneInfo(message.time_zone)
        except (ValueError, OSError, KeyError):
            path = f"condition.time_windows[{place}].time_zone"
            violations.append(FieldViolation(path, "is not a time zone, such as 'Europe/Berlin'"))
            continue
        begin, end = time.fromisoformat(message.begin), time.fromisoformat(message.end)
        found.append(TimeWindow(days=frozenset(map(int, message.days)), begin=begin, end=end, zone=zone))
    return tuple(found)
