from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import function_backend.services
from function_backend.persistence import migrate
from function_backend.persistence.metadata import metadata
from function_backend.persistence.refusals import SchemaError
from function_backend.persistence.roles import OWNER
from function_backend.persistence.settings import database_url
from tests.fixtures.postgres import Database, PostgresServer


def _load_all_tables() -> None:
    """Imports every module that defines tables, so that the metadata knows them."""
    for name in ("events.audit", "events.tables", "jobs.tables", "persistence.idempotency", "vault.tenant_key"):
        importlib.import_module(f"function_backend.{name}")
    for found in pkgutil.walk_packages(function_backend.services.__path__, "function_backend.services."):
        if found.name.rpartition(".")[2] == "tables" or ".tables." in found.name:
            importlib.import_module(found.name)


def _is_of_the_release(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:  # noqa: FBT001
    """Whether the release defines it: partitions of the log of events are made as time goes by."""
    return kind != "table" or name is None or not re.fullmatch(r"event_(default|\d{8})", name)


def _upgrade_elsewhere(database: Database) -> subprocess.Popen[str]:
    """Another process that migrates, as when several hosts start at once."""
    script = "import sys; from function_backend.persistence import migrate; migrate.upgrade(sys.argv[1])"
    return subprocess.Popen([sys.executable, "-c", script, database.owner_url], stderr=subprocess.PIPE, text=True)


class TestUpgrade:
    def test_it_brings_an_empty_database_to_this_release_and_then_does_nothing(
        self, postgres_server: PostgresServer
    ) -> None:
        with postgres_server.create_database() as empty:
            assert migrate.current(empty.owner_url) is None
            for _ in range(2):
                migrate.upgrade(empty.owner_url)
                assert migrate.current(empty.owner_url) == migrate.head()

    def test_several_at_once_wait_for_each_other(self, postgres_server: PostgresServer) -> None:
        with postgres_server.create_database() as first, postgres_server.create_database() as second:
            begun = [_upgrade_elsewhere(database) for database in (first, second) * 2]
            for process in begun:
                _, complaints = process.communicate()
                assert (process.returncode, complaints) == (0, "")
            assert migrate.current(first.owner_url) == migrate.current(second.owner_url) == migrate.head()

    def test_the_tables_belong_to_the_owner(self, database: Database) -> None:
        with psycopg.connect(database.owner_url) as connection:
            query = "select relname, relowner::regrole::text from pg_class where relnamespace = 'public'::regnamespace"
            owners = connection.execute(query).fetchall()
        assert {owner for _, owner in owners} == {OWNER}

    def test_a_table_that_is_in_use_stops_it_soon_and_changes_nothing(
        self, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(migrate, "_LOCK_TIMEOUT", "200ms")
        with (
            postgres_server.create_database() as busy,
            psycopg.connect(busy.superuser_url) as other,
        ):
            # Whoever holds the version table holds up every migration.
            other.execute(f"set role {OWNER}")
            other.execute("create table alembic_version (version_num varchar(32) primary key)")
            other.commit()
            other.execute("lock table alembic_version in access exclusive mode")
            with pytest.raises(SchemaError, match="run it again"):
                migrate.upgrade(busy.owner_url)
            other.rollback()
            assert migrate.current(busy.owner_url) is None

    def test_a_login_that_serves_is_let_in(self, fresh_database: Database) -> None:
        with psycopg.connect(fresh_database.superuser_url, autocommit=True) as connection:
            connection.execute("drop role if exists serving_test")
            connection.execute("create role serving_test")
            migrate.upgrade(fresh_database.superuser_url, serving_login="serving_test")
            member = connection.execute("select pg_has_role('serving_test', 'function_backend_app', 'usage')")
            assert member.fetchone() == (True,)
            connection.execute("drop role serving_test")


class TestRequiredRevision:
    def test_a_database_of_this_release_is_served(self, database: Database) -> None:
        migrate.require_current(database.app_url)

    def test_an_empty_database_is_refused_with_the_command_that_helps(self, postgres_server: PostgresServer) -> None:
        with (
            postgres_server.create_database() as empty,
            pytest.raises(SchemaError, match="function-backend migrate"),
        ):
            migrate.require_current(empty.owner_url)

    def test_an_older_one_is_refused_and_a_newer_one_served(self, fresh_database: Database) -> None:
        with psycopg.connect(fresh_database.owner_url, autocommit=True) as connection:
            connection.execute("update alembic_version set version_num = '9999'")
            migrate.require_current(fresh_database.app_url)
            if migrate.head() != "0001":
                connection.execute("update alembic_version set version_num = '0001'")
                with pytest.raises(SchemaError, match="is at 0001; this release needs"):
                    migrate.require_current(fresh_database.app_url)


def test_the_schema_equals_the_tables(database: Database) -> None:
    _load_all_tables()
    engine = create_engine(database_url(database.owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": False, "include_object": _is_of_the_release}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_revisions_go_forward_in_one_line() -> None:
    scripts = list(ScriptDirectory(str(migrate.migrations_folder())).walk_revisions())
    assert [script.revision for script in scripts] == sorted((s.revision for s in scripts), reverse=True)
    assert [script.revision for script in scripts][::-1] == migrate.revisions()
    assert all(not script.is_branch_point and not script.is_merge_point for script in scripts)
