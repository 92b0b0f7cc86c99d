"""The companies of a scope as SQL, in each of the ways in which statements are written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, FromClause, Select, and_, false, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from function_backend.persistence import arrays
from function_backend.services.company.domain.scope import CompanyScope
from function_backend.services.company.tables import company_label_table, company_table

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


def scope_clause(scope: CompanyScope, tenant_id: UUID) -> ColumnElement[bool]:
    """The scope over `company`, for lists: by an index on ids and labels, whichever end the planner begins at."""
    ways: list[Select[tuple[UUID]]] = [_labelled(wanted, tenant_id) for wanted in scope.labels]
    if scope.ids:
        ways.append(select(func.unnest(literal(list(scope.ids), ARRAY(Uuid())))))
    return _company.id.in_(union_all(*ways)) if ways else false()


def _labelled(wanted: Sequence[tuple[str, str]], tenant_id: UUID) -> Select[tuple[UUID]]:
    """The ids of the companies with all of the labels."""
    (first, *others) = (company_label_table.alias() for _ in wanted)
    query = select(first.c.company_id).where(_is(first, wanted[0], tenant_id))
    for label, pair in zip(others, wanted[1:], strict=True):
        query = query.join(label, label.c.company_id == first.c.company_id).where(_is(label, pair, tenant_id))
    return query


def _is(label: FromClause, pair: tuple[str, str], tenant_id: UUID) -> ColumnElement[bool]:
    key, value = pair
    return and_(label.c.tenant_id == tenant_id, label.c.key == key, label.c.value == value)
