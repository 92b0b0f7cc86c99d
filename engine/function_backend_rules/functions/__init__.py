"""The functions that the platform adds to the language, and those of plugins."""

from __future__ import annotations

from function_backend_rules.functions.registry import FUNCTIONS, load_plugins

__all__ = ["FUNCTIONS", "load_plugins"]
