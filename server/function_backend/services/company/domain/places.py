"""Countries and their subdivisions as ISO 3166 lists them."""

from __future__ import annotations

import orjson

from function_backend.kernel.packages import package_folder
from function_backend.services.company.domain.checks import Checks

# User-assigned codes that registers use all the same. XK: Kosovo, in the lists of the EU and of GLEIF.
_USER_ASSIGNED = frozenset({"XK"})

# A code that is refused is shown up to this length.
_SHOWN = 10


def _listed(standard: str, field: str) -> frozenset[str]:
    """The codes of a standard, from the files of pycountry; making its objects of them takes ten times as long."""
    file = package_folder("pycountry") / "databases" / f"iso{standard}.json"
    entries = orjson.loads(file.read_bytes())[standard]
    return frozenset(entry[field] for entry in entries)


COUNTRIES = _listed("3166-1", "alpha_2") | _USER_ASSIGNED
"""The ISO 3166-1 alpha-2 codes."""
SUBDIVISIONS = _listed("3166-2", "code")
"""The ISO 3166-2 codes."""


def check_country(checks: Checks, parent: str, code: str, *, required: bool = False) -> str:
    """The ISO 3166-1 alpha-2 code of the value at the path `parent`, or nothing."""
    if code in COUNTRIES:
        return code
    if not code:
        if required:
            checks.refuse_field(parent, "country", "must be an ISO 3166-1 alpha-2 code such as 'DE'")
        return code
    checks.refuse_field(parent, "country", f"'{_shown(code)}' is not an ISO 3166-1 alpha-2 code such as 'DE'")
    return code


def check_jurisdiction(checks: Checks, path: str, code: str) -> str:
    """The ISO 3166-1 alpha-2 or ISO 3166-2 code, or nothing."""
    if not code or code in COUNTRIES or code in SUBDIVISIONS:
        return code
    checks.refuse(
        path, f"'{_shown(code)}' is neither an ISO 3166-1 code such as 'DE' nor an ISO 3166-2 code as 'US-DE'"
    )
    return code


def country_of(jurisdiction: str) -> str:
    """The country of a jurisdiction: `US` for `US-DE`."""
    return jurisdiction[:2]


def _shown(code: str) -> str:
    return code if len(code) <= _SHOWN and code.isprintable() else f"{ascii(code[:_SHOWN])[1:-1]}…"
