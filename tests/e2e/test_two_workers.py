"""A client reads what it has written, whichever worker answers it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from function_backend_client import ChannelSettings, Client, Company, connect
from tests.fixtures.database_faults import eventually
from tests.fixtures.serve import Serve

ROUNDS = 40


def _reads(client: Client, company_id: str) -> set[str]:
    """The names that several reads one after the other find; calls take turns on connections, so on workers."""
    return {client.companies.get(company_id).legal_name for _ in range(6)}


def test_every_read_after_a_change_sees_it(serve: Serve) -> None:
    service = serve("--workers", "2")
    assert len(eventually(lambda: service.workers() if len(service.workers()) == 2 else None)) == 2
    # Connections are spread over the workers by the kernel: of so many, no worker is left without any.
    settings = ChannelSettings(connections=12)
    with connect(f"127.0.0.1:{service.port}", api_key=service.admin_key, channel=settings) as client:

        def change_and_read(number: int) -> list[set[str]]:
            company = client.companies.create(Company(legal_name=f"Company {number} Ltd"))
            found = [_reads(client, company.id)]
            for round_ in range(ROUNDS // 4):
                company.legal_name = f"Company {number} after {round_} Ltd"
                company = client.companies.update(company, fields=["legal_name"])
                found.append(_reads(client, company.id))
            return found

        with ThreadPoolExecutor(4) as pool:
            for number, found in enumerate(pool.map(change_and_read, range(4))):
                names = [f"Company {number} Ltd"]
                names += [f"Company {number} after {round_} Ltd" for round_ in range(ROUNDS // 4)]
                assert found == [{name} for name in names]
