"""`jobs`, against the real service."""

import pytest

from tests.fixtures.command_line import RunCommand
from tests.fixtures.server import RunningServer


@pytest.fixture
def admin(server: RunningServer) -> dict[str, str]:
    """The environment of whoever administers the installation."""
    return {"FUNCTION_BACKEND_API_KEY": server.admin_key}


def test_a_schedule_is_run_and_waited_for(command: RunCommand, admin: dict[str, str]) -> None:
    ran = command("jobs", "schedules", "run", "jobs.purge", "--wait", environment_more=admin)
    assert ran.status == 0, ran.err
    assert "succeeded" in ran.out
    listed = command("jobs", "list", "--installation", "--kind", "jobs.purge", "--json", environment_more=admin)
    assert listed.lines[0]["schedule"] == "jobs.purge"
    job = listed.lines[0]["id"]
    assert job in command("jobs", "get", job, environment_more=admin).out
    waited = command("jobs", "wait", f"operations/{job}", "--json", environment_more=admin)
    assert (waited.status, waited.lines[0]["state"]) == (0, "JOB_STATE_SUCCEEDED")
    # What has succeeded is not tried again.
    again = command("jobs", "requeue", job, environment_more=admin)
    assert (again.status, "JOB_STATE" in again.err) == (1, True)
    assert command("jobs", "delete", job, environment_more=admin).status == 0


def test_schedules_are_listed_paused_and_resumed(command: RunCommand, admin: dict[str, str]) -> None:
    names = {each["name"] for each in command("jobs", "schedules", "list", "--json", environment_more=admin).lines}
    assert {"jobs.purge", "calls.purge_stored_answers", "rules.purge_decisions"} <= names
    assert "Pause" in command("jobs", "schedules", "pause", "rules.purge_simulations", environment_more=admin).out
    resumed = command("jobs", "schedules", "resume", "rules.purge_simulations", environment_more=admin)
    assert "Next" in resumed.out


def test_a_tenant_has_none_of_its_own_at_first(command: RunCommand) -> None:
    assert command("jobs", "list").out == "No jobs.\n"
    assert command("jobs", "schedules", "list").status == 1
    assert command("jobs", "cancel", "01938d2e-7b1c-7c3a-8f57-3d1a4f6f0b11").status == 1
    wrong = command("jobs", "list", "--state", "sleepy")
    assert wrong.status != 0
    assert "waiting" in wrong.err
