from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

from function_backend.persistence.engine import Database
from function_backend.persistence.hot_read import HotRead
from function_backend.persistence.roles import APP, DEFINER, OWNER, UnsafeRoleError
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from tests.factories.auth import a_principal, calling
from tests.factories.events import RefusingSink, an_event
from tests.fixtures import postgres

# What a table holds of all tenants is told to nobody but the functions of the definer.
_DEFINER_SEES_ALL = {
    "event_dead_letter",
    "audit_checkpoint",
    "audit_head",
    "audit_retention",
    "company_label",
    "notification",
    "role",
    "role_binding",
    "role_inheritance",
    "tenant",
    "api_key",
    "stored_answer",
    "company_search",
    "company_search_word",
    "tenant_key",
    "tenant_index_key",
    "resealing",
    "api_key_use",
    "certificate_identity",
    "revocation_log",
    "auth_user",
    "user_password",
    "user_password_history",
    "user_token",
    "user_totp",
    "user_recovery_code",
    "sign_in_throttle",
    "service_account",
    "auth_group",
    "group_member",
    "client_credential",
    "used_assertion",
    "session",
    "refresh_token",
    "revoked_access_token",
    "device_authorization",
    "relation_decision",
    "rules_hook",
    "rules_decision",
    "rules_simulation",
    "webhook_attempt",
    "webhook_delivery",
    "webhook_endpoint",
    "webhook_queue",
    "webhook_replay",
    "event_cursor",
    "event_default",
    "job",
    "company_transfer",
}
# Partitions are made and dropped by the owner of the table alone.
_RUN_AS_OWNER = {"make_event_partition", "make_event_partitions", "drop_event_partitions"}

_TENANT_TABLES = """
    select c.relname, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    order by 1
"""
_POLICIES = """
    select tablename, policyname, roles::text[], qual, with_check from pg_policies where schemaname = 'public'
"""


@pytest.fixture(scope="module")
def tenant_tables(database: postgres.Database) -> list[tuple[str, bool, bool]]:
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(_TENANT_TABLES).fetchall()


class TestSchema:
    def test_every_table_with_a_tenant_forces_row_level_security(
        self, tenant_tables: list[tuple[str, bool, bool]]
    ) -> None:
        assert len(tenant_tables) >= 6
        assert [name for name, enabled, forced in tenant_tables if not (enabled and forced)] == []

    def test_every_table_with_a_tenant_has_its_policy_for_all_who_connect(
        self, database: postgres.Database, tenant_tables: list[tuple[str, bool, bool]]
    ) -> None:
        expected = "(tenant_id = (current_setting('app.tenant_id'::text))::uuid)"
        with psycopg.connect(database.owner_url) as connection:
            policies = connection.execute(_POLICIES).fetchall()
        for table, _, _ in tenant_tables:
            of_table = [policy for policy in policies if policy[0] == table]
            bound = {role for _, _, roles, using, check in of_table for role in roles if using == check == expected}
            free = {role for _, _, roles, using, _ in of_table for role in roles if using == "true"}
            assert {APP, OWNER} <= bound, table
            assert free <= {DEFINER}, table
            assert not free or table in _DEFINER_SEES_ALL, table

    def test_every_primary_key_of_a_tenant_table_begins_with_the_tenant(self, database: postgres.Database) -> None:
        query = """
            select c.relname from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
            left join pg_index i on i.indrelid = c.oid and i.indisprimary
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and i.indkey[0] is distinct from a.attnum
        """
        with psycopg.connect(database.owner_url) as connection:
            assert connection.execute(query).fetchall() == []

    def test_every_definer_function_has_a_fixed_search_path_and_is_not_for_everybody(
        self, database: postgres.Database
    ) -> None:
        query = """
            select p.proname, r.rolname, p.proconfig, p.proacl::text from pg_proc p
            join pg_roles r on r.oid = p.proowner
            where p.pronamespace = 'public'::regnamespace and p.prosecdef
        """
        with psycopg.connect(database.owner_url) as connection:
            functions = connection.execute(query).fetchall()
        assert len(functions) >= 6
        for name, owner, settings, rights in functions:
            assert owner == (OWNER if name in _RUN_AS_OWNER else DEFINER), name
            assert "search_path=pg_catalog, public, pg_temp" in settings, name
            assert "{=X" not in rights, name
            assert ",=X" not in rights, name

    def test_no_role_of_ours_bypasses_row_level_security_or_may_log_in_as_more(
        self, database: postgres.Database
    ) -> None:
        query = "select rolname from pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls or rolcreaterole)"
        with psycopg.connect(database.owner_url) as connection:
            assert connection.execute(query, ([APP, OWNER, DEFINER],)).fetchall() == []

    def test_nobody_but_the_owner_creates_in_the_schema(self, database: postgres.Database) -> None:
        query = """
            select rolname from pg_roles
            where rolname = any(%s) and has_schema_privilege(rolname, 'public', 'create')
        """
        with psycopg.connect(database.owner_url) as connection:
            assert connection.execute(query, ([APP, DEFINER],)).fetchall() == []


def _write_everywhere(transactions: Transactions, tenant_id: UUID) -> None:
    """A row of the tenant in each table of the platform."""
    with calling(a_principal(tenant_id=tenant_id)), transactions() as work:
        parameters = {"tenant": tenant_id, "id": uuid4(), "name": f"t{tenant_id}", "digest": tenant_id.bytes}
        for statement in (
            "select create_tenant(:tenant, :name, 'x', now())",
            "insert into api_key values (:tenant, :id, :digest, 'x', '{}', 0, now(), 'x')",
            "insert into stored_answer values (:tenant, :id, '', '', false, now(), now())",
        ):
            work.connection.execute(text(statement), parameters)
        work.record(an_event())


class TestForgottenPredicate:
    def test_no_row_of_another_tenant_can_be_read(
        self, transactions: Transactions, tenant_tables: list[tuple[str, bool, bool]]
    ) -> None:
        theirs, ours = uuid4(), uuid4()
        _write_everywhere(transactions, theirs)
        _write_everywhere(transactions, ours)
        found = {}
        with calling(a_principal(tenant_id=ours)), transactions.reading() as work:
            for table, _, _ in tenant_tables:
                # What the service writes through functions only, it cannot read at all.
                readable = text(f"select has_table_privilege('{table}', 'select')")
                if work.connection.execute(readable).scalar_one():
                    found[table] = set(work.connection.execute(text(f"select tenant_id from {table}")).scalars())
        assert {table: tenants for table, tenants in found.items() if not tenants <= {ours}} == {}
        assert sum(map(bool, found.values())) >= 4

    def test_no_row_of_another_tenant_can_be_changed_or_planted(self, transactions: Transactions) -> None:
        theirs = uuid4()
        _write_everywhere(transactions, theirs)
        with calling():
            with transactions() as work:
                assert work.connection.execute(text("update api_key set display_name = 'mine'")).rowcount == 0
                assert work.connection.execute(text("update stored_answer set digest = ''")).rowcount == 0
            with pytest.raises(Exception, match="row-level security"), transactions() as work:
                work.connection.execute(
                    text("insert into stored_answer values (:t, :t, '', '', false, now(), now())"), {"t": theirs}
                )

    def test_a_hot_read_is_bound_like_everything_else(self, transactions: Transactions) -> None:
        theirs = uuid4()
        _write_everywhere(transactions, theirs)
        forgetful = HotRead("select tenant_id from api_key where true or tenant_id = {tenant}")
        with calling(), transactions.reading() as work:
            assert work.fetch(forgetful).rows == []

    def test_without_a_tenant_every_table_refuses(
        self, transactions: Transactions, tenant_tables: list[tuple[str, bool, bool]]
    ) -> None:
        for table, _, _ in tenant_tables:
            refused = pytest.raises(psycopg.Error, match=r"app\.tenant_id|type uuid|permission denied")
            with refused:
                transactions.without_tenant(partial(_read_all, table))


def _read_all(table: str, driver: Driver) -> None:
    driver.execute(f"select * from {table}".encode())


class TestLogins:
    @pytest.fixture
    def powerful(self, database: postgres.Database) -> Iterator[Transactions]:
        """A worker that was given the URL of a superuser."""
        opened = Database(DatabaseSettings(url=database.superuser_url))
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            row = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
        assert row == (True,)
        yield Transactions(opened, RefusingSink())
        opened.dispose()

    def test_a_powerful_login_serves_without_its_power(
        self, transactions: Transactions, powerful: Transactions
    ) -> None:
        theirs = uuid4()
        _write_everywhere(transactions, theirs)
        forgetful = HotRead("select current_user from (select {tenant}) t")
        with calling():
            with powerful() as work:
                assert work.connection.execute(text("select current_user")).scalar_one() == APP
                assert work.connection.execute(text("select count(*) from api_key")).scalar_one() == 0
            with powerful.reading() as work:
                assert work.connection.execute(text("select count(*) from api_key")).scalar_one() == 0
            with powerful.reading() as work:
                assert work.fetch(forgetful).rows == [(APP.encode(),)]

    def test_the_owner_of_the_tables_serves_as_the_application(self, database: postgres.Database) -> None:
        # Only a login that may act as the application can; the owner of a test database is let in here.
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute(f"grant {APP} to {OWNER}")
        opened = Database(DatabaseSettings(url=database.owner_url))
        try:
            with calling(), Transactions(opened, RefusingSink())() as work:
                assert work.connection.execute(text("select current_user")).scalar_one() == APP
        finally:
            opened.dispose()
            with psycopg.connect(database.superuser_url, autocommit=True) as connection:
                connection.execute(f"revoke {APP} from {OWNER}")

    def test_a_login_that_was_not_let_in_is_told_what_to_do(self, database: postgres.Database, stranger: str) -> None:
        opened = Database(DatabaseSettings(url=stranger))
        try:
            with pytest.raises(UnsafeRoleError, match=f"GRANT {APP} TO"):
                opened.ping()
        finally:
            opened.dispose()

    @pytest.fixture
    def stranger(self, database: postgres.Database) -> Iterator[str]:
        """The URL of a session whose role has nothing to do with the service."""
        name = f"stranger_{uuid4().hex}"
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute(f"create role {name}")
            separator = "&" if "?" in database.superuser_url else "?"
            try:
                yield f"{database.superuser_url}{separator}options=-c%20role%3D{name}"
            finally:
                connection.execute(f"drop role {name}")
