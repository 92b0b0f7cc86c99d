"""All the schemes, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from function_backend.services.company.domain.schemes.americas import AMERICAS
from function_backend.services.company.domain.schemes.asia_africa_oceania import ASIA_AFRICA_OCEANIA
from function_backend.services.company.domain.schemes.europe import EUROPE
from function_backend.services.company.domain.schemes.international import INTERNATIONAL
from function_backend.services.company.domain.schemes.scheme import Scheme

CATALOGUE: Mapping[str, Scheme] = MappingProxyType(
    {scheme.name: scheme for scheme in (*INTERNATIONAL, *EUROPE, *AMERICAS, *ASIA_AFRICA_OCEANIA)}
)

OWN_PREFIX = "x-"
"""Schemes of the caller's own begin with it. Their values are kept as they come; each belongs to one company."""
