"""Scopes and conditions as they are stored, in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from function_backend.kernel.conditions import ALWAYS, Expression, GrantCondition, TimeWindow
from function_backend.kernel.identity import ResourceScope
from function_backend.services.auth.domain.access_expression import AccessExpression


def stored_condition(condition: GrantCondition) -> dict[str, Any]:
    """The condition as JSON; empty when it asks for nothing. The end is no part of it."""
    age = condition.max_sign_in_age
    stored = {
        "networks": [str(network) for network in condition.networks],
        "windows": [
            {
                "days": sorted(window.days),
                "begin": window.begin.isoformat("minutes"),
                "end": window.end.isoformat("minutes"),
                "zone": window.zone.key,
            }
            for window in condition.windows
        ],
        "second_factor": condition.second_factor,
        "max_sign_in_age": 0 if age is None else age.total_seconds(),
        "expression": _stored_expression(condition.expression),
    }
    return {name: value for name, value in stored.items() if value}


def read_condition(stored: Mapping[str, Any], expires_at: datetime | None = None) -> GrantCondition:
    """The condition again. ValueError or KeyError when this release cannot tell what it asks for."""
    if not stored and expires_at is None:
        return ALWAYS
    if not _KNOWN.issuperset(stored):
        raise KeyError("a condition asks for something that this release does not know")
    age, written = stored.get("max_sign_in_age"), stored.get("expression")
    return GrantCondition(
        expires_at=expires_at,
        networks=tuple(map(ip_network, stored.get("networks", ()))),
        windows=tuple(map(_window, stored.get("windows", ()))),
        second_factor=bool(stored.get("second_factor", False)),
        max_sign_in_age=None if age is None else timedelta(seconds=age),
        expression=None if written is None else _expression(written),
    )


def read_scope(resource_type: str, resource_id: UUID | None, labels: Mapping[str, str]) -> ResourceScope | None:
    """The scope again; None for the whole tenant."""
    if not resource_type:
        return None
    return ResourceScope(resource_type, resource_id, tuple(sorted(labels.items())))


_KNOWN = frozenset({"networks", "windows", "second_factor", "max_sign_in_age", "expression"})


def _stored_expression(value: Expression | None) -> dict[str, str] | None:
    return None if value is None else {"text": value.text, "title": value.title, "description": value.description}


def _expression(stored: Mapping[str, Any]) -> AccessExpression:
    return AccessExpression(text=stored["text"], title=stored["title"], description=stored["description"])


def _window(stored: Mapping[str, Any]) -> TimeWindow:
    return TimeWindow(
        days=frozenset(stored["days"]),
        begin=time.fromisoformat(stored["begin"]),
        end=time.fromisoformat(stored["end"]),
        zone=ZoneInfo(stored["zone"]),
    )
