"""The contract check compares with the commit that callers know, and says so when there is none."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROTO = """syntax = "proto3";

package function.probe.v1;

message Probe {
  string first = 1;
  string second = 2;
}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of its own with the script, its settings and one small contract, not yet committed."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/breaking", tmp_path / "tools")
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    for module in ("googleapis", "protovalidate"):
        (tmp_path / "third_party" / module).mkdir(parents=True)
        (tmp_path / "third_party" / module / f"{module}.proto").write_text('syntax = "proto3";\n')
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "protos/function/probe/v1").mkdir(parents=True)
    (tmp_path / "protos/function/probe/v1/probe.proto").write_text(PROTO)
    return tmp_path


@pytest.fixture
def run(checkout: Path) -> Run:
    identity = ("-c", "user.name=Probe", "-c", "user.email=probe@example.com", "-c", "init.defaultBranch=main")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        words = ["git", *identity, *command[1:]] if command[0] == "git" else list(command)
        return subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=False)

    return run


def _commit(run: Run, subject: str) -> None:
    run("git", "add", "protos")
    assert run("git", "commit", "--message", subject).returncode == 0


def test_a_first_version_has_nothing_to_compare_with(run: Run) -> None:
    run("git", "init")
    _commit(run, "First")
    result = run("tools/breaking")
    assert result.returncode == 0
    assert "nothing to compare with" in result.stdout


def test_a_removed_field_is_refused(run: Run, checkout: Path) -> None:
    run("git", "init")
    _commit(run, "First")
    run("git", "switch", "--create", "change")
    (checkout / "protos/function/probe/v1/probe.proto").write_text(PROTO.replace("  string second = 2;\n", ""))
    _commit(run, "Remove a field")
    result = run("tools/breaking")
    assert result.returncode != 0
    assert "second" in result.stdout + result.stderr


def test_an_added_field_is_welcome(run: Run, checkout: Path) -> None:
    run("git", "init")
    _commit(run, "First")
    (checkout / "protos/function/probe/v1/probe.proto").write_text(PROTO.replace("}", "  string third = 3;\n}"))
    _commit(run, "Add a field")
    result = run("tools/breaking")
    assert (result.returncode, result.stderr) == (0, "")
    assert "no breaking change" in result.stdout
