"""Rules over a company, each written three times: in CEL, for zen-engine, and by hand in Python."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format

from function.company.v1 import company_pb2

COMPANY = "function.company.v1.Company"

TWO_CONDITIONS = "c.revision > 2 && c.jurisdiction in ['DE', 'FR', 'NL', 'GB']"
TWO_CONDITIONS_ZEN = "revision > 2 and jurisdiction in ['DE', 'FR', 'NL', 'GB']"
TEN_CONDITIONS = """\
c.status == 1
&& c.jurisdiction in ['DE', 'FR', 'NL', 'GB']
&& c.legal_name.size() > 3
&& c.revision > 2
&& c.names.exists(n, n.language == 'en')
&& c.identifiers.exists(i, i.scheme == 'lei' && i.value.startsWith('5299'))
&& c.addresses.exists(a, a.country == 'DE' && a.city == 'Berlin')
&& c.addresses.all(a, a.postal_code != '')
&& c.contacts.exists(t, t.value.endsWith('.example'))
&& c.industries.exists(s, s.code.startsWith('62'))
"""
TEN_CONDITIONS_ZEN = """\
status == 1
and jurisdiction in ['DE', 'FR', 'NL', 'GB']
and len(legal_name) > 3
and revision > 2
and some(names, #.language == 'en')
and some(identifiers, #.scheme == 'lei' and startsWith(#.value, '5299'))
and some(addresses, #.country == 'DE' and #.city == 'Berlin')
and all(addresses, #.postal_code != '')
and some(contacts, endsWith(#.value, '.example'))
and some(industries, startsWith(#.code, '62'))
"""
_COUNTRIES = frozenset({"DE", "FR", "NL", "GB"})


def two_conditions(c: company_pb2.Company) -> bool:
    """`TWO_CONDITIONS`, as one would write it."""
    return c.revision > 2 and c.jurisdiction in _COUNTRIES  # noqa: PLR2004 - as in the rule


def ten_conditions(c: company_pb2.Company) -> bool:
    """`TEN_CONDITIONS` with loops, which are faster than generators."""
    return (
        c.status == 1
        and c.jurisdiction in _COUNTRIES
        and len(c.legal_name) > 3  # noqa: PLR2004 - as in the rule
        and c.revision > 2  # noqa: PLR2004
        and _has_english_name(c)
        and _has_lei(c)
        and _is_in_berlin(c)
        and _has_postal_codes(c)
        and _has_example_contact(c)
        and _makes_software(c)
    )


def _has_english_name(c: company_pb2.Company) -> bool:
    for name in c.names:  # noqa: SIM110 - a loop is faster than any()
        if name.language == "en":
            return True
    return False


def _has_lei(c: company_pb2.Company) -> bool:
    for identifier in c.identifiers:  # noqa: SIM110
        if identifier.scheme == "lei" and identifier.value.startswith("5299"):
            return True
    return False


def _is_in_berlin(c: company_pb2.Company) -> bool:
    for address in c.addresses:  # noqa: SIM110
        if address.country == "DE" and address.city == "Berlin":
            return True
    return False


def _has_postal_codes(c: company_pb2.Company) -> bool:
    for address in c.addresses:  # noqa: SIM110
        if address.postal_code == "":
            return False
    return True


def _has_example_contact(c: company_pb2.Company) -> bool:
    for contact in c.contacts:  # noqa: SIM110
        if contact.value.endswith(".example"):
            return True
    return False


def _makes_software(c: company_pb2.Company) -> bool:
    for industry in c.industries:  # noqa: SIM110
        if industry.code.startswith("62"):
            return True
    return False


def company(*, size: int = 600) -> company_pb2.Company:
    """A company of about that many bytes, for which all ten conditions hold, each list to its last element."""
    made = company_pb2.Company(
        legal_name="Nordlicht Rechenwerke GmbH", jurisdiction="DE", status=company_pb2.COMPANY_STATUS_ACTIVE, revision=7
    )
    for language, value in (("de", "Nordlicht"), ("fr", "Lumière du nord"), ("en", "Northern Light")):
        made.names.add(value=value, language=language)
    for scheme, value in (("de-hrb", "HRB 123456 B"), ("vat", "DE123456789"), ("lei", "529900ABCDEFGHIJKL12")):
        made.identifiers.add(scheme=scheme, value=value, country="DE")
    for city, code in (("Hamburg", "20095"), ("Köln", "50667"), ("Berlin", "10115")):
        made.addresses.add(country="DE", city=city, postal_code=code, lines=["Hauptstraße 1"])
    for value in ("+49301234567", "info@nordlicht.invalid", "https://nordlicht.example"):
        made.contacts.add(kind=company_pb2.CONTACT_KIND_WEB, value=value)
    for code in ("26.20", "58.29", "62.01"):
        made.industries.add(scheme="nace", code=code)
    number = 0
    while made.ByteSize() < size:
        made.names.add(value=f"Nordlicht Rechenwerke, former name {number}", language="de")
        number += 1
    return made


def as_dict(message: company_pb2.Company) -> dict[str, Any]:
    """The same for engines that know no messages."""
    converted: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, use_integers_for_enums=True
    )
    # JSON has its whole numbers of 64 bits as text.
    converted["revision"] = message.revision
    return converted
