"""Groups of countries, by ISO 3166-1 alpha-2 code."""

from __future__ import annotations

from function_backend_rules.cel.functions import Function

EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
"""The members of the European Union since 2020-02-01."""
EEA = EU | {"IS", "LI", "NO"}
EURO = frozenset("AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK".split())  # noqa: SIM905
"""The members of the euro area since 2026-01-01."""
SEPA = EEA | frozenset("AD AL CH GB MC MD ME MK RS SM VA".split())  # noqa: SIM905
"""The countries of the single euro payments area (European Payments Council, EPC409-09 of 2025)."""
G7 = frozenset("CA DE FR GB IT JP US".split())  # noqa: SIM905
GROUPS = {"EU": EU, "EEA": EEA, "EURO": EURO, "SEPA": SEPA, "G7": G7}


def _in_group(country: str, group: str) -> bool:
    members = GROUPS.get(group)
    if members is None:
        raise ValueError(f"there is no group {group[:20]!r}; there are {', '.join(sorted(GROUPS))}")
    return country in members


def _members(group: str) -> list[str]:
    members = GROUPS.get(group)
    if members is None:
        raise ValueError(f"there is no group {group[:20]!r}; there are {', '.join(sorted(GROUPS))}")
    return sorted(members)


FUNCTIONS = (
    Function(
        "countries.isIn(string, string) -> bool", _in_group, "Whether a country is in EU, EEA, EURO, SEPA or G7.", 2
    ),
    Function("countries.of(string) -> list(string)", _members, "The countries of a group, in order.", 40),
)
