"""Two servers, and calls of their methods by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from function.company.v1 import company_pb2, company_service_pb2
from tests.fixtures.methods import Answer, ContractMethod, call, every_method
from tests.fixtures.server import RunningServer

METHODS = {method.descriptor.name: method for method in every_method()}
PATIENCE = 20.0


@dataclass(frozen=True)
class Scene:
    """Two servers: one as everybody runs it, and one with small limits whose database the test may break."""

    usual: RunningServer
    narrow: RunningServer

    def send(
        self,
        name: str,
        *requests: Message | bytes,
        on: RunningServer | None = None,
        key: str | None = None,
        **more: str,
    ) -> Answer:
        """Calls the method by its name; as the administrator when no key is given."""
        server = on or self.usual
        return send_raw(server, METHODS[name], requests, server.metadata(key, **more))

    def create(self, *, on: RunningServer | None = None, **fields: object) -> company_pb2.Company:
        """A company."""
        wanted = company_pb2.Company(legal_name="Provoked GmbH", **fields)  # type: ignore[arg-type]
        answer = self.send("CreateCompany", company_service_pb2.CreateCompanyRequest(company=wanted), on=on)
        return company_service_pb2.CreateCompanyResponse.FromString(answer.responses[0]).company


def send_raw(
    server: RunningServer,
    method: ContractMethod,
    requests: Sequence[Message | bytes],
    metadata: Sequence[tuple[str, str | bytes]],
) -> Answer:
    bodies = [request if isinstance(request, bytes) else request.SerializeToString() for request in requests]
    return call(server.channel, method, bodies, metadata, timeout=PATIENCE)
