"""Reading filters over companies."""

from __future__ import annotations

from function_backend.filters.language import FilterLanguage, Function
from function_backend.services.company.domain.filters.fields import FILTER_FIELDS

_FUNCTIONS = {"identifier": Function("identifiers", "scheme and value", 'identifier("scheme", "value")')}

read_filter = FilterLanguage(FILTER_FIELDS, _FUNCTIONS).read
"""What a filter asks for; None when it asks for nothing. Raises FilterProblem."""
