"""Starts, adopts and stops the embedded PostgreSQL of a data folder.

Who owns the server: the process that holds the lock `owner.lock` of the data folder. The first
process to start gets it, starts the server (or adopts the one that a killed process left running)
and stops it when it ends. Every further process only connects, and its end changes nothing. The
kernel releases the lock when the owner ends, however it ends; the next start owns the server then.
"""

import atexit
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType

import psycopg

from function_backend.persistence.embedded.account import ServerAccount, choose_account
from function_backend.persistence.embedded.adoption import connects, find_running
from function_backend.persistence.embedded.binaries import find_binaries
from function_backend.persistence.embedded.cluster import create_cluster, require_same_major_version
from function_backend.persistence.embedded.configuration import write_configuration, write_logins
from function_backend.persistence.embedded.credentials import Credentials, Role
from function_backend.persistence.embedded.errors import PostgresStartError
from function_backend.persistence.embedded.exits import OrderlyExit
from function_backend.persistence.embedded.folder import SHARED_FOLDER, DataFolder, default_data_dir, open_data_folder
from function_backend.persistence.embedded.locks import FileLock, hold, holder
from function_backend.persistence.embedded.postmaster import PidFile, ServerProcess, cluster_mark, launch
from function_backend.persistence.embedded.roles import DATABASE, ensure_roles, reload_configuration, set_passwords
from function_backend.persistence.embedded.sockets import make_socket_folder, remove_socket_folder
from function_backend.persistence.embedded.staging import reachable_binaries

_JOIN_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class RunningCluster:
    """A server that accepts connections, and how to connect to it."""

    data_dir: Path
    socket_dir: Path
    pid: int
    server_version: str
    owned: bool
    """Whether this process stops the server when it ends."""
    adopted: bool
    """Whether the server was running before."""
    _credentials: Credentials = field(repr=False)

    @property
    def superuser_url(self) -> str:
        """For maintenance: whoever has this URL may do everything."""
        return self.url(Role.SUPERUSER)

    @property
    def owner_url(self) -> str:
        """For migrations: the role that owns the database and the tables."""
        return self.url(Role.OWNER)

    @property
    def app_url(self) -> str:
        """For serving: the role that row-level security holds for."""
        return self.url(Role.APPLICATION)

    def url(self, role: Role, database: str = DATABASE) -> str:
        """Return the URL with which a role connects to a database of this server; it holds the password."""
        return self._credentials.url(role, socket_folder=self.socket_dir, database=database)


class EmbeddedPostgres:
    """PostgreSQL on a data folder of our own; as a context manager it runs as long as the block.

    One thread at a time may use it. In a forked child every method that would touch the server does nothing.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        pg_bin: Path | None = None,
        *,
        durable: bool = True,
        shared_dir: Path = SHARED_FOLDER,
        start_timeout: timedelta = timedelta(seconds=120),
    ) -> None:
        """Prepare to use a data folder; nothing is touched before `start`.

        Args:
            data_dir: where everything is kept; the platform's custom decides if it is None.
            pg_bin: the folder of PostgreSQL's programs; they are looked for if it is None.
            durable: False gives up what was committed when the machine fails, for tests.
            shared_dir: root's own folder, for what the server's account cannot reach in `data_dir`.
            start_timeout: how long a start may take, recovery after a crash included.
        """
        self._path = data_dir if data_dir is not None else default_data_dir()
        self._pg_bin = pg_bin
        self._durable = durable
        self._shared_dir = shared_dir
        self._start_timeout = start_timeout
        self._exit = OrderlyExit()
        self._owner_lock: FileLock | None = None
        self._server: ServerProcess | None = None
        self._cluster: RunningCluster | None = None
        self._process = os.getpid()

    def start(self, *, meanwhile: Callable[[], None] = lambda: None) -> RunningCluster:
        """Return a server that accepts connections: the one that runs on the data folder, or a new one.

        While it runs, SIGTERM and SIGHUP end this process in order, unless it handles them itself.
        `meanwhile` is called when a program of PostgreSQL has begun to work, instead of only waiting for that: once or
        more often, and not at all where a server runs already.
        """
        if self._cluster is not None:
            return self.ensure_running()
        self._process = os.getpid()
        self._exit.install()
        try:
            self._cluster = self._start(meanwhile)
        except BaseException:
            self._exit.remove()
            raise
        atexit.register(self.stop)
        return self._cluster

    def ensure_running(self) -> RunningCluster:
        """Return the server, started again if it has died meanwhile."""
        if self._cluster is None or self._server is None:
            return self.start()
        if os.getpid() == self._process and not self._server.alive():
            self._cluster = self._start()
        return self._cluster

    def stop(self) -> None:
        """Stop the server if this process owns it; a process that only connects leaves it alone."""
        if self._cluster is None or os.getpid() != self._process:
            return
        data, sockets = DataFolder(self._cluster.data_dir), self._cluster.socket_dir
        try:
            if self._owner_lock is not None and self._server is not None:
                with hold(data.transition_lock, deadline=self._deadline()):
                    self._server.stop()
                    remove_socket_folder(sockets, data)
        finally:
            self._give_up_ownership()
            self._server = self._cluster = None
            self._exit.remove()
            atexit.unregister(self.stop)

    def __enter__(self) -> RunningCluster:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _deadline(self) -> float:
        return time.monotonic() + self._start_timeout.total_seconds()

    def _start(self, meanwhile: Callable[[], None] = lambda: None) -> RunningCluster:
        data = open_data_folder(self._path)
        deadline = self._deadline()
        while True:
            with hold(data.transition_lock, deadline=deadline):
                if self._owner_lock is None:
                    self._owner_lock = FileLock.try_acquire(data.owner_lock)
                if self._owner_lock is not None:
                    return self._run_as_owner(data, meanwhile, deadline=deadline)
                joined = self._join(data)
            if joined is not None:
                return joined
            if time.monotonic() > deadline:
                raise PostgresStartError(
                    f"Process {holder(data.owner_lock)} owns the database in {data.path}, but no server answers there."
                )
            time.sleep(_JOIN_POLL_SECONDS)

    def _run_as_owner(self, data: DataFolder, meanwhile: Callable[[], None], *, deadline: float) -> RunningCluster:
        try:
            account = choose_account(data.cluster)
            credentials = Credentials.load(data.credentials)
            running = find_running(data, account, credentials, deadline=deadline)
            if running is None or credentials is None:
                return self._launch(data, account, credentials, meanwhile, deadline=deadline)
            server, sockets = running
            return self._describe(data, server, sockets, credentials, adopted=True)
        except BaseException:
            self._give_up_ownership()
            raise

    def _launch(
        self,
        data: DataFolder,
        account: ServerAccount,
        credentials: Credentials | None,
        meanwhile: Callable[[], None],
        *,
        deadline: float,
    ) -> RunningCluster:
        binaries = find_binaries(self._pg_bin)
        exists = data.cluster.exists()
        if exists:
            require_same_major_version(data, binaries)
        passwords_lost = exists and credentials is None
        credentials = credentials or Credentials.generate()
        with reachable_binaries(binaries, account, folders=(data.programs, self._shared_dir / data.programs.name)) as (
            programs,
            inherited,
        ):
            if not exists:
                credentials.save(data.credentials)
                create_cluster(programs, data, account, credentials, durable=self._durable, meanwhile=meanwhile)
            write_configuration(data.cluster, account, durable=self._durable)
            # The socket's folder lets in nobody but the server's account, which owns the files anyway.
            write_logins(data.cluster, account, method="trust" if passwords_lost else "scram-sha-256")
            sockets = make_socket_folder(data, account, shared_folder=self._shared_dir)
            server = launch(
                programs.postgres,
                data,
                account,
                socket_folder=sockets,
                deadline=deadline,
                inherited=inherited,
                meanwhile=meanwhile,
            )
        try:
            if passwords_lost:
                set_passwords(credentials, sockets)
                credentials.save(data.credentials)
                write_logins(data.cluster, account, method="scram-sha-256")
                reload_configuration(credentials, sockets)
            return self._describe(data, server, sockets, credentials, adopted=False)
        except BaseException:
            server.stop()
            raise

    def _join(self, data: DataFolder) -> RunningCluster | None:
        """Return the server of another process that owns it, or None while there is none that answers."""
        credentials = Credentials.load(data.credentials)
        told = PidFile.read(data.cluster)
        if credentials is None or told is None or told.socket_folder is None:
            return None
        try:
            if not connects(data, choose_account(data.cluster), credentials, told.socket_folder):
                return None
        except psycopg.OperationalError:
            return None
        server = ServerProcess(told.pid, cluster_mark(data.cluster))
        return self._describe(data, server, told.socket_folder, credentials, adopted=True)

    def _describe(
        self, data: DataFolder, server: ServerProcess, sockets: Path, credentials: Credentials, *, adopted: bool
    ) -> RunningCluster:
        try:
            version = ensure_roles(credentials, sockets)
        except psycopg.Error as error:
            raise PostgresStartError(
                f"The server on {data.path} runs, but cannot be used: {error}\n"
                f"If {data.credentials} is not of this data folder, remove it: new passwords are set at the next start."
            ) from error
        self._server = server
        owned = self._owner_lock is not None
        return RunningCluster(data.path, sockets, server.pid, version, owned, adopted, credentials)

    def _give_up_ownership(self) -> None:
        if self._owner_lock is not None:
            self._owner_lock.release()
            self._owner_lock = None
