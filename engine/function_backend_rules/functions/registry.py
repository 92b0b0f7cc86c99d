"""Putting the functions together."""

from __future__ import annotations

from importlib.metadata import entry_points

from function_backend_rules.cel.functions import Function, FunctionRegistry
from function_backend_rules.functions import countries, dates, identifiers, money

GROUP = "function_backend_rules.functions"
"""The entry points of plugins: each names a sequence of `Function`."""

FUNCTIONS = FunctionRegistry((*dates.FUNCTIONS, *money.FUNCTIONS, *identifiers.FUNCTIONS, *countries.FUNCTIONS))
"""Those of the platform."""


def load_plugins(base: FunctionRegistry = FUNCTIONS) -> FunctionRegistry:
    """The registry with the functions of the installed plugins.

    Raises:
        TypeError: an entry point does not name functions.
        ValueError: a signature cannot be read, or takes the name of a function of the language.
    """
    found: list[Function] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        functions = entry.load()
        if not all(isinstance(function, Function) for function in functions):
            raise TypeError(f"the plugin {entry.name!r} ({entry.value}) does not name functions of rules")
        found.extend(functions)
    return base.extended(found) if found else base
