"""How the events of the folder look outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function.rules.v1 import definition_events_pb2 as wire
from function.rules.v1 import hook_events_pb2 as hook_wire
from function.rules.v1 import simulation_events_pb2
from function_backend.kernel.events import DomainEvent
from function_backend.services.rules import events
from function_backend.services.rules.convert import rollout
from function_backend.services.rules.convert.definition import publication, version
from function_backend.services.rules.convert.hook import change_denied, hook
from function_backend.services.rules.convert.simulation import simulation
from function_backend.services.rules.events import HookEvent, SimulationEvent, VersionEvent


def _draft(message: type[Any]) -> Callable[[VersionEvent], bytes]:
    def payload(event: VersionEvent) -> bytes:
        serialised: bytes = message(version=_version(event)).SerializeToString()
        return serialised

    return payload


def _with_comment(message: type[Any]) -> Callable[[VersionEvent], bytes]:
    def payload(event: VersionEvent) -> bytes:
        serialised: bytes = message(version=_version(event), comment=event.comment).SerializeToString()
        return serialised

    return payload


def _published(event: VersionEvent) -> bytes:
    made = None if event.publication is None else publication(event.publication)
    return wire.DefinitionPublished(version=_version(event), publication=made).SerializeToString()


def _rolled_back(event: VersionEvent) -> bytes:
    made = None if event.publication is None else publication(event.publication)
    return wire.DefinitionRolledBack(
        version=_version(event), replaced_version=event.replaced_version, publication=made
    ).SerializeToString()


def _of_hook(message: type[Any]) -> Callable[[HookEvent], bytes]:
    def payload(event: HookEvent) -> bytes:
        serialised: bytes = message(hook=hook(event.hook)).SerializeToString()
        return serialised

    return payload


def _version(event: VersionEvent) -> Any:  # noqa: ANN401  the message of three generated modules
    # Retiring many versions loads none of their contents.
    return version(event.version, with_content=bool(event.version.content.body))


def _simulation(message: type[Any]) -> Callable[[SimulationEvent], bytes]:
    def payload(event: SimulationEvent) -> bytes:
        serialised: bytes = message(simulation=simulation(event.simulation, with_result=False)).SerializeToString()
        return serialised

    return payload


EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    events.DraftCreated: _draft(wire.DraftCreated),
    events.DraftUpdated: _draft(wire.DraftUpdated),
    events.DraftDeleted: _draft(wire.DraftDeleted),
    events.VersionSubmitted: _with_comment(wire.VersionSubmitted),
    events.VersionApproved: _with_comment(wire.VersionApproved),
    events.VersionRejected: _with_comment(wire.VersionRejected),
    events.DefinitionPublished: _published,
    events.DefinitionRetired: _with_comment(wire.DefinitionRetired),
    events.DefinitionRolledBack: _rolled_back,
    events.RolloutSet: rollout.set_payload,
    events.RolloutEnded: rollout.ended_payload,
    events.SimulationCreated: _simulation(simulation_events_pb2.SimulationCreated),
    events.SimulationCancelled: _simulation(simulation_events_pb2.SimulationCancelled),
    events.SimulationDeleted: _simulation(simulation_events_pb2.SimulationDeleted),
    events.HookCreated: _of_hook(hook_wire.HookCreated),
    events.HookUpdated: _of_hook(hook_wire.HookUpdated),
    events.HookDeleted: _of_hook(hook_wire.HookDeleted),
    events.ChangeDenied: change_denied,
}
"""Event class to the function that serialises its message."""
