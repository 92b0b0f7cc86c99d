"""The services: one folder each, with the same files. Adding a service adds its line here."""

from __future__ import annotations

# Not under the folders' own names, which would hide the folders as attributes of this package.
from function_backend.services.auth import slice as auth_slice
from function_backend.services.company import slice as company_slice
from function_backend.services.rules import slice as rules_slice

SLICES = (auth_slice, company_slice, rules_slice)
"""The module of each service that wires it: `build(resources, settings)` returns its `Slice`."""
