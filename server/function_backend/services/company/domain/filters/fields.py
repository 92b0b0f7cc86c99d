"""The fields that a filter may name, what each is compared with, and how."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from uuid import UUID

from function_backend.filters.catalogue import EQUALITY, ORDER, Field, Keyed, read_moment, read_text
from function_backend.filters.conditions import ConditionValue, Operator, Pattern
from function_backend.filters.tree import Text
from function_backend.services.company.domain.company import CompanyStatus
from function_backend.services.company.domain.identifiers import find_scheme
from function_backend.services.company.domain.schemes.scheme import InvalidNumberError

_CODE = EQUALITY | {Operator.PRESENT}
_TEXT = _CODE | {Operator.HAS}
# Of several values one is enough; what "differs" would mean of them is for the caller to say, with NOT.
_MEMBERSHIP = frozenset({Operator.EQUAL, Operator.HAS, Operator.PRESENT})

_STATUS_PREFIX = "COMPANY_STATUS_"


def _id(value: Text, key: str) -> ConditionValue:
    del key
    try:
        return UUID(value.plain)
    except ValueError:
        raise ValueError("is not the id of a company") from None


def _status(value: Text, key: str) -> ConditionValue:
    del key
    name = value.plain.upper().removeprefix(_STATUS_PREFIX)
    if name not in CompanyStatus.__members__:
        raise ValueError(f"is not a status; one of {', '.join(CompanyStatus.__members__)} is")
    return CompanyStatus[name].value


def _date(value: Text, key: str) -> ConditionValue:
    del key
    try:
        return date.fromisoformat(value.plain)
    except ValueError:
        raise ValueError("is not a date such as 2024-12-31") from None


def _identifier(value: Text, key: str) -> ConditionValue:
    scheme = find_scheme(key)
    try:
        return value.plain if scheme is None else scheme.normalise(value.plain)
    except InvalidNumberError as error:
        raise ValueError(str(error)) from None


def _check_scheme(key: str) -> None:
    if find_scheme(key) is None:
        raise ValueError(f"is of the scheme {key[:64]!a}, which is not known; docs/identifiers.md lists them")


def _country(value: Text, key: str) -> ConditionValue:
    del key
    return value.plain.upper()


def _industry(value: Text, key: str) -> ConditionValue:
    if not key and ":" not in value.parts[0]:
        raise ValueError('must be scheme and code, such as "sic:3720"')
    parts = (f"{key}:{value.parts[0]}", *value.parts[1:]) if key else value.parts
    return Pattern(parts) if len(parts) > 1 else parts[0]


FILTER_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "id": Field(_id, EQUALITY),
        "legal_name": Field(read_text, _TEXT),
        "legal_form.code": Field(read_text, _CODE),
        "jurisdiction": Field(read_text, _CODE),
        "status": Field(_status, EQUALITY),
        "incorporation_date": Field(_date, ORDER | {Operator.PRESENT}),
        "dissolution_date": Field(_date, ORDER | {Operator.PRESENT}),
        "create_time": Field(read_moment, ORDER),
        "update_time": Field(read_moment, ORDER),
        "delete_time": Field(read_moment, ORDER | {Operator.PRESENT}),
        "country": Field(_country, _MEMBERSHIP, is_several=True),
        "identifiers": Field(
            _identifier, _MEMBERSHIP, Keyed.MUST, is_several=True, check_key=_check_scheme, example_key="lei"
        ),
        "industries": Field(_industry, _MEMBERSHIP, Keyed.MAY, is_several=True),
        "labels": Field(read_text, _CODE | {Operator.HAS}, Keyed.MUST, is_several=True, example_key="tier"),
    }
)
"""By name."""
