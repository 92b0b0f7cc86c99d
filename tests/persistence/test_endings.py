"""What a process opened is closed when it ends, whoever holds it at that moment."""

from __future__ import annotations

import pytest

from function_backend.persistence.engine import Database
from function_backend.persistence.failures import DatabaseUnavailableError
from function_backend.persistence.node import driver_of
from function_backend.persistence.settings import DatabaseSettings
from tests.fixtures import postgres


@pytest.fixture
def opened(database: postgres.Database) -> Database:
    return Database(DatabaseSettings(url=database.app_url))


def test_a_connection_in_use_is_closed_when_it_comes_back(opened: Database) -> None:
    lent = opened.primary.engine.raw_connection()
    driver = driver_of(lent)
    opened.dispose()
    assert not driver.closed
    lent.close()
    assert driver.closed


def test_a_reading_connection_in_use_is_closed_when_it_comes_back(opened: Database) -> None:
    driver, _ = opened.primary.reads.take()
    idle, _ = opened.primary.reads.take()
    opened.primary.reads.give_back(idle)
    opened.dispose()
    assert (idle.closed, driver.closed) == (True, False)
    opened.primary.reads.give_back(driver)
    assert driver.closed


def test_after_a_change_of_the_primary_others_are_made(opened: Database) -> None:
    lent = opened.primary.engine.raw_connection()
    driver = driver_of(lent)
    opened.primary.dispose()
    lent.close()
    assert driver.closed
    for _ in range(2):
        connection = opened.primary.engine.raw_connection()
        cursor = connection.cursor()
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
        connection.close()
    driver, is_new = opened.primary.reads.take()
    assert is_new
    opened.primary.reads.give_back(driver)
    assert not driver.closed
    opened.dispose()


def test_nothing_is_opened_to_look_whether_the_database_is_there(opened: Database) -> None:
    opened.ping()
    opened.dispose()
    with pytest.raises(DatabaseUnavailableError):
        opened.ping()
