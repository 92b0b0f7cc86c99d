"""What memory a worker takes at load, and whether it grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import uuid4

from bench.companies import companies
from bench.figure import Figure, Measurement
from bench.framing import write_messages
from bench.load import Target, call, send
from bench.processes import memory
from bench.rows.get_company import GET_COMPANY, prepare, target_of
from bench.service import Service, running
from bench.stage import Stage
from function.company.v1 import company_pb2, company_service_pb2

_SERVICE = "/function.company.v1.CompanyService/"
_CHUNKS = 11
"""The first one warms up; the others are the 200,000 calls."""
_CACHED, _VARIED, _LISTED, _SEARCHED, _MISSED, _CREATED = 14_000, 4_000, 500, 500, 500, 500
_STORED = 3_000
_IN_FLIGHT = 8
_LIMIT_MB = 200
_GROWTH = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traffic:
    """What one chunk of calls is made of."""

    service: Service
    target: Target
    known: Sequence[company_pb2.Company]
    fresh: Iterator[company_pb2.Company]
    folder: Path

    def send(self, share: Callable[[int], int]) -> int:
        """Sends one chunk and returns how many calls it was."""
        call(self.target, share(_CACHED), self.folder)
        get = company_service_pb2.GetCompanyRequest
        varied = [get(id=company.id).SerializeToString() for company in self._some(share(_VARIED))]
        missing = [get(id=str(uuid4())).SerializeToString() for _ in range(share(_MISSED))]
        listed = [company_service_pb2.ListCompaniesRequest(page_size=50).SerializeToString()] * share(_LISTED)
        searched = [
            company_service_pb2.SearchCompaniesRequest(query=company.legal_name).SerializeToString()
            for company in self._some(share(_SEARCHED))
        ]
        created = [
            company_service_pb2.CreateCompanyRequest(company=company).SerializeToString()
            for company in islice(self.fresh, share(_CREATED))
        ]
        mix = (
            (GET_COMPANY, varied, False),
            (GET_COMPANY, missing, True),
            (f"{_SERVICE}ListCompanies", listed, False),
            (f"{_SERVICE}SearchCompanies", searched, False),
            (f"{_SERVICE}CreateCompany", created, False),
        )
        for path, requests, may_fail in mix:
            self._send(path, requests, may_fail=may_fail)
        return share(_CACHED) + sum(len(requests) for _, requests, _ in mix)

    def _send(self, path: str, requests: Sequence[bytes], *, may_fail: bool) -> None:
        file = self.folder / "requests"
        write_messages(file, requests)
        address, key = self.service.address, self.service.api_key
        send(address, path, [file], api_key=key, in_flight=_IN_FLIGHT, may_fail=may_fail)

    def _some(self, count: int) -> list[company_pb2.Company]:
        return [self.known[number % len(self.known)] for number in range(count)]


def measure(stage: Stage) -> Measurement:
    """Sends 20,000 calls of all kinds to warm up, then 200,000 more, and looks at the worker in between."""
    rounds: list[dict[str, float]] = []
    with running(stage.folder / "data") as service:
        company = prepare(service)
        supply = companies(first=1)
        traffic = _Traffic(
            service=service,
            target=target_of(service, company),
            known=_store(service, supply),
            fresh=supply,
            folder=stage.folder,
        )
        (worker,) = service.workers()
        calls = 0
        for _ in stage.steps(_CHUNKS, "20,000 calls each"):
            calls += traffic.send(lambda count: stage.scaled(count, least=10))
            used = memory(worker)
            rounds.append(
                {
                    "calls": calls,
                    "resident_mb": used.resident,
                    "proportional_mb": used.proportional,
                    "unique_mb": used.unique,
                }
            )
    return _judge(rounds)


def _store(service: Service, supply: Iterator[company_pb2.Company]) -> list[company_pb2.Company]:
    """Companies to read, list and find."""
    with service.connect() as client:
        client.companies.import_(islice(supply, _STORED), match_scheme="lei")
        return list(client.companies.list(page_size=1_000))


def _judge(rounds: list[dict[str, float]]) -> Measurement:
    before, after = rounds[0], rounds[-1]
    calls = after["calls"] - before["calls"]
    figures = [
        Figure(
            name="Memory per worker at load",
            value=max(each["resident_mb"] for each in rounds),
            unit="MB",
            absolute=f"resident; {after['proportional_mb']:.0f} MB with shared pages divided, "
            f"{after['unique_mb']:.0f} MB its own",
            at_most=_LIMIT_MB,
        ),
        Figure(
            name=f"Growth of that over {calls:,.0f} calls",
            value=(after["resident_mb"] / before["resident_mb"] - 1) * 100,
            unit="%",
            reference="the same after 20,000 calls",
            absolute=f"{before['resident_mb']:.1f} to {after['resident_mb']:.1f} MB",
            at_most=_GROWTH,
        ),
    ]
    conditions = {
        "load": f"of 20,000 calls {_CACHED:,} are GetCompany of one company with 32 in flight, {_VARIED:,} of "
        f"{_STORED:,} companies, {_MISSED} of companies that do not exist, {_LISTED} ListCompanies with 50 companies, "
        f"{_SEARCHED} SearchCompanies, {_CREATED} CreateCompany",
        "flat": f"grows by no more than {_GROWTH:.0f} % from the first 20,000 calls to the end",
    }
    return Measurement(figures=figures, rounds={"after each 20,000 calls": rounds}, conditions=conditions)
