"""`function-backend services`."""

from __future__ import annotations

import sys
from typing import Annotated

import grpc
import typer
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

app = typer.Typer()


@app.command()
def services(
    target: Annotated[str, typer.Option(envvar="FUNCTION_BACKEND_TARGET", help="The server.")] = "127.0.0.1:50051",
) -> None:
    """Lists the services of a running server, as it describes them itself by reflection."""
    with grpc.insecure_channel(target) as channel:
        try:
            names = ProtoReflectionDescriptorDatabase(channel).get_services()
        except grpc.RpcError as error:
            sys.stderr.write(f"function-backend: {target}: {error.details()}\n")
            raise typer.Exit(1) from None
    sys.stdout.writelines(f"{name}\n" for name in names)
