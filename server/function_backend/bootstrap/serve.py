"""`function-backend serve` and `worker`: the database is started first, and the program is loaded meanwhile."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack

from function_backend.bootstrap.announcement import Announcement
from function_backend.observability.logs import Log
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.runtime.address import Address, Reservation
from function_backend.runtime.http.listener import open_monitor
from function_backend.runtime.settings import OLDER_EVENT_LOOP
from function_backend.settings.tree import Settings

_LOG = logging.getLogger(__name__)
_EXPERIMENTS_VARIABLE = "GRPC_EXPERIMENTS"


def serve(
    settings: Settings,
    *,
    reread: Callable[[], Settings],
    announce: Callable[[Announcement], None],
    calls: bool = True,
) -> int:
    """Serves until a signal ends it; the exit status of the process.

    Without `calls` the processes serve none, and do the background work of all services instead. `reread` reads the
    settings again when the workers are replaced. Raises AddressError, EmbeddedPostgresError, SchemaError or
    DatabaseAwayError when the service cannot start, each with what to do.
    """
    # What is loaded stays, so looking for garbage in it finds none, and takes a third of the time of a start.
    gc.disable()
    _choose_experiments(settings.process.grpc_experiments)
    log = Log(settings.log)
    log.install()
    if experiments := os.environ.get(_EXPERIMENTS_VARIABLE):
        _LOG.info("gRPC experiments", extra={"experiments": experiments})
    with ExitStack() as stack:
        reservation = Reservation.take(Address.parse(settings.server.listen)) if calls else None
        if reservation is not None:
            stack.callback(reservation.release)
        monitor = open_monitor(settings.metrics.listen)
        if monitor is not None:
            stack.callback(monitor.close)
        embedded = EmbeddedPostgres(settings.data.dir) if settings.embedded else None
        if embedded is not None:
            stack.callback(embedded.stop)
            embedded.start(meanwhile=_load)
        # Here and not above: see `_load`.
        from function_backend.bootstrap.installation import open_installation  # noqa: PLC0415
        from function_backend.bootstrap.operation import Ports, operate  # noqa: PLC0415

        installation = open_installation(settings, embedded)
        return operate(
            settings, installation, Ports(calls=reservation, monitor=monitor), log, reread=reread, announce=announce
        )


def _load() -> None:
    """Loads the program: most of what a start takes, and as long as making and starting a database."""
    from function_backend.bootstrap import operation  # noqa: F401, PLC0415


def _choose_experiments(wanted: str) -> None:
    """Puts the setting where gRPC reads it once it is loaded. The default yields to what stands there already."""
    if wanted == OLDER_EVENT_LOOP:
        os.environ.setdefault(_EXPERIMENTS_VARIABLE, wanted)
    else:
        os.environ[_EXPERIMENTS_VARIABLE] = wanted
