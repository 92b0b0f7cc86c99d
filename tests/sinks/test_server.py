"""The whole service with brokers: from a call to the message."""

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function_backend_client.cloud_events import read_message
from tests.fixtures.server import StartServer
from tests.fixtures.sinks import Found, Place, RedisPlace, only
from tests.interceptors.serving import eventually


class TestServer:
    # One broker that answers is enough.
    @only("redis")
    def test_a_created_company_arrives_in_the_broker_while_another_broker_is_away(
        self, start_server: StartServer, place: Place
    ) -> None:
        assert isinstance(place, RedisPlace)
        server = start_server(
            settings={
                "sinks.enabled": "redis,nats",
                "sinks.from_start": "true",
                "sink_redis.url": place.broker.url,
                "sink_redis.stream": place.name,
                "sink_redis.types": "function.company.*",
                "sink_nats.servers": "nats://127.0.0.1:1",
            }
        )
        company = company_pb2.Company(legal_name="Zoë AG", jurisdiction="DE")
        service = company_service_pb2_grpc.CompanyServiceStub(server.channel)
        made = service.CreateCompany(
            company_service_pb2.CreateCompanyRequest(company=company), metadata=server.metadata()
        ).company

        def arrived() -> list[Found]:
            return [found for found in place.read(0) if found.key == made.id]

        eventually(lambda: len(arrived()) == 1)
        (found,) = arrived()
        event = read_message(found.headers, found.body)

        assert event.type == "function.company.v1.CompanyCreated"
        assert event.data.company.legal_name == "Zoë AG"  # type: ignore[attr-defined]
        eventually(lambda: server.registry.get_sample_value("function_backend_sink_up", {"sink": "nats"}) == 0)
        assert server.registry.get_sample_value("function_backend_sink_up", {"sink": "redis"}) == 1
        consumer = {"consumer": "sink-redis"}
        handled, waiting = "function_backend_events_handled_total", "function_backend_event_backlog"
        eventually(lambda: (server.registry.get_sample_value(handled, consumer) or 0) >= 1)
        eventually(lambda: (server.registry.get_sample_value(waiting, {"consumer": "sink-nats"}) or 0) >= 1)
