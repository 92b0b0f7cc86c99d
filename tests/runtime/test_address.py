import socket

import pytest

from function_backend.runtime.address import Address, AddressError, Reservation


class TestAddress:
    @pytest.mark.parametrize(
        ("text", "host", "port"),
        [("127.0.0.1:50051", "127.0.0.1", 50051), ("localhost:0", "localhost", 0), ("[::1]:8080", "::1", 8080)],
    )
    def test_reads_host_and_port_and_writes_them_back(self, text: str, host: str, port: int) -> None:
        address = Address.parse(text)
        assert (address.host, address.port) == (host, port)
        assert str(address) == text

    @pytest.mark.parametrize("text", ["", "localhost", "localhost:", "localhost:http", "1.2.3.4:65536", "::1:80"])
    def test_refuses_what_is_no_address(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"is not an address"):
            Address.parse(text)


class TestReservation:
    def test_finds_a_free_port(self) -> None:
        reservation = Reservation.take(Address.parse("127.0.0.1:0"))
        assert reservation.port > 0
        reservation.release()

    def test_refuses_a_port_on_which_somebody_listens_even_when_that_somebody_shares_it(self) -> None:
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(AddressError, match=r"in use"):
                Reservation.take(Address("127.0.0.1", port))

    def test_lets_workers_share_the_port(self) -> None:
        reservation = Reservation.take(Address.parse("127.0.0.1:0"))
        for _ in range(2):
            with socket.socket() as worker:
                worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                worker.bind(("127.0.0.1", reservation.port))
        reservation.release()

    def test_says_which_host_does_not_exist(self) -> None:
        with pytest.raises(AddressError, match=r"no-such-host\.invalid"):
            Reservation.take(Address.parse("no-such-host.invalid:0"))
