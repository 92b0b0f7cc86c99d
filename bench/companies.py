"""Companies as registers know them: a name, two identifiers, an address, an industry; the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from google.type import date_pb2

from bench.names import MadeName, Names
from function.company.v1 import company_pb2
from function_backend_client import Client

_CITIES = ("Springfield", "Riverside", "Neustadt", "Villeneuve", "Kingston", "Santa Maria", "Newport", "Altstadt")
_INDUSTRIES = ("7372", "3720", "6022", "2834", "4911", "5812", "1311", "8742")
_LEI_ISSUER = "9845"


def companies(*, first: int = 0, seed: int = 1) -> Iterator[company_pb2.Company]:
    """An endless supply; the numbers from `first` make the identifiers, so ranges must not overlap."""
    for number, name in zip(count(first), Names(seed), strict=False):
        yield company(number, name)


def company(number: int, name: MadeName) -> company_pb2.Company:
    """The company with this number and name."""
    made = company_pb2.Company(
        legal_name=name.value,
        jurisdiction=name.country,
        status=company_pb2.COMPANY_STATUS_ACTIVE,
        incorporation_date=date_pb2.Date(year=1950 + number % 70, month=1 + number % 12, day=1 + number % 28),
        labels={"batch": str(number // 10_000)},
    )
    made.identifiers.add(scheme="lei", value=lei(number))
    made.identifiers.add(scheme="duns", value=f"{number:09}", country=name.country)
    made.addresses.add(
        kind=company_pb2.ADDRESS_KIND_REGISTERED,
        country=name.country,
        city=_CITIES[number % len(_CITIES)],
        lines=[f"{1 + number % 400} Market Street"],
    )
    made.industries.add(scheme="sic", code=_INDUSTRIES[number % len(_INDUSTRIES)], primary=True)
    return made


def lei(number: int) -> str:
    """A legal entity identifier with its check digits (ISO 17442)."""
    body = f"{_LEI_ISSUER}{number:014}"
    return f"{body}{98 - int(body + '00') % 97:02}"


def create_of_size(client: Client, size: int) -> company_pb2.Company:
    """Creates a company with every kind of content, whose message comes to this many bytes, give or take a few."""
    made = company(0, MadeName("Müller Maschinenbau GmbH", "DE"))
    made.names.add(value="Mueller Maschinenbau", kind=company_pb2.NAME_KIND_TRANSLITERATED, language="de")
    made.legal_form.CopyFrom(company_pb2.LegalForm(code="2HBR", text="Gesellschaft mit beschränkter Haftung"))
    made.contacts.add(kind=company_pb2.CONTACT_KIND_WEB, value="https://mueller.example.com")
    made.attributes.update({"employees": 250})
    probe = client.companies.create(made, validate_only=True)
    missing = size - probe.ByteSize()
    if missing > 0:
        # Values of labels hold 256 bytes; an entry has some bytes of its own.
        for part in range(0, missing, 200):
            made.labels[f"filling{part}"] = "x" * max(1, min(200, missing - part) - 14)
    return client.companies.create(made)
