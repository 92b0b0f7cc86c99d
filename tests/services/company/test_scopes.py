"""Callers that hold a permission for some companies only: what they read and change, by comparison with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.company.v1 import company_pb2, company_service_pb2
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identity import PermissionSet, Principal, ResourceScope, ScopedPermissions
from function_backend.services.company.domain.scope import scope_of
from tests.factories.company import a_message, lei
from tests.fixtures.companies import Companies

_EVERYTHING = ("company.*",)
_LABELS = [
    {},
    {"team": "north"},
    {"team": "south"},
    {"team": "north", "tier": "gold"},
    {"team": "south", "tier": "gold"},
    {"tier": "gold"},
    {"team": 'no"rth', "a.b/c": "%"},
    {"team": ""},
]
_WANTED = [(("team", "north"),), (("team", "south"), ("tier", "gold")), (("tier", "gold"),), (("team", ""),)]
_ODD = [(("a.b/c", "%"), ("team", 'no"rth')), (("team", "nowhere"),)]


@dataclass(frozen=True)
class Population:
    """Companies that share words in their names, and all of their tenant's."""

    companies: Companies
    all: Sequence[company_pb2.Company]

    def by(self, *scoped: ScopedPermissions, permissions: frozenset[str] = frozenset()) -> Companies:
        """The service, called by somebody who holds this."""
        owner = self.companies.principal
        caller = Principal("user", uuid4(), owner.tenant_id, PermissionSet(permissions), scoped=scoped)
        return self.companies.of(caller)

    def seen(self, scopes: Sequence[ResourceScope], *, with_deleted: bool) -> list[str]:
        """The ids that the scopes hold, in order."""
        return sorted(
            each.id
            for each in self.all
            if (with_deleted or not each.HasField("delete_time")) and any(_holds(scope, each) for scope in scopes)
        )


def _holds(scope: ResourceScope, company: company_pb2.Company) -> bool:
    if scope.resource_type != "company":
        return False
    if scope.resource_id is not None:
        return str(scope.resource_id) == company.id
    return all(key in company.labels and company.labels[key] == value for key, value in scope.labels)


@pytest.fixture
def population(companies: Companies) -> Population:
    made = []
    for number in range(24):
        message = a_message(
            legal_name=f"Northern Lights {'Trading' if number % 3 else 'Shipping'} {number}",
            labels=_LABELS[number % len(_LABELS)],
            identifiers=[{"scheme": "lei", "value": lei(number)}],
        )
        made.append(companies.create(message))
    for company in made[::5]:
        companies.delete(company.id)
    made = [companies.get(company.id) for company in made]
    return Population(companies, made)


def _scoped(*scopes: ResourceScope, patterns: Sequence[str] = _EVERYTHING) -> tuple[ScopedPermissions, ...]:
    return tuple(ScopedPermissions(PermissionSet(frozenset(patterns)), scope) for scope in scopes)


def _labelled(**labels: str) -> ResourceScope:
    return ResourceScope("company", labels=tuple(sorted(labels.items())))


@st.composite
def _held(draw: st.DrawFn) -> list[tuple[str, ResourceScope]]:
    """Some grants: a pattern, and where it counts; a company is named by its place among them all."""
    patterns = st.sampled_from(["company.*", "company.read", "company.export", "company.update", "document.*", "*"])
    scopes = st.one_of(
        st.sampled_from(_WANTED + _ODD).map(lambda labels: ResourceScope("company", labels=labels)),
        st.integers(0, 23).map(lambda place: ResourceScope("company", UUID(int=place))),
        st.just(ResourceScope("document")),
        st.just(ResourceScope("company", uuid4())),
    )
    return draw(st.lists(st.tuples(patterns, scopes), min_size=1, max_size=5))


def _reason(caller: Any, *arguments: Any, **more: Any) -> str:  # noqa: ANN401
    with pytest.raises(ServiceError) as refused:
        caller(*arguments, **more)
    return refused.value.reason


class TestReads:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(held=_held(), size=st.integers(1, 7), with_deleted=st.booleans())
    def test_every_read_returns_exactly_what_going_through_all_companies_finds(
        self, population: Population, held: list[tuple[str, ResourceScope]], size: int, *, with_deleted: bool
    ) -> None:
        grants = [(pattern, _placed(scope, population)) for pattern, scope in held]
        caller = population.by(*(ScopedPermissions(PermissionSet(frozenset({p})), scope) for p, scope in grants))
        reading = [scope for pattern, scope in grants if pattern in ("company.*", "company.read", "*")]
        exporting = [scope for pattern, scope in grants if pattern in ("company.*", "company.export", "*")]
        listed = population.seen(reading, with_deleted=with_deleted)
        assert sorted(_pages(caller, size, show_deleted=with_deleted)) == listed
        assert _pages(caller, size, show_deleted=with_deleted, order_by="legal_name desc") == sorted(
            listed, key=lambda found: _name(population, found), reverse=True
        )
        exported = [
            company.id
            for batch in caller.export(batch_size=size, show_deleted=with_deleted)
            for company in batch.companies
        ]
        assert exported == population.seen(exporting, with_deleted=with_deleted)
        assert _searched(caller, "northern lights", size) == set(population.seen(reading, with_deleted=False))
        readable = set(population.seen(reading, with_deleted=True))
        ids = [company.id for company in population.all]
        found = caller.batch_get(*ids, allow_missing=True)
        assert [company.id for company in found.companies] == [each for each in ids if each in readable]
        assert list(found.missing_ids) == [each for each in ids if each not in readable]

    @pytest.mark.parametrize("with_history", [False, True])
    def test_a_company_out_of_scope_does_not_exist(self, population: Population, *, with_history: bool) -> None:
        caller = population.by(*_scoped(_labelled(team="north")))
        moment: dict[str, Any] = {"as_of": population.all[-1].create_time} if with_history else {}
        for company in population.all:
            if company.labels.get("team") == "north":
                assert caller.get(company.id, **moment).id == company.id
                assert caller.revisions(company.id).revisions
            else:
                assert _reason(caller.get, company.id, **moment) == "COMPANY_NOT_FOUND"
                assert _reason(caller.revisions, company.id) == "COMPANY_NOT_FOUND"
                assert _reason(caller.batch_get, company.id) == "COMPANY_NOT_FOUND"

    def test_what_others_have_read_into_the_cache_is_not_handed_out(self, population: Population) -> None:
        hidden = next(company for company in population.all if company.labels.get("team") == "south")
        for _ in range(2):
            assert population.companies.get(hidden.id) == hidden
        assert _reason(population.by(*_scoped(_labelled(team="north"))).get, hidden.id) == "COMPANY_NOT_FOUND"

    def test_a_caller_within_a_scope_leaves_nothing_wrong_in_the_cache(self, population: Population) -> None:
        hidden = next(company for company in population.all if company.labels.get("team") == "south")
        assert _reason(population.by(*_scoped(_labelled(team="north"))).get, hidden.id) == "COMPANY_NOT_FOUND"
        assert population.companies.get(hidden.id) == hidden

    def test_an_identifier_finds_only_what_is_in_scope(self, population: Population) -> None:
        caller = population.by(*_scoped(_labelled(team="north")))
        living = [each for each in population.all if not each.HasField("delete_time")]
        assert living
        for company in living:
            found = _searched(caller, company.identifiers[0].value, 5)
            assert found == ({company.id} if company.labels.get("team") == "north" else set())

    def test_all_resources_of_the_type_are_all_companies(self, population: Population) -> None:
        caller = population.by(*_scoped(ResourceScope("company")))
        assert scope_of(caller.principal, "company.read") is None
        assert len(_pages(caller, 7, show_deleted=True)) == len(population.all)

    def test_a_page_token_is_good_for_the_same_scope_alone(self, population: Population) -> None:
        north, south = (population.by(*_scoped(_labelled(team=team))) for team in ("north", "south"))
        token = north.page(page_size=1).next_page_token
        assert north.page(page_size=1, page_token=token).companies
        for other in (south, population.companies):
            assert _reason(other.page, page_size=1, page_token=token) == "INVALID_PAGE_TOKEN"
        wide = population.companies.page(page_size=1).next_page_token
        assert _reason(north.page, page_size=1, page_token=wide) == "INVALID_PAGE_TOKEN"
        batch = north.export(batch_size=1)[0].resume_token
        assert _reason(south.export, resume_token=batch) == "INVALID_PAGE_TOKEN"


class TestChanges:
    def test_a_change_in_scope_is_made_and_others_are_refused(self, population: Population) -> None:
        caller = population.by(*_scoped(_labelled(team="north")))
        own, other = (
            next(e for e in population.all if e.labels.get("team") == team and not e.HasField("delete_time"))
            for team in ("north", "south")
        )
        assert caller.update(company_pb2.Company(id=own.id, legal_name="Renamed GmbH")).legal_name == "Renamed GmbH"
        renamed = company_pb2.Company(id=other.id, legal_name="Renamed GmbH")
        assert _reason(caller.update, renamed) == "COMPANY_NOT_FOUND"
        assert _reason(caller.delete, other.id) == "COMPANY_NOT_FOUND"
        assert _reason(caller.delete, other.id, "wrong-etag") == "COMPANY_NOT_FOUND"
        assert caller.delete(own.id).id == own.id
        assert caller.undelete(own.id).id == own.id

    def test_what_may_be_read_and_not_changed_is_said_so(self, population: Population) -> None:
        caller = population.by(
            *_scoped(_labelled(team="north"), patterns=["company.read"]),
            *_scoped(_labelled(tier="gold")),
        )
        plain = next(
            each for each in population.all if each.labels == {"team": "north"} and not each.HasField("delete_time")
        )
        renamed = company_pb2.Company(id=plain.id, legal_name="Renamed GmbH")
        assert _reason(caller.update, renamed) == "RESOURCE_OUT_OF_SCOPE"
        assert _reason(caller.delete, plain.id) == "RESOURCE_OUT_OF_SCOPE"
        # Nor can it label the company into what it may change.
        gold = company_pb2.Company(id=plain.id, labels={"team": "north", "tier": "gold"})
        assert _reason(caller.update, gold, "labels") == "RESOURCE_OUT_OF_SCOPE"
        assert population.companies.get(plain.id) == plain

    @pytest.mark.parametrize("labels", [{}, {"team": "south"}, {"team": "North"}])
    def test_a_company_is_not_labelled_out_of_scope(self, population: Population, labels: dict[str, str]) -> None:
        caller = population.by(*_scoped(_labelled(team="north")))
        own = next(e for e in population.all if e.labels == {"team": "north"} and not e.HasField("delete_time"))
        moved = company_pb2.Company(id=own.id, labels=labels)
        assert _reason(caller.update, moved, "labels") == "RESOURCE_OUT_OF_SCOPE"
        assert population.companies.get(own.id) == own

    def test_it_may_move_between_two_scopes_that_are_both_held(self, population: Population) -> None:
        caller = population.by(*_scoped(_labelled(team="north"), _labelled(team="south")))
        own = next(e for e in population.all if e.labels == {"team": "north"} and not e.HasField("delete_time"))
        moved = caller.update(company_pb2.Company(id=own.id, labels={"team": "south"}), "labels")
        assert dict(moved.labels) == {"team": "south"}

    def test_an_amended_past_does_not_open_the_present(self, population: Population) -> None:
        """Labels of an earlier time decide nothing: not what may be seen, and not what may be changed."""
        companies = population.companies
        company = companies.create(a_message(labels={"team": "north"}))
        companies.clock.advance(timedelta(days=2))
        companies.update(company_pb2.Company(id=company.id, labels={"team": "south"}), "labels")
        north = population.by(*_scoped(_labelled(team="north")))
        assert _reason(north.get, company.id, as_of=company.create_time) == "COMPANY_NOT_FOUND"
        change = company_pb2.Company(id=company.id, legal_name="Amended GmbH")
        assert _reason(north.update, change, valid_from=company.create_time) == "COMPANY_NOT_FOUND"

    def test_a_new_company_must_carry_the_labels_of_the_scope(self, population: Population) -> None:
        caller = population.by(*_scoped(_labelled(team="north")))
        made = caller.create(a_message(labels={"team": "north", "extra": "yes"}))
        assert caller.get(made.id) == made
        for labels in ({}, {"team": "south"}):
            assert _reason(caller.create, a_message(labels=labels)) == "RESOURCE_OUT_OF_SCOPE"
        only_one = population.by(*_scoped(ResourceScope("company", UUID(made.id))))
        assert _reason(only_one.create, a_message(labels={"team": "north"})) == "RESOURCE_OUT_OF_SCOPE"

    def test_whose_identifier_it_is_is_told_to_those_who_may_know(self, population: Population) -> None:
        hidden = next(each for each in population.all if each.labels.get("team") == "south")
        taken = a_message(
            labels={"team": "north"}, identifiers=[{"scheme": "lei", "value": hidden.identifiers[0].value}]
        )
        told = []
        for caller in (population.companies, population.by(*_scoped(_labelled(team="north")))):
            with pytest.raises(ServiceError) as refused:
                caller.create(taken)
            assert refused.value.reason == "COMPANY_IDENTIFIER_TAKEN"
            assert refused.value.resource is not None
            told.append((refused.value.metadata["company_id"], refused.value.resource.name))
        assert told == [(hidden.id, hidden.id), ("", "")]


def _placed(scope: ResourceScope, population: Population) -> ResourceScope:
    """The scope with the company that stands at the place instead of the place."""
    if scope.resource_id is None or scope.resource_id.int >= len(population.all):
        return scope
    return ResourceScope(scope.resource_type, UUID(population.all[scope.resource_id.int].id))


def _name(population: Population, company_id: str) -> tuple[str, str]:
    company = next(each for each in population.all if each.id == company_id)
    return company.legal_name.casefold(), company.id


def _pages(caller: Companies, size: int, **query: Any) -> list[str]:  # noqa: ANN401
    """The ids of all pages; each page but the last is full."""
    found: list[str] = []
    token = ""
    while True:
        page = caller.page(page_size=size, page_token=token, **query)
        found += [company.id for company in page.companies]
        token = page.next_page_token
        if not token:
            return found
        assert len(page.companies) == size


def _searched(caller: Companies, query: str, size: int) -> set[str]:
    found: list[str] = []
    request = company_service_pb2.SearchCompaniesRequest(query=query, page_size=size)
    while True:
        answer = caller._call("SearchCompanies", request)
        page = company_service_pb2.SearchCompaniesResponse.FromString(answer)
        found += [result.company.id for result in page.results]
        if not page.next_page_token:
            assert len(found) == len(set(found))
            return set(found)
        assert len(page.results) == size
        request.page_token = page.next_page_token
