"""Imports through the asynchronous client: the streams of `importing` as tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeAlias

from function.company.v1 import company_pb2, company_service_pb2
from function_backend_client.errors import FunctionBackendError
from function_backend_client.import_progress import ImportProgress, Ledger, Repair, wait_before
from function_backend_client.shipments import Entry, ImportOptions, Packer, Shipment

AsyncImportCall: TypeAlias = Callable[[Iterable[bytes]], Awaitable[company_service_pb2.ImportCompaniesResponse]]
ImportRows: TypeAlias = (
    Iterable[company_service_pb2.ImportRow | company_pb2.Company]
    | AsyncIterable[company_service_pb2.ImportRow | company_pb2.Company]
)


class AsyncImportRun:
    """One import from its first row to its last answer."""

    def __init__(
        self,
        call: AsyncImportCall,
        config: company_service_pb2.ImportConfig,
        options: ImportOptions,
        *,
        on_progress: Callable[[ImportProgress], None] | None = None,
        repair: Repair | None = None,
    ) -> None:
        self._call = call
        self._config = config
        self._options = options
        self._packer = Packer(config.match_scheme, options)
        self._ledger = Ledger(self._packer, on_progress=on_progress, repair=repair)
        # One task per lane: the next shipment of a lane begins when the one before has its answer.
        self._lanes: dict[int, asyncio.Task[None]] = {}

    async def run(self, rows: ImportRows) -> company_service_pb2.ImportCompaniesResponse:
        """Sends all rows; returns the sum of the answers. Raises what a stream failed with in the end."""
        try:
            async for row in each_of(rows):
                packed = self._packer.add(row)
                if isinstance(packed, Entry):
                    self._ledger.refuse(packed, self._options)
                elif packed is not None:
                    await self._send(packed)
            await self._drain()
        finally:
            for task in self._lanes.values():
                task.cancel()
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)
        return self._ledger.total

    async def _send(self, shipment: Shipment) -> None:
        under_way = self._lanes.get(shipment.lane)
        if under_way is not None:
            await under_way
        self._lanes[shipment.lane] = asyncio.create_task(self._settled(shipment))
        # The rows may come from a plain iterable that never gives way to the streams.
        await asyncio.sleep(0)

    async def _drain(self) -> None:
        """Waits for the last answers; repaired rows go out again until none is left."""
        while True:
            for shipment in self._packer.flush():
                await self._send(shipment)
            if not self._lanes:
                return
            lane, task = next(iter(self._lanes.items()))
            await task
            del self._lanes[lane]

    async def _settled(self, shipment: Shipment) -> None:
        ready: list[Shipment] = [shipment]
        while ready:
            current = ready.pop(0)
            ready.extend(self._ledger.settle(current, await self._sent(current)))

    async def _sent(self, shipment: Shipment) -> company_service_pb2.ImportCompaniesResponse:
        messages = shipment.messages(self._config, self._options)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._call(messages)
            except FunctionBackendError as error:
                wait = wait_before(attempt, error)
                if wait is None or attempt >= self._options.attempts:
                    raise
                await asyncio.sleep(wait.total_seconds())


async def each_of(rows: ImportRows) -> AsyncIterator[company_service_pb2.ImportRow | company_pb2.Company]:
    """The rows, wherever they come from."""
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row
