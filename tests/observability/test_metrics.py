import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from function_backend.observability.metrics import MetricsFolder

# A process counts as a worker does: it enters its seat before it makes its metrics.
_WORKER = """
import sys
from pathlib import Path
from prometheus_client import CollectorRegistry, Counter, Gauge
from function_backend.observability.metrics import MetricsFolder

MetricsFolder(Path(sys.argv[1])).enter(int(sys.argv[2]))
registry = CollectorRegistry()
Counter("calls", "Calls.", registry=registry).inc(float(sys.argv[3]))
Gauge("open", "Open.", multiprocess_mode="livesum", registry=registry).set(float(sys.argv[4]))
"""


@pytest.fixture
def folder() -> Iterator[MetricsFolder]:
    folder = MetricsFolder.create()
    yield folder
    folder.remove()


def work(folder: MetricsFolder, *, seat: int, calls: float, opened: float) -> None:
    arguments = [os.fspath(folder.path), str(seat), str(calls), str(opened)]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    subprocess.run([sys.executable, "-c", _WORKER, *arguments], check=True, env={**os.environ, "PYTHONPATH": path})


def value(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value(name)


def test_the_numbers_of_all_processes_are_added_up(folder: MetricsFolder) -> None:
    work(folder, seat=0, calls=2, opened=1)
    work(folder, seat=1, calls=3, opened=4)
    assert value(folder.registry(), "calls_total") == 5
    assert value(folder.registry(), "open") == 5


def test_counters_outlive_a_process_and_its_gauges_do_not(folder: MetricsFolder) -> None:
    work(folder, seat=0, calls=2, opened=1)
    folder.leave(0)
    assert value(folder.registry(), "calls_total") == 2
    assert value(folder.registry(), "open") is None


def test_a_replacement_continues_the_counters_in_the_same_files(folder: MetricsFolder) -> None:
    work(folder, seat=0, calls=2, opened=1)
    folder.leave(0)
    files = len(list(folder.path.iterdir()))
    work(folder, seat=0, calls=1, opened=7)
    assert value(folder.registry(), "calls_total") == 3
    assert value(folder.registry(), "open") == 7
    assert len(list(folder.path.iterdir())) == files + 1


def test_folders_that_killed_processes_left_are_removed_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("function_backend.observability.metrics._YOUNG_SECONDS", 0.0)
    used, left = MetricsFolder.create(), tmp_path / "function-backend-metrics-left"
    left.mkdir()
    (left / "counter_seat0.db").touch()
    fresh = MetricsFolder.create()
    assert not left.exists()
    assert used.path.exists()
    used.remove()
    fresh.remove()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_private_and_leaves_nothing_behind() -> None:
    folder = MetricsFolder.create()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    work(folder, seat=0, calls=1, opened=1)
    folder.remove()
    assert not folder.path.exists()
