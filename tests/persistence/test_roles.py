from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import text

from function_backend.persistence import migrate
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.engine import Database
from function_backend.persistence.roles import APP, DEFINER, OWNER, MissingPrivilegeError
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.auth import calling
from tests.factories.events import RefusingSink
from tests.fixtures.scratch import scratch_folder


class _ManagedServer:
    """A server as providers give it: our login is no superuser, and none of our roles is there yet."""

    def __init__(self, superuser_url: str) -> None:
        self.superuser_url = superuser_url

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def url(self, login: str, database: str) -> str:
        return f"{self._at(database)}&options={quote(f'-c role={login}')}"

    def _at(self, database: str) -> str:
        head, _, query = self.superuser_url.partition("?")
        return f"{head.rpartition('/')[0]}/{database}?{query}"


@pytest.fixture(scope="module")
def server() -> Iterator[_ManagedServer]:
    with scratch_folder() as folder, EmbeddedPostgres(folder / "data", durable=False) as cluster:
        superuser_url = cluster.superuser_url.replace("/function_backend?", "/postgres?")
        server = _ManagedServer(superuser_url)
        server.run("drop database function_backend", f"drop role {OWNER}", f"drop role {APP}", f"drop role {DEFINER}")
        server.run("create role cloud_admin createrole createdb", "create role cloud_app", "create role cloud_reader")
        yield server


class TestManagedServer:
    def test_a_login_that_may_not_create_roles_is_told_what_an_administrator_must_do(
        self, server: _ManagedServer
    ) -> None:
        server.run("create database poor owner cloud_reader")
        with pytest.raises(MissingPrivilegeError, match=f"CREATE ROLE {OWNER}"):
            migrate.upgrade(server.url("cloud_reader", "poor"))

    def test_a_login_without_superuser_rights_migrates_and_lets_another_serve(self, server: _ManagedServer) -> None:
        server.run("create database first owner cloud_admin")
        migrate.upgrade(server.url("cloud_admin", "first"), serving_login="cloud_app")
        opened = Database(DatabaseSettings(url=server.url("cloud_app", "first")))
        try:
            with calling(), Transactions(opened, RefusingSink())() as work:
                assert work.connection.execute(text("select current_user")).scalar_one() == "cloud_app"
                assert work.connection.execute(text("select count(*) from api_key")).scalar_one() == 0
        finally:
            opened.dispose()

    def test_a_second_database_of_the_cluster_shares_the_roles(self, server: _ManagedServer) -> None:
        server.run("create database second owner cloud_admin")
        migrate.upgrade(server.url("cloud_admin", "second"))
        assert migrate.current(server.url("cloud_admin", "second")) == migrate.head()

    def test_one_login_for_everything_serves_as_the_application(self, server: _ManagedServer) -> None:
        server.run("create database third owner cloud_admin")
        url = server.url("cloud_admin", "third")
        migrate.upgrade(url)
        opened = Database(DatabaseSettings(url=url))
        try:
            with calling(), Transactions(opened, RefusingSink())() as work:
                assert work.connection.execute(text("select current_user")).scalar_one() == APP
        finally:
            opened.dispose()

    def test_another_login_joins_when_an_administrator_lets_it_in_as_the_message_says(
        self, server: _ManagedServer
    ) -> None:
        server.run("create role cloud_second", "create database fourth owner cloud_second")
        url = server.url("cloud_second", "fourth")
        with pytest.raises(MissingPrivilegeError, match=f"GRANT {OWNER} TO cloud_second"):
            migrate.upgrade(url)
        server.run(f"grant {OWNER}, {DEFINER}, {APP} to cloud_second")
        migrate.upgrade(url)
        assert migrate.current(url) == migrate.head()
