"""Which jobs the caller sees."""

from __future__ import annotations

from uuid import UUID

from function_backend.jobs.registry import JobRegistry
from function_backend.kernel.call import Call
from function_backend.kernel.identity import Principal
from function_backend.kernel.jobs import INSTALLATION
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.jobs.domain import Job, Sight
from function_backend.services.jobs.errors import InstallationDeniedError, JobNotFoundError
from function_backend.services.jobs.repository import JobRepository

READ_INSTALLATION = "jobs.installation.read"
MANAGE_INSTALLATION = "jobs.installation.manage"


class JobSight:
    """Knows what permission each kind asks for."""

    def __init__(self, registry: JobRegistry) -> None:
        self._registry = registry

    def of(self, principal: Principal) -> Sight:
        """What the caller sees in its tenant: its own jobs, and those of the kinds whose permission it holds."""
        kinds = [
            kind.name
            for kind in self._registry.kinds.values()
            if kind.permission and principal.permissions.allows(kind.permission)
        ]
        return Sight(principal.actor, kinds)

    def found(self, work: UnitOfWork, job_id: UUID, *, installation: str, lock: bool = False) -> Job:
        """The job of the caller's tenant; one of the installation for a caller with the permission `installation`.

        Raises JobNotFoundError when the caller sees none.
        """
        principal = _principal(work.call)
        jobs = JobRepository(work)
        job = jobs.find(work.tenant_id, job_id, lock=lock)
        if job is not None and self.of(principal).includes(job):
            return job
        if principal.permissions.allows(installation):
            job = jobs.find(INSTALLATION, job_id, lock=lock)
            if job is not None:
                return job
        raise JobNotFoundError(job_id)


def require_installation(call: Call) -> None:
    """Raises InstallationDeniedError unless the caller may see the jobs of the installation."""
    if not _principal(call).permissions.allows(READ_INSTALLATION):
        raise InstallationDeniedError(READ_INSTALLATION, call.method)


def _principal(call: Call) -> Principal:
    if call.principal is None:
        raise RuntimeError("nobody is calling")
    return call.principal
