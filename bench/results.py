"""Results as files: one for each row of the table, with everything that is needed to judge and to repeat it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import orjson

from bench import machine
from bench.figure import Figure, Measurement
from bench.load import generator

FOLDER = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row as it was measured, on what and with what."""

    row: str
    title: str
    measured_at: str
    commit: str
    machine: dict[str, str]
    versions: dict[str, str]
    generator: str
    disturbances: list[float]
    """How busy the machine was with other work when each series of rounds began, from 0 to 1."""
    conditions: dict[str, str]
    figures: list[Figure]
    rounds: dict[str, list[dict[str, float]]]

    @classmethod
    def of(cls, row: str, title: str, measurement: Measurement, disturbances: list[float]) -> Self:
        """The measurement with what it was made on."""
        return cls(
            row=row,
            title=title,
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            commit=machine.commit(),
            machine=dict(machine.facts()),
            versions=dict(machine.versions()),
            generator=generator(),
            disturbances=disturbances,
            conditions=dict(measurement.conditions),
            figures=list(measurement.figures),
            rounds={name: [dict(each) for each in rounds] for name, rounds in measurement.rounds.items()},
        )

    def write(self, folder: Path = FOLDER) -> None:
        """Replaces the file of the row."""
        content = asdict(self)
        for figure, shown in zip(self.figures, content["figures"], strict=True):
            shown["verdict"] = figure.verdict.value
        folder.mkdir(exist_ok=True)
        (folder / f"{self.row}.json").write_bytes(
            orjson.dumps(_rounded(content), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )

    @classmethod
    def read(cls, row: str, folder: Path = FOLDER) -> Self | None:
        """The row's last result; None when it was never measured."""
        path = folder / f"{row}.json"
        if not path.exists():
            return None
        content = orjson.loads(path.read_bytes())
        known = {field.name for field in fields(Figure)}
        content["figures"] = [
            Figure(**{name: value for name, value in shown.items() if name in known}) for shown in content["figures"]
        ]
        return cls(**content)


def _rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Five significant digits are more than any measurement here is good for."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_rounded(member) for member in value]
    return value
