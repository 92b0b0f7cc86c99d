"""A process that repeats recorded transactions with psycopg and nothing else, several at a time.

Reads its order as JSON from standard input and writes what came of it to standard output.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.statement_log import Statement

_Connection = psycopg.Connection[tuple[Any, ...]]
_Transactions = list[list[Statement]]


class Replay:
    """Threads that take transactions from one list, in order."""

    def __init__(self, url: str, transactions: _Transactions, at_once: int) -> None:
        self._transactions = transactions
        self._next = itertools.count()
        self._failures: list[Exception] = []
        self._connections = [
            psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor) for _ in range(at_once)
        ]

    def run(self) -> tuple[float, float]:
        """Runs all of them; the seconds that took, and the processor time."""
        threads = [threading.Thread(target=self._work, args=(connection,)) for connection in self._connections]
        started, used = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, used = time.perf_counter() - started, time.process_time() - used
        for connection in self._connections:
            connection.close()
        if self._failures:
            raise self._failures[0]
        return took, used

    def _work(self, connection: _Connection) -> None:
        try:
            with connection.cursor() as cursor:
                while (number := next(self._next)) < len(self._transactions):
                    for statement in self._transactions[number]:
                        # Several statements in one text cannot be prepared; the others are, as psycopg does by itself.
                        prepare = None if statement.parameters is not None else False
                        cursor.execute(statement.text.encode(), statement.parameters, prepare=prepare)
                        if cursor.description is not None:
                            cursor.fetchall()
        except psycopg.Error as error:
            self._failures.append(error)


def main() -> None:
    """Does what standard input says."""
    order = json.load(sys.stdin)
    recorded = json.loads(Path(order["transactions"]).read_bytes())
    transactions = [[Statement(text, parameters) for text, parameters in each] for each in recorded]
    seconds, processor = Replay(order["url"], transactions, order["at_once"]).run()
    print(json.dumps({"calls": len(transactions), "seconds": seconds, "cpu_seconds": processor}))


if __name__ == "__main__":
    main()
