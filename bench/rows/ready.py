"""How long the service takes from its start to its first answer, on a new data folder and on one that was used."""

from __future__ import annotations

from bench.figure import Figure, Measurement, median_of
from bench.service import running
from bench.stage import Stage

_ROUNDS = 7
_COLD, _WARM = "cold", "warm"


def measure(stage: Stage) -> Measurement:
    """Starts the service twice a round: cold on a new folder, then warm on the same one."""
    rounds: dict[str, list[dict[str, float]]] = {_COLD: [], _WARM: []}
    # Brings programs and bytecode into the file cache.
    with running(stage.folder / "first"):
        pass
    for number in stage.rounds(_ROUNDS):
        for kind in (_COLD, _WARM):
            with running(stage.folder / f"data{number}") as service:
                rounds[kind].append({"ready_s": service.ready_seconds})
    figures = [
        Figure(
            name="Server ready, cold data folder",
            value=median_of(rounds[_COLD], "ready_s"),
            unit="s",
            at_most=4,
            absolute=_range(rounds[_COLD]),
        ),
        Figure(
            name="Server ready, warm data folder",
            value=median_of(rounds[_WARM], "ready_s"),
            unit="s",
            at_most=1.5,
            absolute=_range(rounds[_WARM]),
        ),
    ]
    conditions = {
        "from, to": "from the start of the process `function-backend serve` to the answer SERVING of its health check, "
        "asked every 5 ms",
        "cold": "the data folder does not exist: a PostgreSQL cluster is made and started, the schema migrated, the "
        "first tenant and key created; programs are in the file cache",
        "warm": "the folder has been used before and nothing runs on it",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _range(rounds: list[dict[str, float]]) -> str:
    values = [each["ready_s"] for each in rounds]
    return f"{min(values):.2f} to {max(values):.2f} s"
