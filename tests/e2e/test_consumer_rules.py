"""Somebody else's CI: it installs the wheels, and checks and tests rules without a server."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.e2e.test_consumer import ROOT, Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    built = tmp_path_factory.mktemp("wheels")
    for package in ("generated/python", "clients/python", "engine", "."):
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)]
        subprocess.run(command, cwd=ROOT / package, check=True, capture_output=True)
    project = Project(tmp_path_factory.mktemp("consumer"))
    venv.create(project.folder / "venv", with_pip=False, symlinks=True)
    for wheel in built.glob("*.whl"):
        project.install(wheel)
    (project.packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    shutil.copytree(ROOT / "examples" / "rules", project.folder / "rules")
    return project


def test_rules_are_checked_and_tested_by_what_was_installed(project: Project) -> None:
    code = "import function_backend_rules.definitions as package; print(package.__file__)"
    found = project.run(project.python, "-c", code)
    assert Path(found.strip()).is_relative_to(project.packages)
    command = (project.python, "-m", "function_backend_cli", "rules")
    assert project.run(*command, "lint", "--strict", "rules").endswith("0 problems, 0 warnings\n")
    assert project.run(*command, "test", "--coverage", "90", "--junit", "rules.xml", "rules").endswith(
        "19 cases passed, 0 failed\n"
    )
    assert "<testsuite" in (project.folder / "rules.xml").read_text()
