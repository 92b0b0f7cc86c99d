"""`function-backend rules simulate`, `simulation` and `simulations`: what a version would change."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from function.rules.v1 import simulation_pb2, simulation_service_pb2_grpc
from function.rules.v1 import simulation_service_pb2 as wire
from function.rules.v1.definition_pb2 import Definition
from function_backend_cli.connection import Session, remote
from function_backend_cli.job_bar import wait_for
from function_backend_cli.messages import show_all
from function_backend_cli.moments import Moment
from function_backend_cli.output import REFUSED
from function_backend_cli.rules.inputs import Given, read_inputs_list, struct_of_inputs
from function_backend_cli.rules.problem_display import show_problems
from function_backend_cli.rules.simulation_display import show_simulation
from function_backend_rules.definitions import load_library

_PAGE = 200
_OVER = {
    simulation_pb2.SIMULATION_STATE_SUCCEEDED,
    simulation_pb2.SIMULATION_STATE_FAILED,
    simulation_pb2.SIMULATION_STATE_CANCELLED,
}
_Id = Annotated[str, typer.Argument(metavar="ID", help="As `simulate` printed it.")]


@remote
def simulate(
    session: Session,
    target: Annotated[str, typer.Argument(metavar="NAME|PATH", help="A decision of the service, or a file with one.")],
    version: Annotated[int, typer.Option("--version", min=0, help="This version; the latest when absent.")] = 0,
    baseline: Annotated[int, typer.Option("--baseline", min=0, help="Compare with it; in force when absent.")] = 0,
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", metavar="FILE", help="On these: a list, or documents, of inputs.", show_default=False),
    ] = None,
    companies: Annotated[bool, typer.Option("--companies", help="On the companies of the tenant.")] = False,
    given: Given = None,
    of_version: Annotated[int, typer.Option("--of-version", min=0, help="On stored decisions of this version.")] = 0,
    since: Moment = None,
    until: Moment = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="On so many at most.")] = 0,
    examples: Annotated[int, typer.Option("--examples", min=0, max=100, help="So many of each change.")] = 0,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is over.")] = True,
) -> None:
    """Try a version, or a file, out on what was decided, and say what would change.

    On stored decisions, unless --inputs or --companies is given; --input sets the inputs besides the company. The exit
    status is 0 when nothing would change, 1 when something would or the simulation did not come to its end.
    """
    if inputs is not None and companies:
        raise ValueError("--inputs and --companies exclude each other")
    if given and not companies:
        raise ValueError("--input sets what stands beside a company: say --companies, or give a file with --inputs")
    if (of_version or since or until) and (companies or inputs is not None):
        raise ValueError("--of-version, --since and --until are about stored decisions")
    definition = _definition(session, target)
    request = wire.CreateSimulationRequest(
        name=target if definition is None else definition.name,
        version=version,
        definition=definition,
        baseline_version=baseline,
        max_examples=examples,
        request_id=str(uuid.uuid4()),
    )
    if definition is not None and version:
        raise ValueError("--version is about a decision of the service, and this is a file")
    if inputs is not None:
        found = read_inputs_list(inputs)
        request.source.uploaded_inputs.inputs.extend(found[:limit] if limit else found)
    elif companies:
        request.source.current_companies.limit = limit
        request.source.current_companies.constants.CopyFrom(struct_of_inputs(None, given or ()))
    else:
        request.source.stored_decisions.CopyFrom(_stored(of_version, since, until, limit))
    _follow(session, _stub(session).CreateSimulation(request).simulation, wait=wait)


@remote
def simulation(
    session: Session,
    simulation_id: _Id,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel it; what was found stays.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is over.")] = False,
) -> None:
    """Print how far a simulation has come, and what came out so far."""
    if cancel:
        found = _stub(session).CancelSimulation(wire.CancelSimulationRequest(id=simulation_id)).simulation
    else:
        found = _stub(session).GetSimulation(wire.GetSimulationRequest(id=simulation_id)).simulation
    _follow(session, found, wait=wait)


@remote
def simulations(
    session: Session,
    name: Annotated[str, typer.Option("--name", help="Only of this decision.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 50,
) -> None:
    """Print the simulations, the latest first."""
    columns = ("id", "name", "version", "state", "done", "total", "create_time", "creator")
    show_all(session, _simulations(session, name), columns, empty="No simulations.", limit=limit)


def _definition(session: Session, target: str) -> Definition | None:
    """The definition of a file; None where the target is the name of a decision."""
    if not Path(target).exists():
        return None
    library = load_library([target])
    if library.problems:
        show_problems(session.output, library.problems)
        raise typer.Exit(REFUSED)
    if len(library.documents) != 1:
        raise ValueError(f"{target} holds {len(library.documents)} definitions, and one is tried out at a time")
    [document] = library.documents.values()
    return document.definition


def _stored(
    version: int, since: dt.datetime | None, until: dt.datetime | None, limit: int
) -> simulation_pb2.StoredDecisions:
    found = simulation_pb2.StoredDecisions(version=version, limit=limit)
    if since is not None:
        found.decided_from.FromDatetime(since)
    if until is not None:
        found.decided_until.FromDatetime(until)
    return found


def _follow(session: Session, found: simulation_pb2.Simulation, *, wait: bool) -> None:
    """Prints a simulation, waited for if that is wanted; the command ends with 1 where something would change."""
    if wait:
        found = _over(session, found)
    show_simulation(session.output, found)
    changes = {each.outcome for each in found.result.counts if each.count} - {simulation_pb2.SIMULATION_OUTCOME_SAME}
    begun = {simulation_pb2.SIMULATION_STATE_QUEUED, simulation_pb2.SIMULATION_STATE_RUNNING}
    fine = found.state == simulation_pb2.SIMULATION_STATE_SUCCEEDED or (not wait and found.state in begun)
    if changes or not fine:
        raise typer.Exit(REFUSED)


def _over(session: Session, found: simulation_pb2.Simulation) -> simulation_pb2.Simulation:
    """The simulation when it is over; a bar on a terminal shows how far it has come meanwhile."""
    if found.state not in _OVER:
        wait_for(session, found.operation)
    over: simulation_pb2.Simulation = _stub(session).GetSimulation(wire.GetSimulationRequest(id=found.id)).simulation
    return over


def _simulations(session: Session, name: str) -> Iterator[simulation_pb2.Simulation]:
    request = wire.ListSimulationsRequest(page_size=_PAGE, name=name)
    while True:
        page = _stub(session).ListSimulations(request)
        yield from page.simulations
        request.page_token = page.next_page_token
        if not request.page_token:
            return


def _stub(session: Session) -> Any:  # noqa: ANN401 - a stub, whose generated type has no calls that wait
    return session.client.stub(simulation_service_pb2_grpc.SimulationServiceStub)
