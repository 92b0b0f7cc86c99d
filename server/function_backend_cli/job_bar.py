"""Waiting for a job, with a bar on a terminal."""

from __future__ import annotations

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from function.jobs.v1 import job_pb2
from function_backend_cli.connection import Session
from function_backend_client.operations import job_id


def wait_for(session: Session, operation: str) -> job_pb2.Job:
    """The job when it is over, however that came out. Whoever breaks the waiting off is told that it goes on."""
    console = session.output.errors
    try:
        if session.output.json or not console.is_terminal:
            return session.client.operations.wait(operation, check=False)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("waiting", total=None, state="")

            def moved(job: job_pb2.Job) -> None:
                done, total = job.progress.done, job.progress.total
                bar.update(
                    task, description=job.kind, completed=done, total=total or None, state=said(job, done, total)
                )

            return session.client.operations.wait(operation, progress=moved, check=False)
    except KeyboardInterrupt:
        session.output.warn(f"it goes on without you: function-backend jobs wait {job_id(operation)}")
        raise


def said(job: job_pb2.Job, done: int, total: int) -> str:
    """How far the job is, in words."""
    state = job_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_").lower()
    if not done and not total:
        return state
    return f"{done:,} of {total:,}" if total else f"{done:,}"
