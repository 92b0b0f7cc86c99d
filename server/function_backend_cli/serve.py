"""`function-backend serve` and `function-backend worker`.

Without the library that the other commands are made with: it takes a tenth of the time in which the service starts.
"""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from function_backend.bootstrap.announcement import Announcement
from function_backend.bootstrap.serve import serve as serve_until_told
from function_backend.persistence.embedded.errors import EmbeddedPostgresError
from function_backend.persistence.refusals import DatabaseAwayError, SchemaError
from function_backend.runtime.address import Address, AddressError
from function_backend.settings.errors import SettingsError
from function_backend_cli.given_settings import complain, read

_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
"""Where to reach a server that listens everywhere."""
_FLAGS: Mapping[str, str] = {
    "--listen": "Address of the gRPC port. [default: 127.0.0.1:50051]",
    "--workers": "Worker processes. [default: one per processor]",
    "--database-url": "PostgreSQL to use instead of the embedded one; better in FUNCTION_BACKEND_DATABASE_URL.",
    "--replica-url": "Streaming replica for reads.",
    "--data-dir": "Folder of the embedded PostgreSQL.",
    "--metrics-listen": "HTTP address of /metrics, /healthz, /readyz.",
    "--admin-listen": "Local address of channelz.",
    "--threads": "Threads of a worker. [default: 8]",
    "--log-level": "debug, info, warning or error.",
    "--log-format": "auto, json or text.",
}
_PIN = "--pin-workers"
_WORKER_FLAGS: Mapping[str, str] = {
    "--workers": "Processes. [default: one per processor]",
    "--job-threads": "Jobs that one process runs at once. [default: 4]",
    "--database-url": "PostgreSQL of the servers; better in FUNCTION_BACKEND_DATABASE_URL.",
    "--metrics-listen": "HTTP address of /metrics, /healthz, /readyz; another one than that of a server beside it.",
    "--log-level": "debug, info, warning or error.",
    "--log-format": "auto, json or text.",
}
_NO_DATABASE = (
    "a worker needs the database of its servers: set FUNCTION_BACKEND_DATABASE_URL. With the embedded database 'serve' "
    "does the background work itself."
)


def serve(arguments: Sequence[str]) -> int:
    """Serves with what the command line says until a signal ends it; the exit status."""
    return _run(vars(_parser().parse_args(arguments)), [*_FLAGS, _PIN], calls=True)


def work(arguments: Sequence[str]) -> int:
    """Does background work with what the command line says until a signal ends it; the exit status."""
    return _run(vars(_worker_parser().parse_args(arguments)), _WORKER_FLAGS, calls=False)


def _run(told: Mapping[str, Any], known: Collection[str], *, calls: bool) -> int:
    config, settings = told["--config"], told["--set"]
    flags = {flag: told[flag] for flag in known}
    try:
        loaded = read(config, settings, flags)
        if not calls and loaded.settings.embedded:
            return complain([_NO_DATABASE])
        return serve_until_told(
            loaded.settings, reread=lambda: read(config, settings, flags).settings, announce=_announce, calls=calls
        )
    except SettingsError as error:
        return complain(error.problems)
    except (AddressError, EmbeddedPostgresError, SchemaError, DatabaseAwayError) as error:
        return complain([str(error)])
    except psycopg.Error as error:
        return complain([f"the database refused: {error}"])


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="function-backend serve",
        description="Starts the service, with its own PostgreSQL unless a database URL is set. Ctrl-C ends it.",
        allow_abbrev=False,
    )
    _add(parser, _FLAGS)
    parser.add_argument(_PIN, dest=_PIN, action=BooleanOptionalAction, help="Keep each worker on one processor.")
    return parser


def _worker_parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="function-backend worker",
        description="Does what goes on behind the calls: jobs, schedules, events that are carried away. It serves no "
        "calls, and needs the database URL and the secrets that the servers have. Ctrl-C ends it.",
        allow_abbrev=False,
    )
    _add(parser, _WORKER_FLAGS)
    return parser


def _add(parser: ArgumentParser, flags: Mapping[str, str]) -> None:
    # Values stay text: the settings read them, and say what is wrong with them.
    for flag, text in flags.items():
        parser.add_argument(flag, dest=flag, metavar="VALUE", help=text)
    parser.add_argument("--config", dest="--config", metavar="FILE", type=Path, help="TOML file with settings.")
    parser.add_argument(
        "--set",
        dest="--set",
        metavar="SECTION.NAME=VALUE",
        action="append",
        help="Sets anything; check-config lists what there is.",
    )


def _announce(announcement: Announcement) -> None:
    """Speaks to the person at the terminal; a log collector reads standard error."""
    address = announcement.address
    lines = ["function-backend does background work" if address is None else f"function-backend serves on {address}"]
    if announcement.monitor is not None:
        lines.append(f"metrics and readiness: http://{announcement.monitor}/metrics, /readyz")
    if announcement.first_key is not None:
        lines += ["", *_first_steps(address, announcement.first_key)]
    # Nobody may read it any more, which is no reason not to serve.
    with contextlib.suppress(OSError):
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()


def _first_steps(address: Address | None, key: str) -> list[str]:
    program = sys.argv[0] if "/" in sys.argv[0] else "function-backend"
    shown = ["The administrator's key of the tenant 'default', shown now and never again:", "", f"  {key}", ""]
    if address is None:
        return shown
    if address.host in _ANY_HOST:
        address = Address(_ANY_HOST[address.host], address.port)
    access = f"FUNCTION_BACKEND_ADDRESS={address} FUNCTION_BACKEND_API_KEY={key} {program}"
    return [
        *shown,
        "Three commands to begin with, for another terminal:",
        "",
        f"  {program} services --address {address}",
        f"  {access} company create --name 'Müller Maschinenbau GmbH' --jurisdiction DE",
        f"  {access} company search 'mueller maschinen'",
        "",
    ]
