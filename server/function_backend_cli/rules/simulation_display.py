"""What a version would change, for people."""

from __future__ import annotations

from google.protobuf.descriptor import FieldDescriptor
from rich.markup import escape

from function.rules.v1 import decision_pb2, simulation_pb2
from function_backend_cli.output import Output
from function_backend_cli.rules.explanation_display import short
from function_backend_client.display import enum_text

_STATE = simulation_pb2.Simulation.DESCRIPTOR.fields_by_name["state"]
_OUTCOME = simulation_pb2.SimulationCount.DESCRIPTOR.fields_by_name["outcome"]
_REASON = simulation_pb2.NotReplayableCount.DESCRIPTOR.fields_by_name["reason"]


def show_simulation(output: Output, found: simulation_pb2.Simulation) -> None:
    """Prints how far it has come, what changes how often, examples, and what could not be tried out."""
    if output.json:
        output.message(found)
        return
    version = f"version {found.version}" if found.version else "the file"
    against = f"version {found.baseline_version}" if found.baseline_version else "what was decided"
    state = _word(_STATE, found.state)
    counted = f"{found.done} of {found.total or '?'}"
    head = f"[bold]{escape(found.name)}[/]: {version} against {against}: {state}, {counted}"
    output.console.print(head, soft_wrap=True)
    if found.failure:
        output.console.print(f"  [red]{escape(found.failure)}[/]", soft_wrap=True)
    for count in found.result.counts:
        outcome = _word(_OUTCOME, count.outcome)
        colour = "green" if count.outcome == simulation_pb2.SIMULATION_OUTCOME_SAME else "yellow"
        output.console.print(f"  [{colour}]{count.count:>9,}  {outcome}[/]", soft_wrap=True)
        for example in found.result.examples:
            if example.outcome == count.outcome:
                output.console.print(f"             [dim]{escape(_example(example))}[/]", soft_wrap=True)
    for skipped in found.result.not_replayable:
        reason = _word(_REASON, skipped.reason)
        text = f"not tried out, {reason}" + (f": {skipped.example}" if skipped.example else "")
        output.console.print(f"  [red]{skipped.count:>9,}[/]  {escape(text)}", soft_wrap=True)
    for error in found.result.errors:
        output.console.print(
            f"  [red]{error.count:>9,}[/]  {escape(f'{error.rule_id} fails: {error.message}')}", soft_wrap=True
        )
    output.console.print(f"[dim]simulation {found.id}[/]", soft_wrap=True)


def _example(example: simulation_pb2.SimulationExample) -> str:
    subject = example.WhichOneof("subject")
    if subject == "decision_id":
        what = f"decision {example.decision_id}"
    elif subject == "company_id":
        what = f"company {example.company_id}"
    else:
        what = f"inputs {example.index + 1}"
    return f"{what}: {_decided(example.before)} → {_decided(example.after)}"


def _decided(made: simulation_pb2.SimulatedDecision) -> str:
    if made.status == decision_pb2.DECISION_STATUS_FAILED:
        return f"failed ({short(made.failure)})"
    if made.status == decision_pb2.DECISION_STATUS_NO_MATCH:
        return "nothing matched"
    return short(made.value) + (f" by {', '.join(made.rule_ids)}" if made.rule_ids else "")


def _word(field: FieldDescriptor, number: int) -> str:
    """Such as `no longer matching`."""
    return enum_text(field, number).replace("_", " ").lower()
