"""The companies of a scope as SQL, in each of the ways in which statements are written here."""

from __future__ import annotations

from typing import LiteralString

import orjson
from sqlalchemy import ColumnElement, any_, false, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from function_backend.persistence import arrays
from function_backend.services.company.domain.scope import CompanyScope
from function_backend.services.company.tables import company_table

WITHIN: LiteralString = " and (c.id = any(%(ids)b::uuid[]) or c.labels @> any(%(labels)b::text[]::jsonb[]))"
"""To be added to a WHERE over `company c`; `parameters` has its values."""

_company = company_table.c


def parameters(scope: CompanyScope) -> dict[str, arrays.PgArray]:
    """The values of `WITHIN`."""
    return {
        "ids": arrays.uuids(scope.ids),
        "labels": arrays.encoded_texts([orjson.dumps(dict(wanted)) for wanted in scope.labels]),
    }


def labels_as_text(scope: CompanyScope) -> list[str]:
    """The sets of labels as JSON, for statements that take lists."""
    return [orjson.dumps(dict(wanted)).decode() for wanted in scope.labels]


def scope_clause(scope: CompanyScope) -> ColumnElement[bool]:
    """The scope over `company`."""
    ways: list[ColumnElement[bool]] = [_company.labels.contains(dict(wanted)) for wanted in scope.labels]
    if scope.ids:
        ways.append(_company.id == any_(literal(list(scope.ids), ARRAY(Uuid()))))
    return or_(false(), *ways)
