"""A project of somebody else: it installs the stubs and the client, runs the example, and is checked strictly.

The wheels are built from the checkout and installed into a new environment. Their dependencies come from the
environment of the tests, so that nothing is downloaded; that they are declared is looked at in the wheels.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

ROOT = Path(__file__).parents[2]
EXAMPLES = [ROOT / "examples" / "python" / name for name in ("first_steps.py", "local_rules.py")]
OURS = ("function", "function_backend_client", "function_backend_rules")


@dataclass(frozen=True)
class Project:
    """An empty folder and an environment of its own."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    @property
    def packages(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "venv" / "lib" / version / "site-packages"

    def install(self, wheel: Path) -> Message:
        """Installs the wheel, which is all Python, as pip does: by unpacking it; returns what it says of itself."""
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(self.packages)
            [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            return Parser().parsestr(archive.read(metadata).decode())

    def run(self, *arguments: str | Path, **environment: str) -> str:
        """Runs a program in the folder of the project; returns what it prints."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FUNCTION_BACKEND_", "PYTHON", "MYPY", "COV"))
        }
        done = subprocess.run(
            list(map(str, arguments)),
            cwd=self.folder,
            env={**kept, **environment},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheels of the stubs, of the client and of the engine."""
    built = tmp_path_factory.mktemp("wheels")
    for package in ("generated/python", "clients/python", "engine"):
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", built],
            cwd=ROOT / package,
            check=True,
            capture_output=True,
        )
    return sorted(built.glob("*.whl"))


@pytest.fixture(scope="module")
def project(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("consumer"))
    venv.create(project.folder / "venv", with_pip=False, symlinks=True)
    for wheel in wheels:
        project.install(wheel)
    # Files of this kind add a folder and not what the same kind of file in that folder adds: the checkout, which is
    # installed there for editing, stays out of reach.
    (project.packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    for example in EXAMPLES:
        (project.folder / example.name).write_bytes(example.read_bytes())
    return project


def test_what_is_imported_is_what_was_installed(project: Project) -> None:
    for package in ("function.company.v1.company_pb2", "function_backend_client", "function_backend_rules"):
        found = project.run(project.python, "-c", f"import {package} as package; print(package.__file__)")
        assert Path(found.strip()).is_relative_to(project.packages)


def test_the_wheels_are_typed_and_name_what_they_need(wheels: list[Path], project: Project) -> None:
    needed = {}
    for wheel in wheels:
        said = project.install(wheel)
        needed[said["Name"]] = {
            requirement.partition(">")[0].partition("=")[0].strip()
            for requirement in said.get_all("Requires-Dist") or ()
        }
        with zipfile.ZipFile(wheel) as archive:
            assert any(name.endswith("py.typed") for name in archive.namelist())
    assert set(needed) == {"function-backend-api", "function-backend-client", "function-backend-rules"}
    assert needed["function-backend-api"] >= {"grpcio", "protobuf"}
    assert "function-backend-api" in needed["function-backend-client"]
    assert "function-backend-rules" in needed["function-backend-client"]


def test_the_example_runs_against_the_service(project: Project, server: RunningServer) -> None:
    printed = project.run(
        project.python,
        "first_steps.py",
        FUNCTION_BACKEND_ADDRESS=server.target,
        FUNCTION_BACKEND_API_KEY=make_tenant(server),
    )
    words = [line.split() for line in printed.splitlines()]
    assert [each[0] for each in words] == ["created", "found", "refused", "refused"]
    assert words[1][1:4] == ["Nordwind", "Röstkaffee", "GmbH"]
    assert words[2][1:] == ["COMPANY_IDENTIFIER_TAKEN", "True"]
    assert words[3][1] == "company.identifiers[0].value"


def test_the_example_decides_in_its_own_process(project: Project, server: RunningServer) -> None:
    printed = project.run(
        project.python,
        "local_rules.py",
        FUNCTION_BACKEND_ADDRESS=server.target,
        FUNCTION_BACKEND_API_KEY=make_tenant(server),
    )
    assert [line.split(maxsplit=1) for line in printed.splitlines()] == [
        ["here", "False True"],
        ["there", "False"],
        ["changed", "Credits up to 10000 are granted."],
        ["logged", "True True"],
    ]


def test_the_examples_are_fine_with_mypy_strict(project: Project) -> None:
    settings = project.folder / "mypy.ini"
    settings.write_text("[mypy]\nstrict = true\n", encoding="utf-8")
    # An answer whose type is not known would pass everything.
    (project.folder / "answer.py").write_text(
        "from function_backend_client import connect\n\nreveal_type(connect('here', api_key='').companies.get('id'))\n",
        encoding="utf-8",
    )
    arguments: list[str | Path] = ["--config-file", settings, "--cache-dir", project.folder / "cache"]
    arguments += ["--python-executable", project.python]
    checked = project.run(
        sys.executable, "-m", "mypy", *arguments, *(example.name for example in EXAMPLES), "answer.py"
    )
    assert 'Revealed type is "function.company.v1.company_pb2.Company"' in checked
    assert "Success" in checked
