"""The synchronous client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Self, TypeVar

import grpc
from google.longrunning import operations_pb2_grpc

from function.company.v1 import company_service_pb2, company_service_pb2_grpc, transfer_service_pb2_grpc
from function.events.v1 import event_service_pb2_grpc
from function.jobs.v1 import job_service_pb2_grpc
from function.rules.v1 import evaluation_service_pb2_grpc
from function_backend_client.channel import ChannelSettings, Tls, open_channels, transport
from function_backend_client.companies import Companies, ImportCall
from function_backend_client.credentials import ApiKey, Credentials
from function_backend_client.evaluating import Evaluation
from function_backend_client.events import Events
from function_backend_client.operations import Operations
from function_backend_client.outgoing import Outgoing
from function_backend_client.planned_channel import PlannedChannel
from function_backend_client.plans import Timeouts
from function_backend_client.surfaces.catalogue import Surfaces
from function_backend_client.token_endpoint import ServiceEndpoint
from function_backend_client.tokens import Grant, TokenEndpoint, TokenSource
from function_backend_client.tracing import traced
from function_backend_client.transfers import Transfers

Stub = TypeVar("Stub")

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"
IMPORT_PATH: Final = "/function.company.v1.CompanyService/ImportCompanies"


def credentials_of(
    api_key: str | None, credentials: Credentials | Grant | None, endpoint: TokenEndpoint
) -> Credentials | None:
    """The credentials that the arguments of `connect` name. Raises ValueError when they name two."""
    if api_key is not None:
        if credentials is not None:
            raise ValueError("pass either api_key or credentials, not both")
        return ApiKey(api_key)
    return TokenSource(credentials, endpoint) if isinstance(credentials, Grant) else credentials


def token_endpoint(address: str, tls: Tls | None) -> ServiceEndpoint:
    """Where the tokens for an address come from. Nothing is opened before one is needed."""
    return ServiceEndpoint(lambda: PlannedChannel(open_channels(address, tls, ChannelSettings()), Outgoing()))


class Client(Surfaces):
    """A connection to the service. Threads may share it; close it, or use it as a context manager.

    `companies`, `tenants`, `users`, `roles` and so on are the typed methods. `stub(CompanyServiceStub)` gives any
    generated stub with the same credentials, deadlines, retries and exceptions.
    """

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
        self._endpoint = token_endpoint(address, self._tls)
        self._outgoing = Outgoing(credentials_of(api_key, credentials, self._endpoint), timeouts=timeouts)
        self.channel: grpc.Channel = self._open(self._settings)
        super().__init__(self.channel)
        self.companies = Companies(self.stub(company_service_pb2_grpc.CompanyServiceStub), self._open_imports)
        self.transfers = Transfers(self.stub(transfer_service_pb2_grpc.TransferServiceStub))
        self.operations = Operations(
            self.stub(job_service_pb2_grpc.JobServiceStub), self.stub(operations_pb2_grpc.OperationsStub)
        )
        self.rules = Evaluation(self.stub(evaluation_service_pb2_grpc.EvaluationServiceStub))
        self.events = Events(self.stub(event_service_pb2_grpc.EventServiceStub))

    def __repr__(self) -> str:
        return f"Client({self.address!r})"

    def stub(self, make: Callable[[grpc.Channel], Stub]) -> Stub:
        """A generated stub over this client's connections."""
        return make(self.channel)

    @property
    def tokens(self) -> ServiceEndpoint:
        """Where tokens are handed out, for callers that have none yet."""
        return self._endpoint

    @property
    def consistency_token(self) -> str | None:
        """The token of the newest change this client made; another client that observes it reads that change."""
        return self._outgoing.consistency.value

    def observe(self, consistency_token: str) -> None:
        """Makes the reads of this client at least as fresh as a token from elsewhere."""
        self._outgoing.consistency.observe(consistency_token)

    def close(self) -> None:
        """Closes the connections; calls under way are cancelled."""
        self.channel.close()
        self._endpoint.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, settings: ChannelSettings) -> PlannedChannel:
        channels = open_channels(self.address, self._tls, settings)
        if self._tracing:
            channels = [traced(channel) for channel in channels]
        return PlannedChannel(channels, self._outgoing)

    @contextmanager
    def _open_imports(self, streams: int) -> Iterator[ImportCall]:
        # Twice as many connections as streams: the kernel deals them out to the server's processes at random, and the
        # more there are the more evenly they fall.
        with self._open(replace(self._settings, connections=2 * streams)) as channel:
            yield channel.stream_unary(
                IMPORT_PATH,
                request_serializer=None,
                response_deserializer=company_service_pb2.ImportCompaniesResponse.FromString,
            )


connect = Client
"""Opens a client: `connect("127.0.0.1:50051", api_key="fbk_…")`."""
