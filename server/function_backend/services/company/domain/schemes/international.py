"""Schemes that are not of one country."""

from __future__ import annotations

from stdnum.eu import vat

from function_backend.services.company.domain.schemes import own_checks
from function_backend.services.company.domain.schemes.numbers import pattern_number, stdnum_number
from function_backend.services.company.domain.schemes.scheme import InvalidIssuerError, Scheme, Uniqueness

_AUTHORITY_LENGTH = len("RA000585")


def _registration_authority(issuer: str) -> str:
    code = issuer.strip().upper()
    if len(code) != _AUTHORITY_LENGTH or not code.startswith("RA") or not code[2:].isdigit():
        raise InvalidIssuerError("must be a code of GLEIF's list of registration authorities, such as 'RA000585'")
    return code


INTERNATIONAL = (
    Scheme(name="lei", title="an LEI (ISO 17442)", normalise=own_checks.lei, example="529900T8BM49AURSDO55"),
    Scheme(
        name="eu-vat",
        title="a VAT number of a member state of the EU, with its country",
        normalise=stdnum_number("eu.vat", "a VAT number of the EU"),
        example="DE136695976",
        # A VAT group has one number for all its members (Directive 2006/112/EC, article 11).
        unique=Uniqueness.NONE,
        # Greece writes EL.
        countries=frozenset(state.upper() for state in vat.MEMBER_STATES) - {"EL"} | {"GR"},
    ),
    Scheme(
        name="duns",
        title="a D-U-N-S number",
        # Their check digit was given up in 2006.
        normalise=pattern_number("a D-U-N-S number", "[0-9]{9}", width=9),
        example="150483782",
    ),
    Scheme(name="gln", title="a GS1 global location number", normalise=own_checks.gln, example="4012345000009"),
    Scheme(
        name="bic",
        title="a BIC (ISO 9362)",
        normalise=stdnum_number("bic", "a BIC"),
        example="AGRIFRPP882",
    ),
    Scheme(
        name="isin",
        title="an ISIN (ISO 6166) of a security the company has issued",
        normalise=stdnum_number("isin", "an ISIN"),
        example="US0378331005",
    ),
    Scheme(
        name="figi",
        title="a FIGI of a security the company has issued",
        normalise=stdnum_number("figi", "a FIGI"),
        example="BBG000BLNQ16",
    ),
    Scheme(
        name="cusip",
        title="a CUSIP number of a security the company has issued",
        normalise=stdnum_number("cusip", "a CUSIP number", shape="[0-9A-Z*@#]{9}"),
        example="037833100",
    ),
    Scheme(
        name="isni",
        title="an ISNI (ISO 27729)",
        normalise=stdnum_number("isni", "an ISNI"),
        example="000000012281955X",
    ),
    Scheme(
        name="eic",
        title="an energy identification code of ENTSO-E",
        normalise=stdnum_number("eu.eic", "an energy identification code"),
        example="22XWATTPLUS----G",
    ),
    Scheme(
        name="giin",
        title="a FATCA GIIN",
        normalise=pattern_number(
            "a GIIN", r"[0-9A-NP-Z]{6}\.[0-9A-NP-Z]{5}\.(LE|SL|ME|BR|SF|SD|SS|SB|SP)\.[0-9]{3}", separators=" "
        ),
        example="98Q96B.00000.LE.250",
    ),
    Scheme(
        name="permid",
        title="an LSEG PermID",
        normalise=pattern_number("a PermID", "[1-9][0-9]{9,15}"),
        example="4295905573",
    ),
    Scheme(
        name="wikidata",
        title="a Wikidata item",
        normalise=pattern_number("a Wikidata item", "Q[1-9][0-9]*"),
        example="Q312",
    ),
    Scheme(
        name="ticker",
        title="a ticker symbol; the issuer is the exchange",
        normalise=pattern_number("a ticker symbol", r"[0-9A-Z][0-9A-Z.&/-]{0,19}", separators=" "),
        example="AAPL",
        # Exchanges give symbols to another company when they fall free.
        unique=Uniqueness.NONE,
    ),
    Scheme(
        name="ra",
        title="a company's number at a registration authority of GLEIF's list, which is the issuer",
        # Each register writes its numbers in its own way.
        normalise=str.strip,
        example="HRB 12345",
        # Funds and branches are listed under the number of the company that runs them.
        unique=Uniqueness.NONE,
        issuer_key=_registration_authority,
    ),
)
"""Schemes of international issuers."""
