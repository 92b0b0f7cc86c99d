"""Scenes of people who sign in, without a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from function_backend.events.recording import EventRecorder
from function_backend.resources import Resources
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from tests.factories.people import PeopleScene, cheap_settings, people_scene
from tests.fixtures import postgres
from tests.fixtures.clock import SetClock

_UNDELAYED = {"sign_in_delay_after": 100, "sign_in_address_delay_after": 1000}


@pytest.fixture
def people_resources(resources: Resources, recorder: EventRecorder) -> Resources:
    """The shared resources, with a recorder that knows the events of this slice."""
    recorder.learn(EVENT_PAYLOADS)
    return resources


@pytest.fixture
def scene(people_resources: Resources, set_clock: SetClock, database: postgres.Database) -> Iterator[PeopleScene]:
    found = people_scene(people_resources, set_clock, database.superuser_url)
    yield found
    found.people.close()


@pytest.fixture
def undelayed(people_resources: Resources, set_clock: SetClock, database: postgres.Database) -> Iterator[PeopleScene]:
    """A scene in which failures lock users out without delaying anybody before."""
    settings = cheap_settings(**_UNDELAYED)
    found = people_scene(people_resources, set_clock, database.superuser_url, settings=settings)
    yield found
    found.people.close()
