"""The service in operation: the supervisor with everything it looks after. Loading this loads the whole program."""

from __future__ import annotations

import gc
import logging
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry

from function_backend.bootstrap.announcement import Announcement
from function_backend.bootstrap.backend import Backend, Surroundings, rate_limiter
from function_backend.bootstrap.installation import Installation
from function_backend.kernel.clock import SystemClock
from function_backend.observability.logs import Log
from function_backend.observability.metrics import MetricsFolder
from function_backend.observability.tracing import start_tracing
from function_backend.runtime.address import Address, AddressError, Reservation
from function_backend.runtime.child import Child
from function_backend.runtime.http.connections import networks
from function_backend.runtime.http.monitor import Monitor, serve_monitor
from function_backend.runtime.http.oauth import OAuthPages
from function_backend.runtime.http.workers import Workers, own_socket, serving_sockets
from function_backend.runtime.status_file import StatusFile, WorkerStatus
from function_backend.runtime.supervisor import MONITOR, Duties, Supervisor
from function_backend.runtime.tls import CertificateError
from function_backend.runtime.worker import work
from function_backend.settings.errors import SettingsError
from function_backend.settings.tree import Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What was taken before anything else, so that nothing begins where somebody else serves."""

    calls: Reservation | None
    """None when the processes do background work alone."""
    monitor: socket.socket | None
    """Where metrics are served; None for nowhere."""


def operate(
    settings: Settings,
    installation: Installation,
    ports: Ports,
    log: Log,
    *,
    reread: Callable[[], Settings],
    announce: Callable[[Announcement], None],
) -> int:
    """Serves until a signal ends it; the exit status of the process."""
    with ExitStack() as stack:
        folder = MetricsFolder.create()
        stack.callback(folder.remove)
        status = StatusFile(folder.path / "workers.json")
        stack.callback(status.remove)
        service = _Service(settings, reread, installation, ports.calls, log, folder)
        monitor = ports.monitor
        duties = Duties(
            worker=service.work,
            monitor=None if monitor is None else _monitor(settings, monitor, folder, status, log),
            report=lambda children: status.write(_statuses(children)),
            buried=folder.leave,
            ready=lambda: announce(_announcement(settings, ports, installation)),
            tick=installation.look_after,
            reload=service.reload,
        )
        # What is loaded by now is shared by all workers as long as nobody touches it, and the collector would. It is
        # not looked through before: what has become garbage by now is a thousand objects, and finding them takes 0.1 s.
        gc.freeze()
        gc.enable()
        return Supervisor(settings.process, duties).run()


class _Service:
    """What workers are made of; the settings may be replaced between one worker and the next."""

    def __init__(
        self,
        settings: Settings,
        reread: Callable[[], Settings],
        installation: Installation,
        reservation: Reservation | None,
        log: Log,
        folder: MetricsFolder,
    ) -> None:
        self._settings = settings
        self._reread = reread
        self._installation = installation
        self._reservation = reservation
        self._log = log
        self._folder = folder
        # Shared by the workers: a mapping of memory that outlives each of them.
        self._limiter = rate_limiter(settings.cache)

    def reload(self) -> None:
        """Reads the settings again; the old ones stay when the new ones are wrong."""
        try:
            self._settings = self._reread()
        except SettingsError as error:
            for problem in error.problems:
                _LOG.error("settings not reloaded", extra={"problem": problem})

    def work(self, line: socket.socket, index: int, seat: int) -> int:
        """The life of a worker, in the worker."""
        self._folder.enter(seat)
        self._log.start(worker=index)
        try:
            return work(line, self._settings.process, lambda: self._backend(index, seat), index=index)
        except (AddressError, CertificateError) as error:
            _LOG.error("the worker cannot start", extra={"cause": str(error)})
            return 1
        except Exception:  # noqa: BLE001 - told to the supervisor by the exit status
            _LOG.exception("the worker failed")
            return 1
        finally:
            self._log.stop()

    def _backend(self, index: int, seat: int) -> Backend:
        settings = self._settings
        calls = self._reservation is not None
        admin = Address.parse(settings.server.admin_listen) if calls and settings.server.admin_listen else None
        if admin is not None and admin.port:
            admin = admin.with_port(admin.port + seat)
        around = Surroundings(
            clock=SystemClock(),
            database=self._installation.database,
            token_secret=self._installation.token_secret,
            limiter=self._limiter,
            log=self._log,
            tracing=start_tracing(settings.tracing, worker=str(index)),
            registry=CollectorRegistry(),
            addresses=() if self._reservation is None else self._reservation.addresses,
            admin=admin,
            background=settings.background_in_process or not calls,
            local=own_socket(self._folder.path) if calls and settings.metrics.listen else "",
        )
        if not settings.auth.master_keys:
            settings = replace(settings, auth=replace(settings.auth, master_keys=self._installation.master_keys))
        return Backend(settings, around)


def _monitor(
    settings: Settings, listener: socket.socket, folder: MetricsFolder, status: StatusFile, log: Log
) -> Callable[[socket.socket, int, int], int]:
    def run(line: socket.socket, _: int, __: int) -> int:
        log.start(worker="monitor")
        workers = Workers(serving_sockets(folder.path, status))
        monitor = Monitor(
            listener,
            folder.registry,
            status,
            oauth=OAuthPages(workers),
            trusted=networks(settings.metrics.trusted_proxies),
        )
        try:
            return serve_monitor(line, monitor)
        finally:
            workers.close()
            log.stop()

    return run


def _statuses(children: Mapping[int, Child]) -> list[WorkerStatus]:
    return [
        WorkerStatus(index=child.index, pid=child.pid, state=child.state.name.lower())
        for child in children.values()
        if child.index != MONITOR
    ]


def _announcement(settings: Settings, ports: Ports, installation: Installation) -> Announcement:
    key, installation.first_key = installation.first_key, None
    host = Address.parse(settings.server.listen).host
    served_at = None if ports.monitor is None else Address(*ports.monitor.getsockname()[:2])
    address = None if ports.calls is None else Address(host, ports.calls.port)
    return Announcement(address, served_at, key)
