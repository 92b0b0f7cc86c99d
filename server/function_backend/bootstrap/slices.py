"""The services that are served. Adding one adds its line here, and that of its settings in `settings/tree.py`."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from google.longrunning import operations_pb2

from function_backend.services.audit import slice as audit
from function_backend.services.auth import slice as auth
from function_backend.services.company import slice as company
from function_backend.services.events import slice as events
from function_backend.services.jobs import slice as jobs
from function_backend.services.rules import slice as rules

SLICES = (auth, company, rules, events, jobs, audit)
"""The module of each service that wires it: `build(resources, settings)` returns its `Slice`."""

FOREIGN_CONTRACTS: Mapping[str, tuple[ModuleType, ...]] = {"jobs": (operations_pb2,)}
"""Contracts that a slice serves beside its own; what they require stands in `interceptors/foreign_methods.py`."""
