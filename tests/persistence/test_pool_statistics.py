import threading
from datetime import timedelta

from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from tests.fixtures import postgres


def test_a_wait_for_a_connection_is_counted(database: postgres.Database) -> None:
    opened = Database(DatabaseSettings(url=database.app_url, pool_size=1, pool_timeout=timedelta(seconds=10)))
    pool = opened.primary.engine.pool
    first = pool.connect()
    threading.Timer(0.2, first.close).start()
    pool.connect().close()
    statistics = opened.pools["primary transactions"]
    assert statistics.waits == 1
    assert statistics.waited_seconds > 0
    assert statistics.in_use == 0
    opened.dispose()


def test_a_wait_for_a_connection_of_single_reads_is_counted(database: postgres.Database) -> None:
    opened = Database(DatabaseSettings(url=database.app_url, pool_size=1, pool_timeout=timedelta(seconds=10)))
    reads = opened.primary.reads
    first, _ = reads.take()
    assert opened.pools["primary reads"].in_use == 1
    threading.Timer(0.2, reads.give_back, [first]).start()
    second, is_new = reads.take()
    assert not is_new
    reads.give_back(second)
    assert opened.pools["primary reads"].waits == 1
    assert opened.pools["primary reads"].in_use == 0
    opened.dispose()
