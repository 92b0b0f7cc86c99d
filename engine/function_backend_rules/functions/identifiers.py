"""Identifiers by their schemes, with python-stdnum."""

from __future__ import annotations

from types import ModuleType

from stdnum import bic as bic_numbers
from stdnum import iban, isin, lei
from stdnum.eu import vat

from function_backend_rules.cel.functions import Function

_LONGEST = 64
"""Characters; no identifier of these schemes is longer."""


def _valid(scheme: ModuleType, text: str) -> bool:
    return len(text) <= _LONGEST and bool(scheme.is_valid(text))


def _vat_country(text: str) -> str:
    return vat.compact(text)[:2] if len(text) <= _LONGEST and vat.is_valid(text) else ""


FUNCTIONS = (
    Function(
        "lei.isValid(string) -> bool", lambda text: _valid(lei, text), "A legal entity identifier, ISO 17442.", 20
    ),
    Function("iban.isValid(string) -> bool", lambda text: _valid(iban, text), "A bank account, ISO 13616.", 40),
    Function("bic.isValid(string) -> bool", lambda text: _valid(bic_numbers, text), "A bank, ISO 9362.", 10),
    Function("isin.isValid(string) -> bool", lambda text: _valid(isin, text), "A security, ISO 6166.", 20),
    Function("vat.isValid(string) -> bool", lambda text: _valid(vat, text), "A VAT number of the European Union.", 40),
    Function("vat.country(string) -> string", _vat_country, "The country of a valid VAT number, else nothing.", 40),
)
