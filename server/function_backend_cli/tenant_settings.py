"""`--set name=value`: the settings of a tenant by their names in the contract."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from function.auth.v1 import tenant_pb2
from function_backend_cli.fields import enum_number
from function_backend_cli.names import nearest

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def assign(settings: tenant_pb2.TenantSettings, assignments: Iterable[str]) -> list[str]:
    """Sets `password_min_length=14`, `session_idle_lifetime=8h`, `allowed_grants=password,refresh_token`.

    Returns the paths for an update mask. An empty value gives the setting back to the parent.
    """
    fields = tenant_pb2.TenantSettings.DESCRIPTOR.fields_by_name
    paths = []
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        field = fields.get(name)
        if field is None:
            raise ValueError(f"there is no setting {name!r}{nearest(name, fields)}")
        if not equals:
            raise ValueError(f"{assignment!r}: write NAME=VALUE, such as password_min_length=14")
        _set(settings, field, value.strip())
        paths.append(f"settings.{name}")
    return paths


def _set(settings: tenant_pb2.TenantSettings, field: FieldDescriptor, value: str) -> None:
    settings.ClearField(field.name)  # type: ignore[arg-type]  # One of its fields, looked up by name.
    if not value:
        return
    if field.is_repeated:
        getattr(settings, field.name).extend(enum_number(field, part) for part in value.split(","))
    elif field.message_type is not None:
        getattr(settings, field.name).FromTimedelta(_span(value))
    elif field.type == FieldDescriptor.TYPE_BOOL:
        setattr(settings, field.name, _yes_or_no(field.name, value))
    else:
        setattr(settings, field.name, _number(field.name, value))


def _span(text: str) -> dt.timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no span of time such as 15m, 8h or 30d")
    spans: dict[str, Any] = {_UNITS[found[2]]: float(found[1])}
    return dt.timedelta(**spans)


def _yes_or_no(name: str, text: str) -> bool:
    words = {"yes": True, "true": True, "no": False, "false": False}
    if text.lower() not in words:
        raise ValueError(f"{name}: {text!r} is neither yes nor no")
    return words[text.lower()]


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name}: {text!r} is no number") from None
