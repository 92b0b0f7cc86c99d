"""How a command reaches the service: options that all commands share, given to them by one decorator."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Concatenate, ParamSpec, Self

import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc

from function_backend_cli.output import REFUSED, USAGE, Output, explain
from function_backend_client import (
    ChannelSettings,
    Client,
    ClientCredentials,
    FunctionBackendError,
    Timeouts,
    Tls,
    UnimplementedError,
)
from function_backend_client.client import DEFAULT_ADDRESS
from function_backend_client.logins import LoginFile, SavedLogin
from function_backend_client.tokens import Grant

P = ParamSpec("P")

_PANEL = "Connection"
_Address = Annotated[
    str,
    typer.Option(
        "--address",
        envvar="FUNCTION_BACKEND_ADDRESS",
        metavar="HOST:PORT",
        help="The service.",
        rich_help_panel=_PANEL,
    ),
]
_ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="FUNCTION_BACKEND_API_KEY",
        help="The key to call with; your login when absent. Others may see it here: better in a file.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_ApiKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file",
        envvar="FUNCTION_BACKEND_API_KEY_FILE",
        help="A file with the key.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_ClientFile = Annotated[
    Path | None,
    typer.Option(
        "--client-file",
        envvar="FUNCTION_BACKEND_CLIENT_FILE",
        help="A file with id and secret of a service account, as `service-accounts create-secret` writes it.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_Encrypt = Annotated[
    bool | None,
    typer.Option(
        "--tls/--plaintext",
        help="Encrypt the connection. [default: unless the address is this machine]",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_Roots = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        envvar="FUNCTION_BACKEND_CA_FILE",
        help="Certificates to trust, as PEM. [default: those of this machine]",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_Certificate = Annotated[
    Path | None,
    typer.Option(
        "--client-certificate",
        envvar="FUNCTION_BACKEND_CLIENT_CERTIFICATE",
        help="Own certificate, for mutual TLS.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_Key = Annotated[
    Path | None,
    typer.Option(
        "--client-key",
        envvar="FUNCTION_BACKEND_CLIENT_KEY",
        help="Key of the own certificate.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_ServerName = Annotated[
    str | None,
    typer.Option(
        "--server-name",
        help="The name in the server's certificate, where it is not that of the address.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        envvar="FUNCTION_BACKEND_TIMEOUT",
        min=0.001,
        help="Seconds until a call is given up.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON lines, for other programs.", rich_help_panel=_PANEL)]


class Session:
    """One command's connection and output."""

    def __init__(
        self,
        *,
        address: str,
        api_key: str | None,
        api_key_file: Path | None,
        client_file: Path | None,
        encrypt: bool | None,
        ca_file: Path | None,
        client_certificate: Path | None,
        client_key: Path | None,
        server_name: str | None,
        timeout: float | None,
        as_json: bool,
        logs_in: bool = False,
    ) -> None:
        """`logs_in` says that the command makes the login rather than uses it."""
        self.address = address
        self.output = Output(json=as_json)
        self.api_key = _read_key(api_key, api_key_file)
        timeouts = Timeouts() if timeout is None else Timeouts(read=timeout, write=timeout)
        tls: Tls | bool | None = encrypt
        if any((ca_file, client_certificate, client_key, server_name)) and encrypt is not False:
            tls = Tls(ca_file, client_certificate, client_key, server_name)
        login = LoginFile(address)
        credentials: Grant | None = None
        if self.api_key is None and client_file is not None:
            credentials = _read_client(client_file)
        elif self.api_key is None and not logs_in and login.path.exists():
            credentials = SavedLogin(login)
        try:
            self.client = Client(
                address,
                api_key=self.api_key,
                credentials=credentials,
                tls=tls,
                timeouts=timeouts,
                channel=ChannelSettings(),
            )
        except (ValueError, OSError) as error:
            raise typer.BadParameter(str(error)) from error

    def reach(self) -> None:
        """Fails soon when nobody is there; imports and exports wait long for a service that went away meanwhile."""
        stub: Any = self.client.stub(health_pb2_grpc.HealthStub)
        with contextlib.suppress(UnimplementedError):
            stub.Check(health_pb2.HealthCheckRequest())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()


def remote(command: Callable[Concatenate[Session, P], None]) -> Callable[..., None]:
    """A command that talks to the service.

    It gets a `Session` as its first argument, and the options of the connection besides its own. A failure of the
    service becomes a readable text and an exit status, never a stack trace.
    """
    return _connected(command, logs_in=False)


def anonymous(command: Callable[Concatenate[Session, P], None]) -> Callable[..., None]:
    """As `remote`, for a command that calls without a credential unless a key is given."""
    return _connected(command, logs_in=True)


def _connected(command: Callable[Concatenate[Session, P], None], *, logs_in: bool) -> Callable[..., None]:
    @functools.wraps(command)
    def run(*args: Any, **arguments: Any) -> None:  # noqa: ANN401  Those of the command and of the connection.
        shared = {name: arguments.pop(name) for name in _shared_parameters()}
        with Session(**shared, logs_in=logs_in) as session:
            try:
                command(session, *args, **arguments)
            except FunctionBackendError as failure:
                raise typer.Exit(explain(failure, session.output, address=session.address)) from None
            except BrokenPipeError:
                # Whoever reads the output has seen enough. Python would complain when it flushes at the end.
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                raise typer.Exit(REFUSED) from None
            except ValueError as error:
                session.output.warn(str(error))
                raise typer.Exit(USAGE) from None

    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    parameters = [*own, *_shared_parameters().values()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # What inspect looks for.
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


@functools.cache
def _shared_parameters() -> dict[str, inspect.Parameter]:
    def options(
        *,
        address: _Address = DEFAULT_ADDRESS,
        api_key: _ApiKey = None,
        api_key_file: _ApiKeyFile = None,
        client_file: _ClientFile = None,
        encrypt: _Encrypt = None,
        ca_file: _Roots = None,
        client_certificate: _Certificate = None,
        client_key: _Key = None,
        server_name: _ServerName = None,
        timeout: _Timeout = None,
        as_json: _Json = False,
    ) -> None: ...

    return dict(inspect.signature(options, eval_str=True).parameters)


def _read_client(file: Path) -> ClientCredentials:
    try:
        client_id, colon, secret = file.read_text(encoding="utf-8").strip().partition(":")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: the secret cannot be read: {error}", param_hint="--client-file") from error
    if not colon:
        raise typer.BadParameter(f"{file}: is not an id and a secret with a colon between", param_hint="--client-file")
    return ClientCredentials(client_id, secret)


def _read_key(api_key: str | None, file: Path | None) -> str | None:
    if api_key is not None or file is None:
        return api_key or None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: the key cannot be read: {error}", param_hint="--api-key-file") from error
