"""Schemes of American countries."""

from __future__ import annotations

from function_backend.services.company.domain.places import SUBDIVISIONS
from function_backend.services.company.domain.schemes import own_checks
from function_backend.services.company.domain.schemes.numbers import pattern_number, stdnum_number
from function_backend.services.company.domain.schemes.scheme import InvalidIssuerError, Uniqueness, national


def _us_state(issuer: str) -> str:
    code = issuer.strip().upper().removeprefix("US-")
    if f"US-{code}" not in SUBDIVISIONS:
        raise InvalidIssuerError("must be the code of a US state, such as 'DE'")
    return code


AMERICAS = (
    national("ar-cuit", "an Argentine tax number", stdnum_number("ar.cuit", "an Argentine tax number"), "20055361682"),
    national(
        "br-cnpj",
        "a Brazilian company number",
        stdnum_number("br.cnpj", "a Brazilian company number"),
        "16727230000197",
    ),
    national("ca-bn", "a Canadian business number", stdnum_number("ca.bn", "a Canadian business number"), "123026635"),
    national(
        "ca-corp",
        "a number of Corporations Canada",
        pattern_number("a number of Corporations Canada", "[1-9][0-9]{5,7}"),
        "4261607",
    ),
    national("cl-rut", "a Chilean tax number", stdnum_number("cl.rut", "a Chilean tax number"), "760864285"),
    national("co-nit", "a Colombian tax number", stdnum_number("co.nit", "a Colombian tax number"), "2131234321"),
    national(
        "cr-cpj", "a Costa Rican company number", stdnum_number("cr.cpj", "a Costa Rican company number"), "3101999999"
    ),
    national(
        "do-rnc", "a Dominican taxpayer number", stdnum_number("do.rnc", "a Dominican taxpayer number"), "101850043"
    ),
    national(
        "ec-ruc",
        "an Ecuadorian taxpayer number",
        stdnum_number("ec.ruc", "an Ecuadorian taxpayer number"),
        "1792060346001",
    ),
    national("gt-nit", "a Guatemalan tax number", stdnum_number("gt.nit", "a Guatemalan tax number"), "576937K"),
    national(
        "mx-rfc", "a Mexican taxpayer number", stdnum_number("mx.rfc", "a Mexican taxpayer number"), "GODE561231GR8"
    ),
    national(
        "pe-ruc", "a Peruvian taxpayer number", stdnum_number("pe.ruc", "a Peruvian taxpayer number"), "20512333797"
    ),
    national(
        "py-ruc", "a Paraguayan taxpayer number", stdnum_number("py.ruc", "a Paraguayan taxpayer number"), "800280610"
    ),
    national("sv-nit", "a Salvadoran tax number", stdnum_number("sv.nit", "a Salvadoran tax number"), "06140507071048"),
    national(
        "us-cik",
        "an SEC central index key",
        pattern_number("an SEC central index key", "(?!0{10})[0-9]{10}", width=10),
        "0000320193",
    ),
    national("us-ein", "a US EIN", own_checks.us_ein, "942404110", unique=Uniqueness.NONE),
    national("us-rtn", "a US bank routing number", stdnum_number("us.rtn", "a US bank routing number"), "111000025"),
    national(
        "us-state",
        "a file number of a US state; the issuer is the state",
        pattern_number("a file number of a US state", "[0-9A-Z]{1,20}"),
        "3128672",
        unique=Uniqueness.ISSUER,
        issuer_key=_us_state,
    ),
    national("uy-rut", "a Uruguayan tax number", stdnum_number("uy.rut", "a Uruguayan tax number"), "211003420017"),
    national("ve-rif", "a Venezuelan tax number", stdnum_number("ve.rif", "a Venezuelan tax number"), "V114702834"),
)
