"""ListCompanies: the 10,000th page against the first, of a million companies."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc

from bench import million
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.load import LoadError
from bench.service import Service
from bench.stage import Stage
from function.company.v1 import company_service_pb2

_LIST = "/function.company.v1.CompanyService/ListCompanies"
_PAGE = 10_000
_PAGE_SIZE = 50
_STRIDE = 1_000
_ROUNDS = 15
_CALLS = 40
_ORDERS = {"by id": "", "by name": "legal_name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    """The requests for the two pages of one order."""

    first: bytes
    late: bytes


def measure(stage: Stage) -> Measurement:
    """Asks for the two pages in turns, one call at a time."""
    service = million.million(stage)
    page = min(_PAGE, million.count(stage) // _PAGE_SIZE - 1)
    rounds: dict[str, list[dict[str, float]]] = {}
    with grpc.insecure_channel(service.address) as channel:
        ask = _Asking(channel, service)
        pages = {name: ask.pages(order, page) for name, order in _ORDERS.items()}
        for name, requests in pages.items():
            ask.median_ms(requests.first), ask.median_ms(requests.late)
            rounds[f"page 1 {name}"], rounds[f"page {page:,} {name}"] = [], []
        for _ in stage.rounds(_ROUNDS):
            for name, requests in pages.items():
                rounds[f"page 1 {name}"].append({"median_ms": ask.median_ms(requests.first)})
                rounds[f"page {page:,} {name}"].append({"median_ms": ask.median_ms(requests.late)})
    figures = []
    for name in pages:
        first, late = rounds[f"page 1 {name}"], rounds[f"page {page:,} {name}"]
        figures.append(
            Figure(
                name=f"List page {page:,} / page 1, {name} ({million.count(stage):,} companies)",
                value=median_ratio(late, first, "median_ms"),
                unit="×",
                reference="page 1",
                absolute=f"{median_of(late, 'median_ms'):.2f} ms to {median_of(first, 'median_ms'):.2f} ms",
                at_most=1.5,
            )
        )
    conditions = {
        "what is compared": f"the latency of one call over gRPC, one at a time, for {_PAGE_SIZE} companies; each round "
        f"is the median of {_CALLS} calls",
        "page": f"its token was reached by walking there in strides of {_STRIDE:,} and then of {_PAGE_SIZE}",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


class _Asking:
    """Lists companies with as little of a client as possible."""

    def __init__(self, channel: grpc.Channel, service: Service) -> None:
        self._call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_LIST)
        self._metadata = (("authorization", f"Bearer {service.api_key}"),)

    def pages(self, order_by: str, page: int) -> _Pages:
        """The requests for page 1 and for this page."""
        first = company_service_pb2.ListCompaniesRequest(page_size=_PAGE_SIZE, order_by=order_by)
        before = (page - 1) * _PAGE_SIZE
        token = ""
        for size in (*[_STRIDE] * (before // _STRIDE), *[_PAGE_SIZE] * (before % _STRIDE // _PAGE_SIZE)):
            token = self._next(token, size, order_by)
        late = company_service_pb2.ListCompaniesRequest(page_size=_PAGE_SIZE, order_by=order_by, page_token=token)
        return _Pages(first=first.SerializeToString(), late=late.SerializeToString())

    def median_ms(self, request: bytes) -> float:
        """The median latency of a number of calls."""
        times = []
        for _ in range(_CALLS):
            started = time.perf_counter()
            self._call(request, metadata=self._metadata)
            times.append((time.perf_counter() - started) * 1000)
        return sorted(times)[_CALLS // 2]

    def _next(self, token: str, size: int, order_by: str) -> str:
        request = company_service_pb2.ListCompaniesRequest(page_size=size, order_by=order_by, page_token=token)
        answer = self._call(request.SerializeToString(), metadata=self._metadata)
        response = company_service_pb2.ListCompaniesResponse.FromString(answer)
        if len(response.companies) != size or not response.next_page_token:
            raise LoadError(f"a page of {size} had {len(response.companies)} companies")
        return response.next_page_token
