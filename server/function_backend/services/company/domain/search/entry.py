"""One company as the search keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from function_backend.services.company.domain.company import CompanyState
from function_backend.services.company.domain.search.terms import SearchTerms, search_terms


class SearchEntry(NamedTuple):
    """What a company is found by, and what results can be filtered by."""

    company_id: UUID
    terms: SearchTerms
    status: str
    countries: Sequence[str]
    industries: Sequence[str]
    """Each as `scheme:code`."""


def search_entry(company_id: UUID, state: CompanyState) -> SearchEntry:
    """The entry of a company in this state."""
    names = [state.legal_name, *[name.value for name in state.names]] if state.names else [state.legal_name]
    form = state.legal_form
    return SearchEntry(
        company_id,
        search_terms(names, written_form="" if form is None else form.text),
        state.status,
        state.countries,
        [f"{industry.scheme}:{industry.code}" for industry in state.industries] if state.industries else (),
    )
