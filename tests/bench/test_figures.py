"""How figures are judged and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.catalogue import ROWS
from bench.companies import lei
from bench.figure import Figure, Measurement, Verdict, median_ratio, percentile
from bench.framing import read_messages, write_messages
from bench.load import Load, LoadError, Target, reading
from bench.results import Result
from bench.table import bar, drawn, page, shown
from function_backend.services.company.domain.schemes import own_checks

_H2LOAD = """
finished in 1.52s, 6593.20 req/s, 4.1MB/s
requests: 10000 total, 10000 started, 10000 done, {succeeded} succeeded, 0 failed, 0 errored, 0 timeout
status codes: 10000 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 11.79MB (12360228) total, 195.40KB (200092) headers (space savings 94.00%), 10.53MB ({data}) data
"""
_TARGET = Target(address="127.0.0.1:1", path="/x/Y", request=b"", response_size=95)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure(name="a", value=0.7, unit="×", at_least=0.65), Verdict.MET),
        (Figure(name="a", value=0.6, unit="×", at_least=0.65), Verdict.MISSED),
        (Figure(name="a", value=3.0, unit="s", at_most=4), Verdict.MET),
        (Figure(name="a", value=5.0, unit="s", at_most=4), Verdict.MISSED),
        (Figure(name="a", value=-1.0, unit="%", at_most=5), Verdict.MET),
        (Figure(name="a", value=1.2, unit="×", at_least=1.6, exempt="too few processors"), Verdict.NOT_JUDGED),
        (Figure(name="a", value=1.7, unit="×", at_least=1.6, exempt="too few processors"), Verdict.MET),
        (Figure(name="a", value=5.0, unit="s"), Verdict.REPORTED),
    ],
)
def test_a_figure_is_judged_by_its_bar(figure: Figure, verdict: Verdict) -> None:
    assert figure.verdict is verdict


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    ours, theirs = [{"rate": 1.0}, {"rate": 8.0}, {"rate": 3.0}], [{"rate": 2.0}, {"rate": 10.0}, {"rate": 4.0}]
    assert median_ratio(ours, theirs, "rate") == pytest.approx(0.75)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([5.0, 1.0, 4.0, 2.0, 3.0], 0.5) == 3.0
    assert percentile([1.0, 2.0], 0.99) == 2.0


def test_a_figure_reads_the_same_way_whichever_way_it_counts() -> None:
    assert drawn(Figure(name="a", value=1.3, unit="×", at_least=0.65)) == "██████████┃██████████"
    assert drawn(Figure(name="a", value=2.0, unit="s", at_most=4)) == "██████████┃██████████"
    assert drawn(Figure(name="a", value=8.0, unit="s", at_most=4)) == "█████     ┃"
    assert bar(Figure(name="a", value=8.0, unit="s", at_most=1.5)) == "≤ 1.5 s"
    assert bar(Figure(name="a", value=8.0, unit="rows/s", at_least=10_000)) == "≥ 10,000 rows/s"
    assert [shown(0.6543, "×"), shown(12.34, "ms"), shown(12345.6, "/s")] == ["0.654×", "12.3 ms", "12,346 /s"]


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    figure = Figure(name="Rows", value=0.5, unit="×", reference="others", at_least=0.65, note="a note")
    measured = Measurement(figures=[figure], rounds={"ours": [{"rate": 1.0}]}, conditions={"load": "light"})
    Result.of("row", "A row", measured, [0.01]).write(tmp_path)
    found = Result.read("row", tmp_path)
    assert found is not None
    assert found.figures == [figure]
    text = page([found])
    assert "| Rows | others | **0.5×** | ≥ 0.65× | **missed** |" in text
    assert "- Rows: a note" in text
    assert "- load: light" in text
    assert Result.read("another", tmp_path) is None


def test_calls_count_only_when_each_was_answered_in_full() -> None:
    said = _H2LOAD.format(succeeded=10_000, data=1_000_000)
    assert reading(said, _TARGET, 10_000) == Load(calls=10_000, seconds=1.52)
    with pytest.raises(LoadError, match="9990 succeeded"):
        reading(_H2LOAD.format(succeeded=9_990, data=1_000_000), _TARGET, 10_000)
    with pytest.raises(LoadError, match="900000 bytes"):
        reading(_H2LOAD.format(succeeded=10_000, data=900_000), _TARGET, 10_000)
    with pytest.raises(LoadError, match="did not say"):
        reading("connection refused", _TARGET, 10_000)


def test_messages_come_out_of_a_file_as_they_went_in(tmp_path: Path) -> None:
    messages = [b"", b"a", b"b" * 70_000]
    write_messages(tmp_path / "messages", messages)
    assert read_messages(tmp_path / "messages") == messages


def test_made_up_identifiers_pass_the_checks_of_the_service() -> None:
    assert [own_checks.lei(lei(number)) for number in (0, 1, 99_999_999)] == [lei(0), lei(1), lei(99_999_999)]


def test_rows_have_names_of_their_own() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
