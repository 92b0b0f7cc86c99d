"""What the fixtures promise to the other tests."""

import psycopg
import pytest
import redis
import sqlalchemy

from function_backend.persistence.embedded.credentials import Role
from tests.fixtures.postgres import PostgresServer


def test_a_created_database_serves_its_three_roles_and_is_gone_afterwards(postgres_server: PostgresServer) -> None:
    with postgres_server.create_database() as database:
        with psycopg.connect(database.owner_url) as connection:
            connection.execute("CREATE TABLE thing (id int)")
            connection.execute("GRANT SELECT ON thing TO function_backend_app")
        with psycopg.connect(database.app_url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("function_backend_app",)
            assert connection.execute("SELECT count(*) FROM thing").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("INSERT INTO thing VALUES (1)")
    with psycopg.connect(postgres_server.url(Role.SUPERUSER, "postgres")) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [database.name])
        assert found.rowcount == 0


def test_a_database_is_a_copy_of_its_template(postgres_server: PostgresServer) -> None:
    with postgres_server.create_database() as template:
        with psycopg.connect(template.owner_url) as connection:
            connection.execute("CREATE TABLE thing AS SELECT 7 AS id")
        with (
            postgres_server.create_database(template=template.name) as copy,
            psycopg.connect(copy.owner_url) as connection,
        ):
            assert connection.execute("SELECT id FROM thing").fetchone() == (7,)


def test_sqlalchemy_understands_the_same_urls(postgres_server: PostgresServer) -> None:
    with postgres_server.create_database() as database:
        engine = sqlalchemy.create_engine(database.app_url.replace("postgresql:", "postgresql+psycopg:", 1))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT current_user")) == "function_backend_app"
        engine.dispose()


def test_valkey_answers_at_its_url(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("key", "value", ex=5)
        assert client.get("key") == b"value"
