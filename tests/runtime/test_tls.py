import socket
import ssl
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from function_backend.runtime.settings import TlsSettings
from function_backend.runtime.tls import CertificateError, Certificates
from tests.runtime.certificates import Authority, Pair
from tests.runtime.echo import echo_server, eventually, say


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def store(folder: Path, pair: Pair) -> TlsSettings:
    settings = TlsSettings(certificate=folder / "server.crt", private_key=folder / "server.key")
    assert settings.certificate is not None
    assert settings.private_key is not None
    settings.certificate.write_bytes(pair.certificate)
    settings.private_key.write_bytes(pair.private_key)
    return settings


def store_mutual(folder: Path, pair: Pair, client_root: bytes) -> TlsSettings:
    settings = store(folder, pair)
    client_ca = folder / "clients.crt"
    client_ca.write_bytes(client_root)
    return TlsSettings(certificate=settings.certificate, private_key=settings.private_key, client_ca=client_ca)


def call(port: int, root: bytes, client: Pair | None = None) -> bytes:
    credentials = grpc.ssl_channel_credentials(
        root, None if client is None else client.private_key, None if client is None else client.certificate
    )
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        return say(channel, b"hello")


def presented_serial(port: int, root: bytes) -> int:
    context = ssl.create_default_context(cadata=root.decode())
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        certificate = secured.getpeercert(binary_form=True)
    assert certificate is not None
    return x509.load_der_x509_certificate(certificate).serial_number


class TestTls:
    def test_speaks_tls_with_the_certificate_of_the_files(self, tmp_path: Path, authority: Authority) -> None:
        with echo_server(tls=store(tmp_path, authority.issue())) as server:
            assert call(server.port, authority.root) == b"hello"

    def test_takes_up_new_files_without_a_restart(self, tmp_path: Path, authority: Authority) -> None:
        first, second = authority.issue(), authority.issue()
        with echo_server(tls=store(tmp_path, first)) as server:
            assert presented_serial(server.port, authority.root) == first.serial
            store(tmp_path, second)
            eventually(lambda: presented_serial(server.port, authority.root) == second.serial)
            assert call(server.port, authority.root) == b"hello"

    def test_keeps_the_old_certificate_while_the_new_files_do_not_fit(
        self, tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("function_backend.runtime.tls._LOOK_EVERY_SECONDS", 0.0)
        first, second = authority.issue(), authority.issue()
        settings = store(tmp_path, first)
        assert settings.certificate is not None
        with echo_server(tls=settings) as server:
            settings.certificate.write_bytes(second.certificate)
            assert presented_serial(server.port, authority.root) == first.serial
            store(tmp_path, second)
            eventually(lambda: presented_serial(server.port, authority.root) == second.serial)


class TestMutualTls:
    def test_serves_callers_with_a_certificate_of_the_authority(self, tmp_path: Path, authority: Authority) -> None:
        tls = store_mutual(tmp_path, authority.issue(), authority.root)
        with echo_server(tls=tls) as server:
            assert call(server.port, authority.root, authority.issue("client")) == b"hello"

    @pytest.mark.parametrize("presents", ["nothing", "another authority's"])
    def test_refuses_others_in_the_handshake(self, tmp_path: Path, authority: Authority, presents: str) -> None:
        client = None if presents == "nothing" else Authority().issue("client")
        tls = store_mutual(tmp_path, authority.issue(), authority.root)
        with echo_server(tls=tls) as server, pytest.raises(grpc.RpcError) as caught:
            call(server.port, authority.root, client)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    def test_takes_up_a_new_authority_without_a_restart(self, tmp_path: Path, authority: Authority) -> None:
        other = Authority()
        tls = store_mutual(tmp_path, authority.issue(), authority.root)
        client = other.issue("client")
        assert tls.client_ca is not None

        def accepted() -> bool:
            try:
                return call(server.port, authority.root, client) == b"hello"
            except grpc.RpcError:
                return False

        with echo_server(tls=tls) as server:
            assert not accepted()
            tls.client_ca.write_bytes(other.root)
            eventually(accepted)


class TestFilesThatCannotBeUsed:
    def test_a_missing_file_is_named(self, tmp_path: Path, authority: Authority) -> None:
        settings = store(tmp_path, authority.issue())
        (tmp_path / "server.key").unlink()
        with pytest.raises(CertificateError, match=r"server\.key: No such file"):
            Certificates(settings)

    def test_a_key_of_another_certificate_is_named(self, tmp_path: Path, authority: Authority) -> None:
        settings = store(tmp_path, authority.issue())
        (tmp_path / "server.key").write_bytes(authority.issue().private_key)
        with pytest.raises(CertificateError, match=r"server\.key: is not the key of .*server\.crt"):
            Certificates(settings)

    @pytest.mark.parametrize("name", ["server.crt", "server.key", "clients.crt"])
    def test_what_is_no_pem_is_named(self, tmp_path: Path, authority: Authority, name: str) -> None:
        settings = store_mutual(tmp_path, authority.issue(), authority.root)
        (tmp_path / name).write_text("nothing")
        with pytest.raises(CertificateError, match=rf"{name}: is not a PEM"):
            Certificates(settings)

    def test_settings_that_say_half_of_it_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"belong together"):
            TlsSettings(certificate=tmp_path / "server.crt")
        with pytest.raises(ValueError, match=r"client_ca needs"):
            TlsSettings(client_ca=tmp_path / "clients.crt")
