"""`function-backend serve`."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated

import psycopg
import typer

from function_backend.bootstrap.installation import DatabaseAwayError
from function_backend.bootstrap.serve import Announcement
from function_backend.bootstrap.serve import serve as serve_until_told
from function_backend.persistence.embedded.errors import EmbeddedPostgresError
from function_backend.persistence.migrate import SchemaError
from function_backend.runtime.address import Address, AddressError
from function_backend.settings.errors import SettingsError
from function_backend_cli.setting_flags import ConfigFlag, DatabaseUrlFlag, SetFlag, read, refuse

app = typer.Typer()

_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
"""Where to reach a server that listens everywhere."""


@app.command()
def serve(
    listen: Annotated[str | None, typer.Option(help="Address of the gRPC port. [default: 127.0.0.1:50051]")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes. [default: one per processor]")] = None,
    database_url: DatabaseUrlFlag = None,
    replica_url: Annotated[str | None, typer.Option(help="Streaming replica for reads.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Folder of the embedded PostgreSQL.")] = None,
    metrics_listen: Annotated[str | None, typer.Option(help="HTTP address of /metrics, /healthz, /readyz.")] = None,
    admin_listen: Annotated[str | None, typer.Option(help="Local address of channelz.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of a worker. [default: 8]")] = None,
    pin_workers: Annotated[bool | None, typer.Option(help="Keep each worker on one processor.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, json or text.")] = None,
    config: ConfigFlag = None,
    settings: SetFlag = None,
) -> None:
    """Starts the service, with its own PostgreSQL unless a database URL is set. Ctrl-C ends it."""
    flags: dict[str, object | None] = {
        "--listen": listen,
        "--workers": workers,
        "--database-url": database_url,
        "--replica-url": replica_url,
        "--data-dir": data_dir,
        "--metrics-listen": metrics_listen,
        "--admin-listen": admin_listen,
        "--threads": threads,
        "--pin-workers": pin_workers,
        "--log-level": log_level,
        "--log-format": log_format,
    }
    try:
        loaded = read(config, settings, flags)
        status = serve_until_told(
            loaded.settings, reread=lambda: read(config, settings, flags).settings, announce=_announce
        )
    except SettingsError as error:
        raise refuse(error.problems) from None
    except (AddressError, EmbeddedPostgresError, SchemaError, DatabaseAwayError) as error:
        raise refuse([str(error)]) from None
    except psycopg.Error as error:
        raise refuse([f"the database refused: {error}"]) from None
    except KeyboardInterrupt:
        # Before the supervisor has taken over; what had been started is stopped by now.
        raise typer.Exit(130) from None
    raise typer.Exit(status)


def _announce(announcement: Announcement) -> None:
    """Speaks to the person at the terminal; a log collector reads standard error."""
    lines = [f"function-backend serves on {announcement.address}"]
    if announcement.monitor is not None:
        lines.append(f"metrics and readiness: http://{announcement.monitor}/metrics, /readyz")
    if announcement.first_key is not None:
        lines += ["", *_first_steps(announcement, announcement.first_key)]
    # Nobody may read it any more, which is no reason not to serve.
    with contextlib.suppress(OSError):
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()


def _first_steps(announcement: Announcement, key: str) -> list[str]:
    program = sys.argv[0] if "/" in sys.argv[0] else "function-backend"
    address = announcement.address
    if address.host in _ANY_HOST:
        address = Address(_ANY_HOST[address.host], address.port)
    access = f"FUNCTION_BACKEND_ADDRESS={address} FUNCTION_BACKEND_API_KEY={key} {program}"
    return [
        "The administrator's key of the tenant 'default', shown now and never again:",
        "",
        f"  {key}",
        "",
        "Three commands to begin with, for another terminal:",
        "",
        f"  {program} services --address {address}",
        f"  {access} company create --name 'Müller Maschinenbau GmbH' --jurisdiction DE",
        f"  {access} company search 'mueller maschinen'",
        "",
    ]
