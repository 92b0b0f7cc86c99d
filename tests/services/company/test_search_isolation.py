"""The search looks past row-level security: what it may see there, and that it is fast because of it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.persistence.engine import Database
from function_backend.persistence.roles import APP, DEFINER
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.company import CompanyState
from function_backend.services.company.domain.identifiers import Identifier
from function_backend.services.company.domain.search.typos import asked_numbers, number_of
from function_backend.services.company.repository.search_index import tenant_seed
from function_backend.services.company.slice import EVENT_PAYLOADS
from tests.factories.auth import a_principal
from tests.factories.directory import Directory
from tests.fixtures import postgres

_NAMES = "select company_id, names from search_company_names(%s::integer[], null, null, null, null, null, 100)"
_WORDS = "select word from search_company_words(%s::integer[], %s, 100)"


@pytest.fixture(scope="module")
def tenants(worker_database: Database) -> tuple[Directory, Directory]:
    """Two tenants, each with a company of the same name and identifier and one of its own."""
    recorder = EventRecorder(SystemClock())
    recorder.learn(EVENT_PAYLOADS)
    made = []
    for own in ("Whitfield", "Hargreaves"):
        directory = Directory(Transactions(worker_database, recorder), principal=a_principal())
        directory.add_company(CompanyState("Global Trading Ltd", identifiers=(Identifier("us-cik", "0000320193"),)))
        directory.add(f"{own} Holdings Ltd")
        made.append(directory)
    return made[0], made[1]


class TestTenants:
    def test_a_search_finds_nothing_of_another_tenant(self, tenants: tuple[Directory, Directory]) -> None:
        for directory, own, other in zip(
            tenants, ("Whitfield", "Hargreaves"), ("hargreaves", "whitfield"), strict=True
        ):
            assert len(directory.search("global trading")) == 1
            assert directory.names("holdings") == [f"{own} Holdings Ltd"]
            assert directory.names(other) == []
            assert directory.names(other[:5]) == []
            assert directory.names(other[1:]) == []
            assert len(directory.search("320193")) == 1

    def test_the_results_of_two_tenants_are_different_companies(self, tenants: tuple[Directory, Directory]) -> None:
        one, other = (directory.search("global trading")[0].id for directory in tenants)
        assert one != other


@pytest.fixture
def app(database: postgres.Database) -> Iterator[psycopg.Connection]:
    """A connection as the role that serves, outside of all our code."""
    with psycopg.connect(database.app_url) as connection:
        yield connection
        connection.rollback()


def _as_tenant(connection: psycopg.Connection, tenant_id: UUID) -> None:
    connection.execute("select set_config('app.tenant_id', %s, true)", (str(tenant_id),))


class TestFunctions:
    def test_they_answer_for_the_tenant_of_the_transaction_and_no_other(
        self, app: psycopg.Connection, tenants: tuple[Directory, Directory]
    ) -> None:
        mine, others = (directory.principal.tenant_id for directory in tenants)
        _as_tenant(app, mine)
        for tenant_id, found in ((mine, 1), (others, 0)):
            numbers = [number_of("global", seed=tenant_seed(tenant_id))]
            assert len(app.execute(_NAMES, (numbers,)).fetchall()) == found
            numbers = asked_numbers("global", seed=tenant_seed(tenant_id))
            assert len(app.execute(_WORDS, (numbers, [])).fetchall()) == found

    def test_they_do_not_tell_the_words_of_another_tenant(
        self, app: psycopg.Connection, tenants: tuple[Directory, Directory]
    ) -> None:
        _as_tenant(app, tenants[0].principal.tenant_id)
        words = {word for (word,) in app.execute(_WORDS, ([], ["h", "w", "g"])).fetchall()}
        assert words == {"global", "holdings", "whitfield"}

    def test_they_fail_without_a_tenant(self, app: psycopg.Connection) -> None:
        with pytest.raises(psycopg.errors.UndefinedObject):
            app.execute(_NAMES, ([1],))
        app.rollback()
        with pytest.raises(psycopg.errors.UndefinedObject):
            app.execute(_WORDS, ([1], []))

    def test_a_tenant_that_does_not_exist_has_nothing(
        self, app: psycopg.Connection, tenants: tuple[Directory, Directory]
    ) -> None:
        _as_tenant(app, uuid4())
        numbers = [number_of("global", seed=tenant_seed(each.principal.tenant_id)) for each in tenants]
        assert app.execute(_NAMES, (numbers,)).fetchall() == []

    def test_nobody_else_may_call_them_and_the_definer_may_not_log_in(self, database: postgres.Database) -> None:
        with psycopg.connect(database.owner_url) as connection:
            query = """
                select p.proname, has_function_privilege('public', p.oid, 'execute'),
                    has_function_privilege(%s, p.oid, 'execute'), p.proowner::regrole::text
                from pg_proc p where p.proname like 'search\\_company\\_%%'
            """
            functions = connection.execute(query, (APP,)).fetchall()
            login = connection.execute("select rolcanlogin, rolbypassrls from pg_roles where rolname = %s", (DEFINER,))
            assert login.fetchone() == (False, False)
        assert len(functions) == 3
        assert {function[1:] for function in functions} == {(False, True, DEFINER)}


_SCANS = "select coalesce(seq_scan, 0), coalesce(idx_scan, 0) from pg_stat_xact_user_tables where relname = %s"
_PLAN = """
    explain select 1 from company_search s
    where s.tenant_id is not distinct from %s::uuid and s.terms && %s::integer[]
"""


class TestIndexes:
    def test_the_functions_use_them_under_forced_row_level_security(
        self, app: psycopg.Connection, tenants: tuple[Directory, Directory]
    ) -> None:
        tenant_id = tenants[0].principal.tenant_id
        _as_tenant(app, tenant_id)
        app.execute(_NAMES, ([number_of("global", seed=tenant_seed(tenant_id))],))
        app.execute(_WORDS, (asked_numbers("global", seed=tenant_seed(tenant_id)), ["glob"]))
        for table, scans in (("company_search", 1), ("company_search_word", 2)):
            row = app.execute(_SCANS, (table,)).fetchone()
            assert row is not None
            assert row[0] == 0, table
            assert row[1] >= scans, table

    def test_the_policy_of_the_definer_is_no_barrier_before_the_index(self, database: postgres.Database) -> None:
        assert "Bitmap Index Scan on company_search_terms_idx" in self._plan(database, DEFINER)

    def test_the_policy_of_the_service_is_one_which_is_why_there_are_functions(
        self, database: postgres.Database
    ) -> None:
        assert "company_search_terms_idx" not in self._plan(database, APP)

    def _plan(self, database: postgres.Database, role: str) -> str:
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute(f"set local role {role}")
            connection.execute("set local enable_seqscan = off")
            _as_tenant(connection, uuid4())
            rows = connection.execute(_PLAN, (uuid4(), [1])).fetchall()
            connection.rollback()
        return "\n".join(row[0] for row in rows)
