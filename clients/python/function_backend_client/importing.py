"""Imports through the synchronous client: several streams at the same time, each sent again when it breaks."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from function.company.v1 import company_pb2, company_service_pb2
from function_backend_client.calls import UploadCall
from function_backend_client.errors import CancelledError, FunctionBackendError
from function_backend_client.import_progress import ImportProgress, Ledger, Repair, wait_before
from function_backend_client.shipments import Entry, ImportOptions, Packer, Shipment

_LANE_QUEUE = 2
"""Shipments that a lane holds: the one under way and the next, so that a lane never waits for its rows to be read."""


@dataclass(frozen=True, slots=True)
class _Answer:
    shipment: Shipment
    response: company_service_pb2.ImportCompaniesResponse | None
    error: BaseException | None


class _Lane:
    """One thread that sends shipments one after the other."""

    def __init__(
        self,
        call: UploadCall[bytes, company_service_pb2.ImportCompaniesResponse],
        config: company_service_pb2.ImportConfig,
        options: ImportOptions,
        answers: queue.SimpleQueue[_Answer],
    ) -> None:
        self._call = call
        self._config = config
        self._options = options
        self._answers = answers
        self._waiting: queue.SimpleQueue[Shipment | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._under_way: Any = None
        self.held = 0
        self._thread = threading.Thread(target=self._work, name="function-backend-import", daemon=True)
        self._thread.start()

    def send(self, shipment: Shipment) -> None:
        self.held += 1
        self._waiting.put(shipment)

    def close(self) -> None:
        """Ends the thread after what it still holds."""
        self._waiting.put(None)
        self._thread.join()

    def stop(self) -> None:
        """Ends the thread now; the call under way is cancelled."""
        self._stopped.set()
        call = self._under_way
        if call is not None:
            call.cancel()

    def _work(self) -> None:
        while (shipment := self._waiting.get()) is not None:
            try:
                answer = _Answer(shipment, self._sent(shipment), None)
            except Exception as error:  # noqa: BLE001  Raised again in the caller's thread.
                answer = _Answer(shipment, None, error)
            self._answers.put(answer)

    def _sent(self, shipment: Shipment) -> company_service_pb2.ImportCompaniesResponse:
        messages = shipment.messages(self._config, self._options)
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._once(messages)
            except FunctionBackendError as error:
                wait = wait_before(attempt, error)
                if wait is None or attempt >= self._options.attempts:
                    raise
                self._stopped.wait(wait.total_seconds())

    def _once(self, messages: list[bytes]) -> company_service_pb2.ImportCompaniesResponse:
        if self._stopped.is_set():
            raise CancelledError("the import was stopped")
        self._under_way = call = self._call.future(iter(messages))
        try:
            if self._stopped.is_set():
                # Stopped in between, when there was nothing to cancel yet.
                call.cancel()
            return self._call.finish(call)
        finally:
            self._under_way = None


class ImportRun:
    """One import from its first row to its last answer."""

    def __init__(
        self,
        call: UploadCall[bytes, company_service_pb2.ImportCompaniesResponse],
        config: company_service_pb2.ImportConfig,
        options: ImportOptions,
        *,
        on_progress: Callable[[ImportProgress], None] | None = None,
        repair: Repair | None = None,
    ) -> None:
        self._options = options
        self._packer = Packer(config.match_scheme, options)
        self._ledger = Ledger(self._packer, on_progress=on_progress, repair=repair)
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._lanes = [_Lane(call, config, options, self._answers) for _ in range(options.streams)]

    def run(
        self, rows: Iterable[company_service_pb2.ImportRow | company_pb2.Company]
    ) -> company_service_pb2.ImportCompaniesResponse:
        """Sends all rows; returns the sum of the answers. Raises what a stream failed with in the end."""
        try:
            for row in rows:
                packed = self._packer.add(row)
                if isinstance(packed, Entry):
                    self._ledger.refuse(packed, self._options)
                elif packed is not None:
                    self._send(packed)
            self._drain()
        except BaseException:
            for lane in self._lanes:
                lane.stop()
            raise
        finally:
            for lane in self._lanes:
                lane.close()
        return self._ledger.total

    def _send(self, shipment: Shipment) -> None:
        lane = self._lanes[shipment.lane]
        while lane.held >= _LANE_QUEUE:
            self._settle(self._answers.get())
        lane.send(shipment)
        while not self._answers.empty():
            self._settle(self._answers.get())

    def _drain(self) -> None:
        """Waits for the last answers; repaired rows go out again until none is left."""
        while True:
            for shipment in self._packer.flush():
                self._send(shipment)
            if not any(lane.held for lane in self._lanes):
                return
            self._settle(self._answers.get())

    def _settle(self, answer: _Answer) -> None:
        self._lanes[answer.shipment.lane].held -= 1
        if answer.error is not None:
            raise answer.error
        if answer.response is not None:
            for shipment in self._ledger.settle(answer.shipment, answer.response):
                self._send(shipment)
