from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from function.company.v1 import company_pb2, company_service_pb2
from function_backend.kernel.errors import InvalidArgumentError
from function_backend.services.company.convert.company_in import read_state
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import Company
from function_backend.services.company.domain.filters.resolve import read_filter
from function_backend.services.company.repository.filter_sql import filter_clause
from function_backend.services.company.tables import company_table
from tests.factories.auth import a_principal, calling
from tests.factories.company import a_full_message, a_message, lei
from tests.fixtures.companies import Companies
from tests.fixtures.postgres import Database
from tests.services.company.filter_oracle import holds

_NAMES = (
    "Acme Inc",
    "ACME 100% Ltd",
    "acme_x",
    "Straße AG",
    "STRASSE AG",
    "Ωmega",
    "Zeta\U0010ffffx",
    "株式会社トヨタ",
    "Acm",
)

_CONDITIONS = st.sampled_from(
    [
        *('legal_name = "Acme Inc"', 'legal_name != "Acme Inc"', "legal_name = Acm*", "legal_name = *x"),
        *('legal_name = "ACME 100% L*"', 'legal_name = "*_x"', "legal_name:acme", "legal_name:strasse"),
        *('legal_name:"株式"', "legal_name != A*", "legal_name:*", "legal_name = Zeta*", "legal_name:a*x"),
        *("jurisdiction = US-DE", "jurisdiction != US-DE", "jurisdiction = US*", "jurisdiction:*"),
        *("status = ACTIVE", "status != DISSOLVED", "legal_form.code = 2HBR", "legal_form.code:*"),
        *("incorporation_date < 2000-01-01", "incorporation_date >= 1999-12-31", "incorporation_date != 1999-12-31"),
        *("incorporation_date:*", "dissolution_date:*", "dissolution_date <= 2010-05-05", "delete_time:*"),
        *("country = DE", "country:US", "country:*", "industries:*", 'industries = "sic:0100"', "industries.sic = 01*"),
        *("industries.nace:*", "identifiers:lei", f"identifiers.lei = {lei(1)}", "identifiers.us-ein = 94-2404110"),
        *('identifier("x-own", "A b")', "labels:tier", "labels.tier = gold", "labels.tier != gold"),
        *("labels.tier = g*", 'labels.tier = ""', 'labels."a.b/c":*', "labels.tier:gold"),
        *("create_time >= 2020-01-01", "create_time < 2020-01-01", "update_time > 2020-01-01"),
    ]
)
_FILTERS = st.recursive(
    _CONDITIONS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR ", " "]), inner).map("".join).map(lambda text: f"({text})"),
        inner.map(lambda text: f"NOT ({text})"),
    ),
    max_leaves=5,
)


def everything() -> list[company_pb2.Company]:
    """Companies that differ in whatever a filter can ask."""
    made: list[dict[str, Any]] = [{"legal_name": name} for name in _NAMES]
    made += [
        {"jurisdiction": "DE", "status": company_pb2.COMPANY_STATUS_ACTIVE, "labels": {"tier": "gold", "a.b/c": "x"}},
        {"jurisdiction": "", "status": company_pb2.COMPANY_STATUS_DISSOLVED, "labels": {"tier": "silver"}},
        {"labels": {"tier": ""}, "legal_form": {"code": "2HBR"}, "industries": [{"scheme": "sic", "code": "100"}]},
        {"industries": [{"scheme": "nace", "code": "62.01"}, {"scheme": "sic", "code": "3559"}]},
        {"identifiers": [{"scheme": "lei", "value": lei(2)}, {"scheme": "us-ein", "value": "942404110"}]},
        {"identifiers": [{"scheme": "us-ein", "value": "942404110"}, {"scheme": "x-own", "value": "A b"}]},
        {"incorporation_date": {"year": 1999, "month": 12, "day": 31}},
        {
            "incorporation_date": {"year": 2000, "month": 1, "day": 1},
            "dissolution_date": {"year": 2010, "month": 5, "day": 5},
        },
        {"addresses": [{"country": "DE"}, {"country": "FR"}]},
    ]
    return [a_message(**fields) for fields in made] + [a_full_message()]


def as_kept(message: company_pb2.Company) -> Company:
    deleted_at = message.delete_time.ToDatetime(UTC) if message.HasField("delete_time") else None
    return Company(
        message.id,  # type: ignore[arg-type] # no filter here asks for it
        read_state(message, Checks()),
        message.revision,
        message.create_time.ToDatetime(UTC),
        message.update_time.ToDatetime(UTC),
        deleted_at,
    )


def all_pages(companies: Companies, **query: Any) -> list[company_pb2.Company]:  # noqa: ANN401
    found: list[company_pb2.Company] = []
    token = ""
    while True:
        page = companies.page(page_token=token, **query)
        assert len(page.companies) <= query.get("page_size", 50)
        found += page.companies
        token = page.next_page_token
        if not token:
            return found


def explained(companies: Companies, filter: str) -> str:
    """How PostgreSQL runs the filter as the role that serves."""
    predicate = read_filter(filter)
    assert predicate is not None
    with calling(companies.principal), companies.transactions.reading() as work:
        query = select(company_table.c.id).where(
            company_table.c.tenant_id == work.tenant_id, filter_clause(predicate, work.tenant_id)
        )
        compiled = query.compile(work.connection.engine, compile_kwargs={"literal_binds": True})
        return "\n".join(work.connection.execute(text(f"explain {compiled}".replace(":", "\\:"))).scalars())


class TestFilters:
    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(filter=_FILTERS)
    def test_postgresql_finds_what_the_filter_says(self, companies: Companies, filter: str) -> None:
        if not companies.page().companies:
            for message in everything():
                companies.create(message)
            companies.delete(companies.page().companies[0].id)
        predicate = read_filter(filter)
        assert predicate is not None
        expected = [
            company.id
            for company in companies.page(show_deleted=True, page_size=1000).companies
            if holds(predicate, as_kept(company))
        ]
        found = companies.page(filter, show_deleted=True, page_size=1000)
        assert [company.id for company in found.companies] == expected

    def test_a_wrong_one_is_refused_with_position_and_field(self, companies: Companies) -> None:
        with pytest.raises(InvalidArgumentError) as refused:
            companies.page("statsu = ACTIVE")
        assert refused.value.reason == "INVALID_FILTER"
        assert refused.value.metadata == {"field": "statsu", "position": "1"}
        assert refused.value.violations[0].field == "filter"

    def test_selective_ones_use_their_indexes_under_row_level_security(
        self, companies: Companies, database: Database
    ) -> None:
        rows = [
            company_service_pb2.ImportRow(
                row=number,
                company=a_message(
                    legal_name=f"Company {number}",
                    jurisdiction="DE" if number == 7 else "US-DE",
                    identifiers=[company_pb2.Identifier(scheme="us-cik", value=str(number + 1))],
                ),
            )
            for number in range(1000)
        ]
        for batch in range(3):
            companies.of(companies.principal if batch == 0 else a_principal()).import_(rows)
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute("analyze company, company_identifier")
        for filter, index in {
            "jurisdiction = DE": "company_jurisdiction_idx",
            'legal_name = "Company 7"': "company_legal_name_idx",
            "legal_name = 'Company 77*'": "company_legal_name_idx",
            "identifiers.us-cik = 7": "company_identifier",
            f'create_time > "{companies.clock.now().isoformat()}"': "company_created_at_idx",
        }.items():
            plan = explained(companies, filter)
            assert index in plan, plan
            assert "Seq Scan" not in plan, plan


class TestPages:
    @pytest.mark.parametrize(
        "order_by", ["", "id desc", "legal_name", "legal_name desc", "create_time", "update_time desc"]
    )
    def test_they_bring_everything_once_in_order(self, companies: Companies, order_by: str) -> None:
        for number, message in enumerate(everything()):
            if number % 3 == 0:
                companies.clock.advance(timedelta(seconds=1))
            companies.create(message)
        found = all_pages(companies, order_by=order_by, page_size=4)
        field, _, direction = (order_by or "id").partition(" ")
        keys = {
            "id": lambda company: (company.id,),
            "legal_name": lambda company: (company.legal_name.casefold().encode(), company.id),
            "create_time": lambda company: (company.create_time.ToMicroseconds(), company.id),
            "update_time": lambda company: (company.update_time.ToMicroseconds(), company.id),
        }
        everyone = companies.page(page_size=1000).companies
        expected = sorted(everyone, key=keys[field], reverse=direction == "desc")
        assert [company.id for company in found] == [company.id for company in expected]

    def test_fifty_come_when_nothing_is_asked(self, companies: Companies) -> None:
        rows = [
            company_service_pb2.ImportRow(
                row=number,
                company=a_message(identifiers=[company_pb2.Identifier(scheme="us-cik", value=str(number + 1))]),
            )
            for number in range(60)
        ]
        companies.import_(rows)
        first = companies.page()
        assert len(first.companies) == 50
        assert len(companies.page(page_token=first.next_page_token).companies) == 10

    def test_a_token_belongs_to_its_query_and_its_tenant(self, companies: Companies) -> None:
        for _ in range(2):
            companies.create(a_message())
        token = companies.page("status=UNSPECIFIED", page_size=1).next_page_token
        assert companies.page("status=UNSPECIFIED", page_size=1, page_token=token).companies
        other = companies.of(a_principal())
        for ask in (
            lambda: companies.page("status!=ACTIVE", page_token=token),
            lambda: companies.page("status=UNSPECIFIED", order_by="id desc", page_token=token),
            lambda: companies.page("status=UNSPECIFIED", show_deleted=True, page_token=token),
            lambda: other.page("status=UNSPECIFIED", page_token=token),
            lambda: companies.page("status=UNSPECIFIED", page_token=token[:-2] + "xx"),
            lambda: companies.page("status=UNSPECIFIED", page_token="nonsense"),
        ):
            with pytest.raises(InvalidArgumentError) as refused:
                ask()  # type: ignore[no-untyped-call]
            assert refused.value.reason == "INVALID_PAGE_TOKEN"

    def test_another_tenant_lists_nothing_of_it(self, companies: Companies) -> None:
        companies.create(a_message())
        assert not companies.of(a_principal()).page(show_deleted=True).companies


class TestExport:
    def test_it_brings_everything_in_batches_and_goes_on_after_any_of_them(self, companies: Companies) -> None:
        rows = [
            company_service_pb2.ImportRow(
                row=number,
                company=a_message(identifiers=[company_pb2.Identifier(scheme="us-cik", value=str(number + 1))]),
            )
            for number in range(250)
        ]
        companies.import_(rows)
        batches = companies.export(batch_size=100)
        assert [len(batch.companies) for batch in batches] == [100, 100, 50]
        everyone = [company for batch in batches for company in batch.companies]
        assert everyone == all_pages(companies, page_size=1000)
        rest = companies.export(batch_size=100, resume_token=batches[0].resume_token)
        assert [company for batch in rest for company in batch.companies] == everyone[100:]
        assert companies.export(batch_size=100, resume_token=batches[-1].resume_token) == []

    def test_filter_and_deletion_decide_what_it_brings(self, companies: Companies) -> None:
        kept, other = companies.create(a_message(labels={"a": "1"})), companies.create(a_message())
        companies.delete(other.id)
        assert [company.id for batch in companies.export() for company in batch.companies] == [kept.id]
        assert len([1 for batch in companies.export(show_deleted=True) for _ in batch.companies]) == 2
        assert companies.export("labels.a = 2") == []

    def test_a_resume_token_of_another_export_is_refused(self, companies: Companies) -> None:
        companies.create(a_message())
        (batch,) = companies.export()
        with pytest.raises(InvalidArgumentError) as refused:
            companies.export("labels.a = 2", resume_token=batch.resume_token)
        assert refused.value.violations[0].field == "resume_token"

    def test_it_stops_when_the_caller_has_left(self, companies: Companies) -> None:
        companies.create(a_message())
        request = company_service_pb2.ExportCompaniesRequest()
        with calling(companies.principal) as call:
            batches = companies.servicer.ExportCompanies(request, call)
            call.ended = True
            assert list(batches) == []

    def test_an_import_of_the_export_into_another_tenant_gives_the_same_companies(self, companies: Companies) -> None:
        for message in everything():
            companies.create(message)
        exported = [company for batch in companies.export() for company in batch.companies]
        rows = [company_service_pb2.ImportRow(row=n, company=company) for n, company in enumerate(exported)]
        other = companies.of(a_principal())
        assert other.import_(rows, match_scheme="id").created_count == len(exported)
        again = [company for batch in other.export() for company in batch.companies]
        for company in (*exported, *again):
            company.ClearField("create_time")
            company.ClearField("update_time")
        assert again == exported
        assert other.import_(rows, match_scheme="id").unchanged_count == len(exported)
