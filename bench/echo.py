"""The references: gRPC servers that parse a GetCompanyRequest and return one message, and do nothing else.

    python -m bench.echo sync MESSAGE_FILE [THREADS]
    python -m bench.echo aio MESSAGE_FILE

`sync` has the settings of the service: channel options, number of threads, garbage collection; whoever starts it sets
the event loop. `aio` is
what one gets from `grpc.aio.server()` as it comes. Either prints its port and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import grpc

from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from function_backend.runtime.server import channel_options
from function_backend.runtime.settings import ServerSettings
from function_backend.runtime.worker import calm_the_collector

_ADDRESS = "127.0.0.1:0"

_AsyncContext: TypeAlias = (
    "grpc.aio.ServicerContext[company_service_pb2.GetCompanyRequest, company_service_pb2.GetCompanyResponse]"
)

# As bench.service has it: the load generators do not call again on a connection that ends by age.
_AGE = timedelta(hours=1)


class _Echo(company_service_pb2_grpc.CompanyServiceServicer):
    def __init__(self, response: company_service_pb2.GetCompanyResponse) -> None:
        self._response = response

    def GetCompany(  # noqa: N802 - as declared
        self,
        request: company_service_pb2.GetCompanyRequest,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> company_service_pb2.GetCompanyResponse:
        return self._response


class _AsyncEcho(company_service_pb2_grpc.CompanyServiceServicer):
    def __init__(self, response: company_service_pb2.GetCompanyResponse) -> None:
        self._response = response

    async def GetCompany(  # noqa: N802 - as declared
        self,
        request: company_service_pb2.GetCompanyRequest,  # noqa: ARG002
        context: _AsyncContext,  # noqa: ARG002
    ) -> company_service_pb2.GetCompanyResponse:
        return self._response


def serve_sync(response: company_service_pb2.GetCompanyResponse, threads: int) -> None:
    """Serves with the synchronous server until standard input ends."""
    server = grpc.server(ThreadPoolExecutor(threads), options=channel_options(ServerSettings(max_connection_age=_AGE)))
    servicer = _Echo(response)  # type: ignore[abstract]  # The other methods answer UNIMPLEMENTED.
    company_service_pb2_grpc.add_CompanyServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port(_ADDRESS)
    server.start()
    calm_the_collector()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0).wait()


async def serve_async(response: company_service_pb2.GetCompanyResponse) -> None:
    """Serves with the asynchronous server until standard input ends."""
    server = grpc.aio.server()
    servicer = _AsyncEcho(response)  # type: ignore[abstract]  # The other methods answer UNIMPLEMENTED.
    company_service_pb2_grpc.add_CompanyServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port(_ADDRESS)
    await server.start()
    print(port, flush=True)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await ended.wait()
    await server.stop(0)


def main() -> None:
    """Serves what the command line names."""
    kind, message, *threads = sys.argv[1:]
    response = company_service_pb2.GetCompanyResponse.FromString(Path(message).read_bytes())
    if kind == "aio":
        asyncio.run(serve_async(response))
    else:
        serve_sync(response, int(threads[0]) if threads else ServerSettings().threads)


if __name__ == "__main__":
    main()
