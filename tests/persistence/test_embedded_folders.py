"""Data folders with long names, and sockets in places of others."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path

import psycopg
import pytest

from function_backend.persistence.embedded.errors import DataFolderError
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from tests.fixtures.embedded import Launch, server_processes


class TestNames:
    def test_a_path_too_long_for_a_socket_gets_it_elsewhere(self, launch: Launch) -> None:
        deep = launch.folder / ("long" * 20) / ("longer" * 20)
        deep.mkdir(parents=True)
        if launch.uid is not None and launch.gid is not None:
            for folder in (deep.parent, deep):
                os.chown(folder, launch.uid, launch.gid)
        data = launch.data_dir.rename(deep / "data")
        first = launch.start(data)
        sockets = Path(first.told["socket_dir"])
        assert not sockets.is_relative_to(data)
        with psycopg.connect(first.told["url"]):
            pass
        first.end()
        assert not sockets.exists()
        second = launch.start(data)
        assert Path(second.told["socket_dir"]) == sockets
        second.end()
        assert server_processes(data) == []

    @pytest.mark.parametrize("name", ["with space", "\"quote\" and 'tick' \\ $HOME", "Müller & Söhne", "100%2F"])
    def test_any_name_will_do(self, data_dir: Path, name: str) -> None:
        data = data_dir.rename(data_dir.with_name(name))
        with EmbeddedPostgres(data, durable=False) as cluster, psycopg.connect(cluster.owner_url) as connection:
            assert cluster.socket_dir == data / "run"
            assert connection.execute("SELECT 1").fetchone() == (1,)

    @pytest.mark.parametrize("name", ["comma,", "two\nlines"])
    def test_a_name_that_is_no_socket_path_only_moves_the_socket(
        self, data_dir: Path, scratch: Path, name: str
    ) -> None:
        data = data_dir.rename(data_dir.with_name(name))
        embedded = EmbeddedPostgres(data, durable=False, shared_dir=scratch / "shared")
        with embedded as cluster, psycopg.connect(cluster.app_url):
            assert not cluster.socket_dir.is_relative_to(data)

    def test_a_folder_that_was_moved_while_stopped_works_in_its_new_place(self, data_dir: Path) -> None:
        with EmbeddedPostgres(data_dir, durable=False):
            pass
        moved = data_dir.rename(data_dir.with_name("moved"))
        with EmbeddedPostgres(moved, durable=False) as cluster, psycopg.connect(cluster.app_url):
            assert cluster.data_dir == moved

    def test_a_symbolic_link_leads_to_the_one_folder(self, data_dir: Path) -> None:
        link = data_dir.with_name("link")
        link.symlink_to(data_dir)
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            guest = EmbeddedPostgres(link, durable=False)
            assert guest.start().pid == cluster.pid
            guest.stop()
        link.unlink()


class TestSocketFolder:
    def test_one_that_others_can_enter_is_not_used(self, data_dir: Path, scratch: Path) -> None:
        (data_dir / "run").rmdir()
        (data_dir / "run").mkdir(mode=0o755)
        embedded = EmbeddedPostgres(data_dir, durable=False, shared_dir=scratch / "shared")
        with embedded as cluster, psycopg.connect(cluster.app_url):
            assert cluster.socket_dir != data_dir / "run"
        assert (data_dir / "run").stat().st_mode & 0o777 == 0o755

    def test_without_any_usable_one_every_reason_is_given(
        self, data_dir: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = f"function-backend-{os.geteuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"
        taken = [data_dir / "run", scratch / "shared" / "sockets" / name, Path(tempfile.gettempdir()) / name]
        taken += [Path("/tmp") / name]  # noqa: S108 - the last place that is tried
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        (data_dir / "run").rmdir()
        for folder in dict.fromkeys(taken):
            folder.mkdir(mode=0o755, parents=True)
        try:
            with pytest.raises(DataFolderError) as caught:
                EmbeddedPostgres(data_dir, durable=False, shared_dir=scratch / "shared").start()
            assert str(caught.value).count("not a private folder of ours") >= 2
        finally:
            for folder in dict.fromkeys(taken):
                folder.rmdir()

    def test_what_a_killed_server_left_in_it_is_cleared_away(self, data_dir: Path) -> None:
        sockets = data_dir / "run"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(sockets / ".s.PGSQL.5432"))
        (sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
        with EmbeddedPostgres(data_dir, durable=False) as cluster, psycopg.connect(cluster.app_url):
            assert cluster.socket_dir == sockets
