"""Identifiers in a query, in whatever form they were typed."""

from __future__ import annotations

from function_backend.services.company.domain.schemes.catalogue import CATALOGUE
from function_backend.services.company.domain.schemes.scheme import InvalidNumberError

_LONGEST = 64


def identifier_values(text: str) -> list[str]:
    """The values that the text stands for in any scheme, as they are kept: `320193` is the CIK `0000320193` too."""
    text = text.strip()
    values = {text: None}
    if len(text) <= _LONGEST and any(character.isdigit() for character in text):
        for scheme in CATALOGUE.values():
            try:
                values[scheme.normalise(text)] = None
            except InvalidNumberError:
                continue
    return list(values)
