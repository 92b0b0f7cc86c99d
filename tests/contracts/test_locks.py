"""The lock files install the same everywhere: every package with hashes, no host, one version in all of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-runtime.lock", "tools/bootstrap.lock")


def _entries(lock: str) -> dict[str, list[str]]:
    """Return the lines of each package, by its name and version."""
    entries: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (ROOT / lock).read_text().splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            lines = entries.setdefault(line.split(" ")[0], [])
        lines.append(line.strip())
    return entries


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    for package, lines in _entries(lock).items():
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+", package), package
        assert any("--hash=sha256:" in line for line in lines), package


@pytest.mark.parametrize("lock", [*LOCKS, "generated/typescript/package-lock.json"])
def test_no_lock_names_a_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r'"resolved"|index-url|find-links|https?://(?!opencollective|github\.com/sponsors)', text)


def test_a_container_gets_the_versions_that_were_tested() -> None:
    assert _entries("requirements-runtime.lock").keys() <= _entries("requirements.lock").keys()
