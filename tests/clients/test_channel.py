"""How connections are opened, and what is never sent in the open by accident."""

import datetime as dt
import ipaddress
import json
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from function.common.v1 import options_pb2
from function.company.v1 import company_service_pb2
from function_backend_client import ChannelSettings, Retries, Tls, UnavailableError, connect
from function_backend_client.channel import channel_options, transport
from function_backend_client.plans import PLANS
from function_backend_client.service_config import service_config
from tests.fixtures.scripted import ScriptedService, handlers


@dataclass(frozen=True)
class Authority:
    """A certificate authority of one test."""

    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def made(cls) -> "Authority":
        return cls(ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")]))

    def certificate(self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool = False) -> bytes:
        now = dt.datetime.now(dt.UTC)
        subject = self.name if authority else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return built.public_bytes(serialization.Encoding.PEM)

    def root(self) -> bytes:
        return self.certificate("ca", self.key, authority=True)


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def authority() -> Authority:
    return Authority.made()


@pytest.fixture
def encrypted(authority: Authority) -> Iterator[ScriptedService]:
    """A scripted peer that asks its callers for a certificate."""
    service = ScriptedService()
    service.on("GetCompany", lambda request, context: company_service_pb2.GetCompanyResponse())
    key = ec.generate_private_key(ec.SECP256R1())
    credentials = grpc.ssl_server_credentials(
        [(pem(key), authority.certificate("service.test", key))], authority.root(), require_client_auth=True
    )
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=list(handlers(service)))
    service.address = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"
    server.start()
    yield service
    server.stop(None).wait()


class TestTls:
    @pytest.mark.parametrize("from_files", [True, False])
    def test_both_sides_show_their_certificate(
        self, encrypted: ScriptedService, authority: Authority, tmp_path: Path, *, from_files: bool
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        parts = (authority.root(), authority.certificate("me", key), pem(key))
        if from_files:
            for number, part in enumerate(parts):
                (tmp_path / str(number)).write_bytes(part)
            tls = Tls(tmp_path / "0", str(tmp_path / "1"), tmp_path / "2")
        else:
            tls = Tls(*parts)
        with connect(encrypted.address, tls=tls, api_key="fbk_test") as client:
            client.companies.get("x")
        assert encrypted.received("GetCompany")[0].metadata["authorization"] == "Bearer fbk_test"

    def test_a_server_of_another_authority_is_not_trusted(self, encrypted: ScriptedService) -> None:
        settings = ChannelSettings(retries=Retries(attempts=1))
        with (
            connect(encrypted.address, tls=Tls(roots=Authority.made().root()), channel=settings) as client,
            pytest.raises(UnavailableError),
        ):
            client.companies.get("x")
        assert encrypted.calls == []

    def test_the_name_in_the_certificate_may_differ_from_the_address(
        self, encrypted: ScriptedService, authority: Authority
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        tls = Tls(authority.root(), authority.certificate("me", key), pem(key), server_name="service.test")
        with connect(encrypted.address, tls=tls) as client:
            client.companies.get("x")

    def test_a_certificate_without_its_key_is_refused(self) -> None:
        with pytest.raises(ValueError, match="belong together"):
            Tls(certificate=b"-")

    def test_a_file_that_is_not_there_is_named(self) -> None:
        with pytest.raises(FileNotFoundError, match=r"no-such\.pem"):
            connect("example.com:443", tls=Tls(roots="no-such.pem"))

    def test_the_key_is_never_shown(self) -> None:
        assert "secret" not in repr(Tls(certificate=b"c", key=b"secret"))


class TestTransport:
    @pytest.mark.parametrize(
        "address", ["127.0.0.1:50051", "localhost:1", "[::1]:50051", "unix:/tmp/socket", "dns:///localhost:50051"]
    )
    def test_this_machine_is_spoken_to_in_the_open(self, address: str) -> None:
        assert transport(address, None) is None

    @pytest.mark.parametrize("address", ["example.com:443", "10.0.0.1:50051", "dns:///backend:50051"])
    def test_other_machines_are_spoken_to_encrypted_unless_told_otherwise(self, address: str) -> None:
        assert transport(address, None) == Tls()
        assert transport(address, False) is None

    def test_this_machine_may_be_encrypted_too(self) -> None:
        assert transport("localhost:1", True) == Tls()

    @pytest.mark.parametrize("address", ["", " 127.0.0.1:1"])
    def test_what_is_no_address_is_refused(self, address: str) -> None:
        with pytest.raises(ValueError, match="not an address"):
            transport(address, None)


class TestServiceConfig:
    def test_what_is_retried_follows_from_the_contract(self) -> None:
        config = json.loads(service_config(PLANS.values(), Retries()))
        (retried,) = config["methodConfig"]
        assert set(retried["retryPolicy"]["retryableStatusCodes"]) == {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}
        named = {f"/{name['service']}/{name['method']}" for name in retried["name"]}
        assert "/function.company.v1.CompanyService/GetCompany" in named
        assert "/function.company.v1.CompanyService/CreateCompany" in named
        # The stream is made again by who made it; gRPC would have to keep all of it in memory.
        assert set(PLANS) - named == {
            "/function.company.v1.CompanyService/ImportCompanies",
            "/function.company.v1.TransferService/UploadImport",
            "/function.auth.v1.UserService/ImportUsers",
            "/function.rules.v1.EvaluationService/EvaluateStream",
        }

    def test_every_method_declares_what_a_repetition_does(self) -> None:
        assert all(plan.idempotency != options_pb2.IDEMPOTENCY_UNSPECIFIED for plan in PLANS.values())

    def test_no_retries_are_no_policy(self) -> None:
        assert json.loads(service_config(PLANS.values(), Retries(attempts=1)))["methodConfig"] == []

    @pytest.mark.parametrize(
        "wrong",
        [{"attempts": 0}, {"attempts": 6}, {"first_backoff": dt.timedelta()}, {"longest_backoff": dt.timedelta()}],
    )
    def test_policies_without_sense_are_refused(self, wrong: dict[str, int]) -> None:
        with pytest.raises(ValueError, match=r"attempts|backoff"):
            Retries(**wrong)  # type: ignore[arg-type]


class TestConnections:
    def test_calls_take_turns_on_them(self, scripted: ScriptedService) -> None:
        scripted.on("GetCompany", lambda request, context: company_service_pb2.GetCompanyResponse())
        with connect(scripted.address, channel=ChannelSettings(connections=3)) as client:
            for _ in range(6):
                client.companies.get("x")
        peers = [call.peer for call in scripted.received("GetCompany")]
        assert len(set(peers)) == 3
        assert peers[:3] == peers[3:]

    def test_options_of_the_caller_win(self) -> None:
        settings = ChannelSettings(options=(("grpc.max_receive_message_length", 5),))
        assert dict(channel_options(settings, None, number=0))["grpc.max_receive_message_length"] == 5

    def test_fewer_than_one_is_refused(self) -> None:
        with pytest.raises(ValueError, match="connections"):
            ChannelSettings(connections=0)
