"""Who may call which method of a protected service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from function_backend_client.server.caller import Caller


class Scope(Enum):
    """Rules that ask for no permission."""

    PUBLIC = "public"
    """Anybody, without a credential: health checks, reflection."""
    SIGNED_IN = "signed in"
    """Anybody whose credential is good."""


PUBLIC: Final = Scope.PUBLIC
SIGNED_IN: Final = Scope.SIGNED_IN


@dataclass(frozen=True, slots=True)
class Anywhere:
    """Those who hold a permission in their whole tenant; the same as its name alone."""

    permission: str


@dataclass(frozen=True, slots=True)
class Somewhere:
    """Those who hold a permission for some resources at least; the method decides with `current_caller().somewhere`."""

    permission: str


@dataclass(frozen=True, slots=True)
class Related:
    """Those who have a permission on one resource by the relationships of their tenant."""

    permission: str
    resource: str
    """Type and id, such as `document:42`."""
    subject: str = ""
    """Who; the caller when empty."""


Decision: TypeAlias = Scope | Anywhere | Somewhere | Related
Rule: TypeAlias = str | Decision | Callable[[Any, Caller], "str | Decision"]
"""A permission by its name, a rule, or a function that makes one from the request and the caller.

A function is for methods with one request: of a stream it would see the first message only.
"""


class Rules:
    """The rules by method. A method without one may be called by nobody."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._methods: dict[str, Rule] = {}
        self._services: dict[str, Rule] = {}
        for name, rule in rules.items():
            path = name if name.startswith("/") else f"/{name}"
            if path.count("/") != 2:  # noqa: PLR2004  Service and method.
                raise ValueError(f"{name!r} is not a method such as '/shop.v1.Orders/Get', nor '/shop.v1.Orders/*'")
            if path.endswith("/*"):
                self._services[path[:-2]] = rule if callable(rule) else decided(rule)
            else:
                self._methods[path] = rule if callable(rule) else decided(rule)

    def find(self, method: str) -> Rule | None:
        """The rule of a method: its own, or that of its service."""
        rule = self._methods.get(method)
        return self._services.get(method.rpartition("/")[0]) if rule is None else rule


def decided(rule: str | Decision) -> Decision:
    """The rule, with the name of a permission as what it stands for."""
    return Anywhere(rule) if isinstance(rule, str) else rule
