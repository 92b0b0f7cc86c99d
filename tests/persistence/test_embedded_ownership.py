"""One process owns the server; the others only connect."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from function_backend.persistence.embedded.errors import EmbeddedPostgresError
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.embedded.locks import FileLock
from tests.fixtures.embedded import Launch, server_processes


class TestOwner:
    def test_the_server_ends_with_its_owner(self, launch: Launch) -> None:
        owner = launch.start()
        assert owner.told["owned"]
        assert len(server_processes(launch.data_dir)) > 1
        assert owner.end() == 0
        assert server_processes(launch.data_dir) == []

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
    def test_the_server_ends_when_its_owner_is_asked_to_end(self, launch: Launch, number: signal.Signals) -> None:
        owner = launch.start()
        assert owner.end_by(number) in {128 + number, -number}
        assert server_processes(launch.data_dir) == []

    def test_an_owner_that_is_asked_to_end_while_it_starts_leaves_nothing(self, first_launch: Launch) -> None:
        owner = first_launch.begin()
        while not (first_launch.data_dir / "start.lock").exists():
            assert owner.process.poll() is None
        owner.end_by(signal.SIGTERM)
        assert server_processes(first_launch.data_dir) == []

    def test_the_terminal_cannot_interrupt_the_server(self, launch: Launch) -> None:
        owner = launch.start()
        assert os.getsid(owner.told["pid"]) == owner.told["pid"] != os.getsid(owner.process.pid)
        owner.end()

    def test_a_handler_of_the_process_itself_is_left_alone(self, data_dir: Path) -> None:
        received: list[int] = []
        before = signal.signal(signal.SIGTERM, lambda number, _frame: received.append(number))
        try:
            with EmbeddedPostgres(data_dir, durable=False) as cluster:
                os.kill(os.getpid(), signal.SIGTERM)
                assert received == [signal.SIGTERM]
                with psycopg.connect(cluster.app_url):
                    pass
        finally:
            signal.signal(signal.SIGTERM, before)

    def test_a_forked_child_neither_stops_the_server_nor_keeps_it_owned(self, data_dir: Path) -> None:
        embedded = EmbeddedPostgres(data_dir, durable=False)
        cluster = embedded.start()
        wait_end, hold_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(hold_end)
            embedded.stop()
            os.read(wait_end, 1)
            os._exit(0)
        os.close(wait_end)
        try:
            with psycopg.connect(cluster.app_url):
                pass
            embedded.stop()
            # The child lives on, with the descriptors it was born with.
            with EmbeddedPostgres(data_dir, durable=False) as again:
                assert again.owned
        finally:
            os.close(hold_end)
            os.waitpid(child, 0)

    def test_a_forked_child_dies_of_the_signal_that_ends_its_parent_in_order(self, data_dir: Path) -> None:
        before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            with EmbeddedPostgres(data_dir, durable=False) as cluster:
                wait_end, tell_end = os.pipe()
                child = os.fork()
                if child == 0:
                    os.write(tell_end, b"x")
                    while True:  # a signal just before one long wait would be handled after it
                        time.sleep(0.01)
                # Python forgets the signals that reach a child before it has finished forking.
                os.read(wait_end, 1)
                os.close(wait_end)
                os.close(tell_end)
                os.kill(child, signal.SIGTERM)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
                with psycopg.connect(cluster.app_url):
                    pass
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        finally:
            signal.signal(signal.SIGTERM, before)

    def test_a_thread_can_own_the_server_but_not_the_signals(self, data_dir: Path) -> None:
        before = signal.getsignal(signal.SIGTERM)
        embedded = EmbeddedPostgres(data_dir, durable=False)
        with ThreadPoolExecutor(1) as thread:
            thread.submit(embedded.start).result()
            assert signal.getsignal(signal.SIGTERM) is before
            thread.submit(embedded.stop).result()
        assert server_processes(data_dir) == []

    def test_a_start_that_hangs_is_named_by_the_next_one(self, data_dir: Path) -> None:
        lock = FileLock.try_acquire(data_dir / "start.lock")
        assert lock is not None
        with pytest.raises(EmbeddedPostgresError, match=f"Process {os.getpid()} has kept .*start.lock locked"):
            EmbeddedPostgres(data_dir, start_timeout=timedelta(seconds=0.1)).start()
        lock.release()


class TestAdoption:
    def test_a_server_whose_owner_was_killed_is_adopted_and_ended(self, launch: Launch) -> None:
        first = launch.start()
        with psycopg.connect(first.told["url"]) as connection:
            connection.execute("CREATE TABLE thing AS SELECT 1 AS id")
        first.end_by(signal.SIGKILL)
        assert server_processes(launch.data_dir) != []

        second = launch.start()
        assert second.told["pid"] == first.told["pid"]
        assert second.told["adopted"]
        assert second.told["owned"]
        with psycopg.connect(second.told["url"]) as connection:
            assert connection.execute("SELECT id FROM thing").fetchone() == (1,)
        assert second.end() == 0
        assert server_processes(launch.data_dir) == []

    def test_a_server_that_was_ending_is_followed_by_a_new_one(self, launch: Launch) -> None:
        first = launch.start()
        with psycopg.connect(first.told["url"]):
            # Told to wait for its clients, it is on its way out and lets nobody in.
            first.end_by(signal.SIGKILL)
            os.kill(first.told["pid"], signal.SIGTERM)
            second = launch.begin()
            assert second.process.poll() is None
        assert second.listen().told["pid"] != first.told["pid"]
        second.end()


class TestGuest:
    def test_a_second_process_connects_to_the_same_server_and_leaves_it_running(self, launch: Launch) -> None:
        owner = launch.start()
        guest = launch.start()
        assert guest.told["pid"] == owner.told["pid"]
        assert guest.told["url"] == owner.told["url"]
        assert not guest.told["owned"]
        guest.end_by(signal.SIGTERM)
        with psycopg.connect(owner.told["url"]):
            pass
        owner.end()
        assert server_processes(launch.data_dir) == []

    def test_of_processes_that_start_at_once_one_owns_the_server(self, launch: Launch) -> None:
        begun = [launch.begin() for _ in range(4)]
        started = [process.listen() for process in begun]
        assert sorted(process.told["owned"] for process in started) == [False, False, False, True]
        assert len({process.told["pid"] for process in started}) == 1
        for process in sorted(started, key=lambda process: bool(process.told["owned"])):
            assert process.end() == 0

    def test_a_guest_owns_the_server_that_it_starts_after_the_owner_has_gone(self, launch: Launch) -> None:
        owner = launch.start()
        guest = launch.start()
        owner.end()
        assert server_processes(launch.data_dir) == []
        assert guest.ask_for_running_server() != owner.told["pid"]
        guest.end()
        assert server_processes(launch.data_dir) == []

    def test_an_owner_without_a_server_is_named(self, data_dir: Path) -> None:
        owner = EmbeddedPostgres(data_dir, durable=False)
        cluster = owner.start()
        try:
            os.kill(cluster.pid, signal.SIGKILL)
            guest = EmbeddedPostgres(data_dir, start_timeout=timedelta(seconds=0.5))
            with pytest.raises(RuntimeError, match=f"Process {os.getpid()} owns the database"):
                guest.start()
        finally:
            owner.stop()
