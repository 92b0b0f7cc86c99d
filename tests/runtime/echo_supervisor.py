"""Run as a program: the supervisor with workers that only echo. Prints the port, then a line per change of a worker."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from function_backend.runtime.address import Address, Reservation
from function_backend.runtime.child import Child, State
from function_backend.runtime.health import Health
from function_backend.runtime.pool import CallPool
from function_backend.runtime.server import CallServer
from function_backend.runtime.settings import ProcessSettings, ServerSettings, TlsSettings
from function_backend.runtime.supervisor import Duties, Supervisor
from function_backend.runtime.worker import work
from tests.runtime.echo import SERVICE, echo_handlers


class EchoService:
    """Serves when the switch file exists."""

    def __init__(self, settings: ServerSettings, address: Address, broken: Path) -> None:
        if broken.exists():
            raise RuntimeError("broken on purpose")
        self._address = address
        self._health = Health([SERVICE])
        self._server = CallServer(
            settings, TlsSettings(), handlers=echo_handlers(), health=self._health, pools=[CallPool(4, name="call")]
        )

    def start(self, tell: Callable[[State], None]) -> None:
        self._server.start([self._address])
        self._health.set_all(serving=True)
        tell(State.SERVING)

    def drain(self, limit: timedelta, *, until_quiet: bool) -> bool:
        return self._server.drain(limit, until_quiet=until_quiet)

    def stop(self, grace: timedelta) -> None:
        self._server.stop(grace)


def main(workers: int, age_ms: int, drain_ms: int, folder: Path) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    reservation = Reservation.take(Address.parse("127.0.0.1:0"))
    # On a loaded machine callers that get no processor answer pings late, and are not gone.
    patient = timedelta(minutes=5)
    server = ServerSettings(max_connection_age=timedelta(milliseconds=age_ms), keepalive_timeout=patient)
    process = ProcessSettings(workers=workers, drain_timeout=timedelta(milliseconds=drain_ms))
    said: dict[int, str] = {}

    def report(children: Mapping[int, Child]) -> None:
        states = {child.pid: child.state.name for child in children.values()}
        for pid in said.keys() | states.keys():
            state = states.get(pid, "GONE")
            if said.get(pid) != state:
                said[pid] = state
                say(f"{pid} {state}")

    def say(line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    duties = Duties(
        worker=lambda line, index, _: work(
            line,
            process,
            lambda: EchoService(server, reservation.addresses[0], folder / "broken"),
            index=index,
        ),
        monitor=None,
        report=report,
        buried=lambda _: None,
        ready=lambda: say(f"ready {reservation.port}"),
        tick=lambda: None,
        reload=lambda: None,
    )
    try:
        return Supervisor(process, duties).run()
    finally:
        reservation.release()


if __name__ == "__main__":
    status = main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    sys.stdout.flush()
    os._exit(status)
