"""Companies: messages as callers send them, states as they are kept, and strategies that make up both."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from function.company.v1 import company_pb2
from function_backend.kernel.identifiers import new_id
from function_backend.services.company.domain.addresses import Address, AddressKind
from function_backend.services.company.domain.company import Company, CompanyState, CompanyStatus
from function_backend.services.company.domain.contacts import Contact, ContactKind
from function_backend.services.company.domain.dates import Period
from function_backend.services.company.domain.identifiers import Identifier, Verification
from function_backend.services.company.domain.industries import Industry
from function_backend.services.company.domain.names import LegalForm, NameKind, OtherName

_LEI_ISSUER = "9845"


def lei(number: int) -> str:
    """A legal entity identifier with its check digits."""
    body = f"{_LEI_ISSUER}{number:014}"
    return f"{body}{98 - int(body + '00') % 97:02}"


def a_message(**fields: Any) -> company_pb2.Company:  # noqa: ANN401 - whatever the constructor takes
    """A small valid company as a caller sends it."""
    return company_pb2.Company(**{"legal_name": "Acme Holdings, Inc.", "jurisdiction": "US-DE", **fields})


def a_full_message() -> company_pb2.Company:
    """A company with every kind of content, already in normal form."""
    fields: dict[str, Any] = {
        "legal_name": "Müller Maschinenbau GmbH",
        "jurisdiction": "DE",
        "status": company_pb2.COMPANY_STATUS_ACTIVE,
        "names": [
            {
                "value": "Mueller Maschinenbau",
                "kind": company_pb2.NAME_KIND_TRANSLITERATED,
                "language": "de-Latn",
                "validity": {"start_date": {"year": 1990, "month": 1, "day": 1}},
            }
        ],
        "legal_form": {"code": "2HBR", "text": "GmbH"},
        "incorporation_date": {"year": 1987, "month": 5, "day": 4},
        "identifiers": [
            {"scheme": "lei", "value": lei(1), "verification": company_pb2.VERIFICATION_STATE_VERIFIED},
            {"scheme": "de-hrb", "value": "12345", "issuer": "Amtsgericht München", "country": "DE"},
            {"scheme": "eu-vat", "value": "DE136695976", "country": "DE"},
        ],
        "addresses": [
            {
                "kind": company_pb2.ADDRESS_KIND_REGISTERED,
                "country": "DE",
                "region": "DE-BY",
                "city": "München",
                "district": "Schwabing",
                "postal_code": "80801",
                "lines": ["Leopoldstraße 1", "Hinterhaus"],
                "validity": {"end_date": {"year": 2030, "month": 1, "day": 1}},
            }
        ],
        "contacts": [
            {"kind": company_pb2.CONTACT_KIND_PHONE, "value": "+4989123456"},
            {"kind": company_pb2.CONTACT_KIND_EMAIL, "value": "info@mueller-maschinen.de", "description": "front desk"},
            {"kind": company_pb2.CONTACT_KIND_WEB, "value": "https://www.mueller-maschinen.de/"},
        ],
        "industries": [{"scheme": "nace", "code": "2899", "primary": True}, {"scheme": "sic", "code": "3559"}],
        "labels": {"tier": "gold", "team/region": "south"},
    }
    message = company_pb2.Company(**fields)
    message.attributes.update({"employees": 250, "sites": ["München", {"city": "Graz"}], "ratio": 0.25, "note": None})
    return message


def a_state(**fields: Any) -> CompanyState:  # noqa: ANN401 - whatever the tuple takes
    """A small valid state."""
    return CompanyState(**{"legal_name": "Acme Holdings, Inc.", **fields})


def a_company(state: CompanyState | None = None, *, revision: int = 1) -> Company:
    """A company as it is kept."""
    now = datetime.now(UTC)
    return Company(new_id(), state or a_state(), revision, now, now)


def at(moment: datetime) -> Timestamp:
    """The moment as it is sent."""
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


_words = st.text(string.ascii_letters + "äßñø株式会社 &.,'-", min_size=1, max_size=20)
texts = _words.map(str.strip).filter(bool)
"""Texts in normal form or nearly so."""
days = st.dates(min_value=date(1, 1, 1))
_enum = st.sampled_from
_json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def periods(draw: st.DrawFn) -> Period | None:
    """No period, or one whose sides are in order."""
    start, end = draw(st.none() | days), draw(st.none() | days)
    if start is not None and end is not None and start >= end:
        return None
    return None if start is None and end is None else Period(start, end)


_IDENTIFIERS = (
    ("us-cik", "320193"),
    ("us-ein", "94-2404110"),
    ("gb-crn", "445790"),
    ("x-own", "anything / goes"),
    ("duns", "15-048-3782"),
    ("fr-siren", "404 833 048"),
)
_CONTACTS = (
    (ContactKind.PHONE, "(408) 996-1010"),
    (ContactKind.FAX, "+49 89 123456"),
    (ContactKind.EMAIL, "Info@EXAMPLE-company.com"),
    (ContactKind.WEB, "HTTPS://Example.COM/About"),
)


@st.composite
def states(draw: st.DrawFn) -> CompanyState:
    """States that are valid, most of them not yet in normal form."""
    numbers = draw(st.lists(st.integers(0, 10**9), max_size=2, unique=True))
    identifiers = [Identifier("lei", lei(number), verification=draw(_enum(Verification))) for number in numbers]
    chosen = draw(st.lists(_enum(_IDENTIFIERS), max_size=3, unique=True))
    identifiers += [Identifier(scheme, value, validity=draw(periods())) for scheme, value in chosen]
    return CompanyState(
        legal_name=draw(texts),
        names=tuple(
            draw(
                st.lists(
                    st.builds(OtherName, texts, _enum(NameKind), _enum(["", "de", "ZH-hant", "en-gb"]), periods()),
                    max_size=3,
                )
            )
        ),
        legal_form=draw(st.none() | st.builds(LegalForm, _enum(["2HBR", "8888"]), _enum(["", " GmbH "]))),
        jurisdiction=draw(_enum(["", "US", "US-DE", "DE", "GB"])),
        status=draw(_enum(CompanyStatus)),
        incorporation_date=draw(st.none() | st.dates(date(1800, 1, 1), date(2000, 1, 1))),
        dissolution_date=draw(st.none() | st.dates(date(2000, 1, 2), date(2020, 1, 1))),
        identifiers=tuple(identifiers),
        addresses=tuple(
            draw(
                st.lists(
                    st.builds(
                        Address,
                        _enum(AddressKind),
                        _enum(["DE", "US", "NL"]),
                        st.just("") | texts,
                        st.just("") | texts,
                        st.just("") | texts,
                        st.just(""),
                        st.lists(texts, max_size=3).map(tuple),
                        periods(),
                    ),
                    max_size=3,
                )
            )
        ),
        contacts=tuple(
            Contact(kind, value, draw(st.just("") | texts))
            for kind, value in draw(st.lists(_enum(_CONTACTS), max_size=3))
            if kind is not ContactKind.PHONE
        ),
        industries=tuple(
            Industry(scheme, code, draw(st.booleans()) if n == 0 else False)
            for n, (scheme, code) in enumerate(
                draw(st.lists(_enum([("sic", "100"), ("nace", "62.01"), ("own", "A 1")]), max_size=3, unique=True))
            )
        ),
        attributes=draw(st.dictionaries(texts, _json, max_size=3)),
        labels=draw(st.dictionaries(_enum(["tier", "a.b", "team/x"]), st.just("") | texts, max_size=2)),
    )
