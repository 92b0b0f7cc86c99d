"""The services: one folder each, with the same files. Adding a service adds its line here."""

from __future__ import annotations

from function_backend.services.auth import slice as auth
from function_backend.services.company import slice as company

SLICES = (auth, company)
"""The module of each service that wires it: `build(resources, settings)` returns its `Slice`."""
