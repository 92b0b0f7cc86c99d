"""A service of somebody else, protected by the backend: notes that only those may read and write whom a role lets.

The messages are those that protobuf comes with, so there is nothing to generate:

    /example.v1.Notes/Write    StringValue -> StringValue    asks for note.write
    /example.v1.Notes/Read     StringValue -> StringValue    asks for note.read
    /example.v1.Notes/Whoami   StringValue -> StringValue    anybody who is signed in
"""

from __future__ import annotations

import os
import sys
from concurrent import futures

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from function_backend_client import connect
from function_backend_client.server import SIGNED_IN, Protection, current_caller

PERMISSIONS = {
    "/example.v1.Notes/Write": "note.write",
    "/example.v1.Notes/Read": "note.read",
    "/example.v1.Notes/Whoami": SIGNED_IN,
}


class Notes:
    """The service itself. It says nothing about who may do what."""

    def __init__(self) -> None:
        self._notes: dict[str, str] = {}

    def write(self, request: StringValue, context: grpc.ServicerContext) -> StringValue:
        """Keeps a note of the caller."""
        self._notes[current_caller().tenant_id] = request.value
        return StringValue(value="kept")

    def read(self, request: StringValue, context: grpc.ServicerContext) -> StringValue:
        """The note of the caller's tenant."""
        return StringValue(value=self._notes.get(current_caller().tenant_id, ""))

    def whoami(self, request: StringValue, context: grpc.ServicerContext) -> StringValue:
        """Who is calling."""
        return StringValue(value=current_caller().subject)


def handler(notes: Notes) -> grpc.GenericRpcHandler:
    """The methods of the service."""
    behaviours = {"Write": notes.write, "Read": notes.read, "Whoami": notes.whoami}
    methods = {
        name: grpc.unary_unary_rpc_method_handler(
            behaviour,
            request_deserializer=StringValue.FromString,
            response_serializer=StringValue.SerializeToString,
        )
        for name, behaviour in behaviours.items()
    }
    return grpc.method_handlers_generic_handler("example.v1.Notes", methods)


def main(listen: str) -> None:
    """Serves until it is stopped."""
    backend = connect(
        os.environ.get("FUNCTION_BACKEND_ADDRESS", "127.0.0.1:50051"), api_key=os.environ["FUNCTION_BACKEND_API_KEY"]
    )
    with backend, Protection(backend, permissions=PERMISSIONS) as guard:
        server = grpc.server(futures.ThreadPoolExecutor(8), interceptors=[guard])
        server.add_generic_rpc_handlers([handler(Notes())])
        port = server.add_insecure_port(listen)
        server.start()
        print(f"notes on port {port}", flush=True)
        server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50061")
