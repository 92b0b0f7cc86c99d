"""The master key that comes with the embedded database."""

import stat

from tests.fixtures.serve import Serve


def test_it_is_made_once_and_readable_by_its_owner_alone(serve: Serve) -> None:
    first = serve()
    file = serve.folder / "data" / "master-keys"
    made = file.read_text()
    assert made.startswith("k1:")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.interrupt() == 0
    second = serve()
    assert file.read_text() == made
    secret = made.strip().partition(":")[2]
    assert second.interrupt() == 0
    assert secret not in first.logged + second.logged + first.printed + second.printed


def test_a_file_that_is_damaged_stops_the_start_and_is_named(serve: Serve) -> None:
    assert serve().interrupt() == 0
    file = serve.folder / "data" / "master-keys"
    file.write_text("k1:hunter2\n")
    service = serve.begin()
    assert service.wait() == 2
    assert "master-keys" in service.logged
    assert "32 bytes in base64" in service.logged
    assert "hunter2" not in service.logged
