"""A process that opens many Watch streams and keeps them. It reads its order as JSON and says when all are open."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import grpc

from function.events.v1 import event_service_pb2, event_service_pb2_grpc

_PER_CONNECTION = 500
_AT_ONCE = 64


class _Holder:
    """Streams over several connections."""

    def __init__(self, address: str, api_key: str) -> None:
        self._address = address
        self._metadata = (("authorization", f"Bearer {api_key}"),)
        self._opening = asyncio.Semaphore(_AT_ONCE)
        self._open = 0
        self.all_open = asyncio.Event()

    async def hold(self, streams: int) -> None:
        """Opens so many, and takes what comes until it is cancelled."""
        tasks = []
        for first in range(0, streams, _PER_CONNECTION):
            options = (("grpc.use_local_subchannel_pool", 1), ("bench.connection", first))
            stub = event_service_pb2_grpc.EventServiceStub(grpc.aio.insecure_channel(self._address, options=options))
            share = min(_PER_CONNECTION, streams - first)
            tasks += [asyncio.create_task(self._watch(stub, streams)) for _ in range(share)]
        await asyncio.gather(*tasks)

    async def _watch(self, stub: Any, wanted: int) -> None:  # noqa: ANN401  an asynchronous stub has no type of its own
        async with self._opening:
            stream = stub.Watch(event_service_pb2.WatchRequest(), metadata=self._metadata)
            # The first message comes when it has begun.
            await stream.read()
            self._open += 1
            if self._open == wanted:
                self.all_open.set()
        while await stream.read() is not grpc.aio.EOF:
            pass


async def _main() -> None:
    order = json.loads(sys.stdin.readline())
    holder = _Holder(order["address"], order["api_key"])
    holding = asyncio.create_task(holder.hold(order["streams"]))
    opened = asyncio.create_task(holder.all_open.wait())
    await asyncio.wait({holding, opened}, return_when=asyncio.FIRST_COMPLETED)
    if holding.done():
        holding.result()
    print("open", flush=True)
    ending = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await asyncio.wait({holding, ending}, return_when=asyncio.FIRST_COMPLETED)
    if not ending.done():
        holding.result()
        raise RuntimeError("streams ended by themselves")
    print("kept", flush=True)
    holding.cancel()


if __name__ == "__main__":
    asyncio.run(_main())
