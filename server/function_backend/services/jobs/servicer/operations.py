"""Jobs as operations, for every client that knows `google.longrunning`."""

from __future__ import annotations

from google.longrunning import operations_pb2 as wire
from google.protobuf.empty_pb2 import Empty

from function_backend.kernel.call import Call
from function_backend.services.jobs.convert.messages import JobMessages
from function_backend.services.jobs.convert.requests import job_id, listed
from function_backend.services.jobs.service.jobs import Jobs
from function_backend.services.jobs.service.waiting import Waiting


class OperationsServicer:
    """`google.longrunning.Operations`. Its contract has no rules for its fields, so they are looked at here."""

    def __init__(self, jobs: Jobs, waiting: Waiting, messages: JobMessages) -> None:
        self._jobs = jobs
        self._waiting = waiting
        self._messages = messages

    def GetOperation(self, request: wire.GetOperationRequest, context: Call) -> wire.Operation:
        return self._messages.operation(self._jobs.get(job_id(request.name)))

    def ListOperations(self, request: wire.ListOperationsRequest, context: Call) -> wire.ListOperationsResponse:
        found, token = self._jobs.list(
            listed(request), context, installation=False, page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListOperationsResponse(operations=map(self._messages.operation, found), next_page_token=token)

    def WaitOperation(self, request: wire.WaitOperationRequest, context: Call) -> wire.Operation:
        # Not as a timedelta, which is too small for what the wire can carry: no rule of the contract bounds it.
        seconds = request.timeout.seconds + request.timeout.nanos / 1e9 if request.HasField("timeout") else None
        job = self._waiting.wait(job_id(request.name), context, seconds=seconds)
        return self._messages.operation(job)

    def CancelOperation(self, request: wire.CancelOperationRequest, context: Call) -> Empty:
        self._jobs.cancel(job_id(request.name))
        return Empty()

    def DeleteOperation(self, request: wire.DeleteOperationRequest, context: Call) -> Empty:
        self._jobs.delete(job_id(request.name))
        return Empty()
