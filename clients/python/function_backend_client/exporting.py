"""Exports: companies from a stream that is taken up again where it broke."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

from function.company.v1 import company_pb2, company_service_pb2, transfer_service_pb2
from function_backend_client.errors import FunctionBackendError
from function_backend_client.import_progress import wait_before

ExportRequest: TypeAlias = company_service_pb2.ExportCompaniesRequest | transfer_service_pb2.DownloadExportRequest
ExportBatch: TypeAlias = company_service_pb2.ExportCompaniesResponse | transfer_service_pb2.DownloadExportResponse
"""Companies, and the token that goes on after them."""

_ATTEMPTS = 8


class _Position:
    """Where an export stands: the request that goes on from here, and how often it failed at this place."""

    def __init__(self, request: ExportRequest) -> None:
        self.request = copy.copy(request)
        self._failures = 0

    def passed(self, batch: ExportBatch) -> None:
        """Notes that a batch has been used."""
        self.request.resume_token = batch.resume_token
        self._failures = 0

    def failed(self, error: FunctionBackendError) -> float:
        """Seconds to wait before going on; raises the error when that would not help."""
        self._failures += 1
        wait = wait_before(self._failures, error)
        if wait is None or self._failures >= _ATTEMPTS:
            raise error
        return wait.total_seconds()


class Export:
    """What `companies.export` and `transfers.download` return: iterate over it for companies, `batches()` for batches.

    `resume_token` is where to go on: pass it to the same method later, with the same filter.
    """

    def __init__(
        self,
        call: Callable[..., Any],
        request: ExportRequest,
        *,
        timeout: float | None = None,
    ) -> None:
        self._call = call
        self._position = _Position(request)
        self._timeout = timeout

    @property
    def resume_token(self) -> str:
        """The place after the last batch that was used up."""
        return self._position.request.resume_token

    def __iter__(self) -> Iterator[company_pb2.Company]:
        for batch in self.batches():
            yield from batch.companies

    def batches(self) -> Iterator[ExportBatch]:
        """The batches. `resume_token` moves on when the next one is asked for."""
        while True:
            stream = self._call(self._position.request, self._timeout)
            try:
                for batch in stream:
                    yield batch
                    self._position.passed(batch)
                return
            except FunctionBackendError as error:
                wait = self._position.failed(error)
            finally:
                # Whoever stops half-way leaves no stream behind.
                stream.cancel()
            time.sleep(wait)


class AsyncExport:
    """As `Export`, with `async for`."""

    def __init__(
        self,
        call: Callable[..., Any],
        request: ExportRequest,
        *,
        timeout: float | None = None,
    ) -> None:
        self._call = call
        self._position = _Position(request)
        self._timeout = timeout

    @property
    def resume_token(self) -> str:
        """The place after the last batch that was used up."""
        return self._position.request.resume_token

    async def __aiter__(self) -> AsyncIterator[company_pb2.Company]:
        async for batch in self.batches():
            for company in batch.companies:
                yield company

    async def batches(self) -> AsyncIterator[ExportBatch]:
        """The batches. `resume_token` moves on when the next one is asked for."""
        while True:
            stream = self._call(self._position.request, timeout=self._timeout)
            try:
                async for batch in stream:
                    yield batch
                    self._position.passed(batch)
                return
            except FunctionBackendError as error:
                wait = self._position.failed(error)
            finally:
                stream.cancel()
            await asyncio.sleep(wait)
