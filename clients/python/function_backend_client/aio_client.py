"""The asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Self, TypeVar

from google.longrunning import operations_pb2_grpc
from grpc import aio

from function.company.v1 import company_service_pb2, company_service_pb2_grpc, transfer_service_pb2_grpc
from function.events.v1 import event_service_pb2_grpc
from function.jobs.v1 import job_service_pb2_grpc
from function.rules.v1 import evaluation_service_pb2_grpc
from function_backend_client.aio_calls import AsyncPlannedChannel
from function_backend_client.aio_companies import AsyncCompanies
from function_backend_client.aio_evaluating import AsyncEvaluation
from function_backend_client.aio_events import AsyncEvents
from function_backend_client.aio_importing import AsyncImportCall
from function_backend_client.aio_operations import AsyncOperations
from function_backend_client.aio_transfers import AsyncTransfers
from function_backend_client.channel import ChannelSettings, Tls, channel_options, transport
from function_backend_client.client import DEFAULT_ADDRESS, IMPORT_PATH, credentials_of, token_endpoint
from function_backend_client.credentials import Credentials
from function_backend_client.outgoing import Outgoing
from function_backend_client.plans import Timeouts
from function_backend_client.surfaces.catalogue import AsyncSurfaces
from function_backend_client.tokens import Grant
from function_backend_client.tracing import traced_async

Stub = TypeVar("Stub")


class AsyncClient(AsyncSurfaces):
    """As `Client`, for asyncio: the same methods with `await` and `async for`. It belongs to one event loop."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        api_key: str | None = None,
        credentials: Credentials | Grant | None = None,
        tls: Tls | bool | None = None,
        timeouts: Timeouts | None = None,
        channel: ChannelSettings | None = None,
        tracing: bool = False,
    ) -> None:
        self.address = address
        self._tls = transport(address, tls)
        self._settings = channel or ChannelSettings()
        self._tracing = tracing
        # Tokens are fetched in a thread, over a synchronous connection: seldom, and the same code for both clients.
        self._endpoint = token_endpoint(address, self._tls)
        self._outgoing = Outgoing(credentials_of(api_key, credentials, self._endpoint), timeouts=timeouts)
        self.channel: aio.Channel = self._open(self._settings)
        super().__init__(self.channel)
        self.companies = AsyncCompanies(company_service_pb2_grpc.CompanyServiceStub(self.channel), self._open_imports)
        self.transfers = AsyncTransfers(transfer_service_pb2_grpc.TransferServiceStub(self.channel))
        self.operations = AsyncOperations(
            job_service_pb2_grpc.JobServiceStub(self.channel), operations_pb2_grpc.OperationsStub(self.channel)
        )
        self.rules = AsyncEvaluation(evaluation_service_pb2_grpc.EvaluationServiceStub(self.channel))
        self.events = AsyncEvents(event_service_pb2_grpc.EventServiceStub(self.channel))

    def __repr__(self) -> str:
        return f"AsyncClient({self.address!r})"

    def stub(self, make: Callable[[aio.Channel], Stub]) -> Stub:
        """A generated stub over this client's connections."""
        return make(self.channel)

    @property
    def consistency_token(self) -> str | None:
        """The token of the newest change this client made; another client that observes it reads that change."""
        return self._outgoing.consistency.value

    def observe(self, consistency_token: str) -> None:
        """Makes the reads of this client at least as fresh as a token from elsewhere."""
        self._outgoing.consistency.observe(consistency_token)

    async def close(self) -> None:
        """Closes the connections; calls under way are cancelled."""
        await self.channel.close()
        self._endpoint.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _open(self, settings: ChannelSettings) -> AsyncPlannedChannel:
        interceptors = traced_async() if self._tracing else None
        credentials = None if self._tls is None else self._tls.credentials()
        connections = []
        for number in range(settings.connections):
            options = channel_options(settings, self._tls, number=number)
            if credentials is None:
                connections.append(aio.insecure_channel(self.address, options, interceptors=interceptors))
            else:
                connections.append(aio.secure_channel(self.address, credentials, options, interceptors=interceptors))
        return AsyncPlannedChannel(connections, self._outgoing)

    @asynccontextmanager
    async def _open_imports(self, streams: int) -> AsyncIterator[AsyncImportCall]:
        # Twice as many connections as streams, as in Client.
        async with self._open(replace(self._settings, connections=2 * streams)) as channel:
            yield channel.stream_unary(
                IMPORT_PATH,
                request_serializer=None,
                response_deserializer=company_service_pb2.ImportCompaniesResponse.FromString,
            )


connect_async = AsyncClient
"""Opens an asynchronous client: `async with connect_async("127.0.0.1:50051", api_key="fbk_…") as client:`."""
