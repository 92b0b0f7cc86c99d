"""`function-backend jobs`: what goes on behind the calls."""

from __future__ import annotations

from typing import Annotated

import typer

from function.jobs.v1 import job_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.job_bar import wait_for
from function_backend_cli.messages import show, show_all
from function_backend_cli.output import REFUSED

app = application("Look at jobs, wait for them, cancel them, have them tried again, and see to schedules.")
schedules = application("See when jobs are asked for by themselves, and change that.")
app.add_typer(schedules, name="schedules")

_COLUMNS = ("id", "kind", "state", "progress", "attempt", "create_time", "end_time", "creator")
_Id = Annotated[str, typer.Argument(metavar="ID", help="The job's id, or the name of its operation.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="As `jobs schedules list` prints it.")]
_Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is over; a bar shows how far it is.")]


@app.command("list")
@remote
def list_jobs(
    session: Session,
    kind: Annotated[str, typer.Option("--kind", help="Only of this kind, such as rules.simulation.")] = "",
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="Only waiting, queued, running, succeeded, failed or cancelled ones."),
    ] = None,
    creator: Annotated[str, typer.Option("--creator", help="Only those that this caller asked for.")] = "",
    installation: Annotated[bool, typer.Option("--installation", help="Those of the installation instead.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 50,
) -> None:
    """Print the jobs, the latest first. Those that were set aside are the failed ones."""
    found = session.client.operations.list(
        kind=kind, states=[_state(each) for each in state or ()], creator=creator, installation=installation
    )
    show_all(session, found, _COLUMNS, empty="No jobs.", limit=limit)


@app.command()
@remote
def get(session: Session, job: _Id) -> None:
    """Print a job: how far it is, and what came out."""
    show(session, session.client.operations.get(job))


@app.command()
@remote
def wait(session: Session, job: _Id) -> None:
    """Wait until a job is over and print it. The exit status is 1 when it came to nothing."""
    _show_over(session, wait_for(session, job))


@app.command()
@remote
def cancel(session: Session, job: _Id, wait: _Wait = False) -> None:
    """Cancel a job: it ends at once when it waits, and soon when it runs."""
    session.client.operations.cancel(job)
    show(session, wait_for(session, job) if wait else session.client.operations.get(job))


@app.command()
@remote
def requeue(session: Session, job: _Id, wait: _Wait = False) -> None:
    """Have a job that failed or was cancelled tried again."""
    requeued = session.client.operations.requeue(job)
    if wait:
        _show_over(session, wait_for(session, job))
    else:
        show(session, requeued)


@app.command()
@remote
def delete(session: Session, job: _Id) -> None:
    """Delete a job that is over, with what came out."""
    session.client.operations.delete(job)
    session.output.say("Deleted.")


@schedules.command("list")
@remote
def list_schedules(session: Session) -> None:
    """Print the schedules of the installation."""
    columns = ("name", "cron", "time_zone", "next_time", "last_time", "pause_time")
    show_all(session, session.client.operations.schedules(), columns, empty="No schedules.")


@schedules.command()
@remote
def pause(session: Session, name: _Name) -> None:
    """Pause a schedule until it is resumed."""
    show(session, session.client.operations.pause_schedule(name))


@schedules.command()
@remote
def resume(session: Session, name: _Name) -> None:
    """Let a schedule go on, with its next moment from now."""
    show(session, session.client.operations.resume_schedule(name))


@schedules.command()
@remote
def run(session: Session, name: _Name, wait: _Wait = False) -> None:
    """Have a schedule ask for its job now."""
    job = session.client.operations.run_schedule(name)
    if wait:
        _show_over(session, wait_for(session, job.id))
    else:
        show(session, job)


def _show_over(session: Session, job: job_pb2.Job) -> None:
    show(session, job)
    if job.state != job_pb2.JOB_STATE_SUCCEEDED:
        raise typer.Exit(REFUSED)


def _state(text: str) -> job_pb2.JobState.ValueType:
    try:
        return job_pb2.JobState.Value(f"JOB_STATE_{text.upper()}")
    except ValueError:
        known = ", ".join(name.removeprefix("JOB_STATE_").lower() for name in job_pb2.JobState.keys()[1:])
        raise ValueError(f"--state {text}: there are {known}") from None
