"""States as JSON, as `company_revision.state` holds them.

Only what is said is written, keys in order: the same state has the same bytes also after fields are added to the model,
so the digests of audit records stay comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import orjson

from function_backend.services.company.domain.addresses import Address, AddressKind
from function_backend.services.company.domain.attributes import canonical_attributes
from function_backend.services.company.domain.company import FIELDS, CompanyState, CompanyStatus
from function_backend.services.company.domain.contacts import Contact, ContactKind
from function_backend.services.company.domain.dates import Period
from function_backend.services.company.domain.identifiers import Identifier, Verification
from function_backend.services.company.domain.industries import Industry
from function_backend.services.company.domain.names import LegalForm, NameKind, OtherName

_Json = dict[str, Any]


def encode_state(state: CompanyState) -> bytes:
    """The state as canonical JSON."""
    values: tuple[Any, ...] = state
    json = {
        name: value if encode is None else [encode(item) for item in value]
        for (name, encode), value in zip(_FIELDS, values, strict=True)
        if value and value is not CompanyStatus.UNSPECIFIED
    }
    if state.legal_form is not None:
        json["legal_form"] = _said(code=state.legal_form.code, text=state.legal_form.text)
    return orjson.dumps(json, option=orjson.OPT_SORT_KEYS)


def decode_state(text: str | bytes) -> CompanyState:
    """The state that the JSON says."""
    json: _Json = orjson.loads(text)
    get = json.get
    form = get("legal_form")
    return CompanyState(
        json["legal_name"],
        tuple([_read_name(item) for item in get("names", ())]),
        None if form is None else LegalForm(form.get("code", ""), form.get("text", "")),
        get("jurisdiction", ""),
        CompanyStatus(get("status", CompanyStatus.UNSPECIFIED)),
        _read_date(get("incorporation_date")),
        _read_date(get("dissolution_date")),
        tuple([_read_identifier(item) for item in get("identifiers", ())]),
        tuple([_read_address(item) for item in get("addresses", ())]),
        tuple([_read_contact(item) for item in get("contacts", ())]),
        tuple([Industry(item["scheme"], item["code"], "primary" in item) for item in get("industries", ())]),
        canonical_attributes(get("attributes", {})),
        dict(sorted(get("labels", {}).items())),
    )


def _said(**values: object) -> _Json:
    return {name: value for name, value in values.items() if value}


def _name(name: OtherName) -> _Json:
    json: _Json = {"value": name.value}
    if name.kind is not NameKind.UNSPECIFIED:
        json["kind"] = name.kind
    if name.language:
        json["language"] = name.language
    if name.validity is not None:
        json["validity"] = _period(name.validity)
    return json


def _identifier(identifier: Identifier) -> _Json:
    json: _Json = {"scheme": identifier.scheme, "value": identifier.value}
    if identifier.issuer:
        json["issuer"] = identifier.issuer
    if identifier.country:
        json["country"] = identifier.country
    if identifier.validity is not None:
        json["validity"] = _period(identifier.validity)
    if identifier.verification is not Verification.UNSPECIFIED:
        json["verification"] = identifier.verification
    return json


def _address(address: Address) -> _Json:
    json: _Json = {"country": address.country}
    if address.kind is not AddressKind.UNSPECIFIED:
        json["kind"] = address.kind
    if address.region:
        json["region"] = address.region
    if address.city:
        json["city"] = address.city
    if address.district:
        json["district"] = address.district
    if address.postal_code:
        json["postal_code"] = address.postal_code
    if address.lines:
        json["lines"] = address.lines
    if address.validity is not None:
        json["validity"] = _period(address.validity)
    return json


def _contact(contact: Contact) -> _Json:
    json: _Json = {"kind": contact.kind, "value": contact.value}
    if contact.description:
        json["description"] = contact.description
    return json


def _industry(industry: Industry) -> _Json:
    json: _Json = {"scheme": industry.scheme, "code": industry.code}
    if industry.primary:
        json["primary"] = True
    return json


def _period(period: Period) -> _Json:
    return _said(start=period.start, end=period.end)


def _read_name(json: _Json) -> OtherName:
    get = json.get
    kind = NameKind(get("kind", NameKind.UNSPECIFIED))
    return OtherName(json["value"], kind, get("language", ""), _read_period(get("validity")))


def _read_identifier(json: _Json) -> Identifier:
    get = json.get
    return Identifier(
        json["scheme"],
        json["value"],
        get("issuer", ""),
        get("country", ""),
        _read_period(get("validity")),
        Verification(get("verification", Verification.UNSPECIFIED)),
    )


def _read_address(json: _Json) -> Address:
    get = json.get
    return Address(
        AddressKind(get("kind", AddressKind.UNSPECIFIED)),
        json["country"],
        get("region", ""),
        get("city", ""),
        get("district", ""),
        get("postal_code", ""),
        tuple(get("lines", ())),
        _read_period(get("validity")),
    )


def _read_contact(json: _Json) -> Contact:
    return Contact(ContactKind(json["kind"]), json["value"], json.get("description", ""))


def _read_period(json: Mapping[str, str] | None) -> Period | None:
    return None if json is None else Period(_read_date(json.get("start")), _read_date(json.get("end")))


def _read_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


_ITEMS: Mapping[str, Callable[[Any], _Json]] = {
    "names": _name,
    "identifiers": _identifier,
    "addresses": _address,
    "contacts": _contact,
    "industries": _industry,
}
_FIELDS = tuple((name, _ITEMS.get(name)) for name in FIELDS)
