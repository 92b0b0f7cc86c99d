"""The services that are served. Adding one adds its line here, and that of its settings in `settings/tree.py`."""

from __future__ import annotations

from function_backend.services.auth import slice as auth
from function_backend.services.company import slice as company
from function_backend.services.notifications import slice as notifications
from function_backend.services.rules import slice as rules

SLICES = (auth, company, rules, notifications)
"""The module of each service that wires it: `build(resources, settings)` returns its `Slice`."""
