import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from function_backend.kernel.call import Call, current_call
from function_backend.observability.logs import Log
from function_backend.observability.settings import LogSettings

KEY = "fbk_abcdefghijklmnopqrstuvwxyz0123456789"


class Written:
    """A log into a file, and what stands there."""

    def __init__(self, path: Path, settings: LogSettings) -> None:
        self._path = path
        self.descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.log = Log(settings, descriptor=self.descriptor)

    def text(self) -> str:
        return self._path.read_text()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Callable[..., Written]]:
    made: list[Written] = []
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def begin(settings: LogSettings | None = None) -> Written:
        made.append(Written(tmp_path / f"{len(made)}.log", settings or LogSettings()))
        return made[-1]

    yield begin
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    for written in made:
        os.close(written.descriptor)


class TestLines:
    def test_are_json_with_time_severity_and_fields(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.event("call", {"method": "/a/B", "duration_ms": 1.5})
        (line,) = written.lines()
        assert line["severity"] == "INFO"
        assert line["message"] == "call"
        assert line["method"] == "/a/B"
        assert line["time"].endswith("Z")
        assert line["pid"] == os.getpid()

    def test_on_a_terminal_are_text(self, write: Callable[..., Written]) -> None:
        written = write(LogSettings(format="text"))
        written.log.event("call", {"method": "/a/B", "note": "two words"})
        assert "INFO    call  method=/a/B note='two words'" in written.text()

    def test_below_the_level_are_not_written(self, write: Callable[..., Written]) -> None:
        written = write(LogSettings(level="warning"))
        written.log.event("call", {})
        written.log.event("call", {"code": "INTERNAL"}, level=logging.ERROR)
        assert [line["code"] for line in written.lines()] == ["INTERNAL"]

    def test_of_batches_are_whole_and_in_order_and_all_there_at_the_end(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.start(worker=3)
        for number in range(5_000):
            written.log.event("call", {"number": number})
        written.log.stop()
        assert [line["number"] for line in written.lines()] == list(range(5_000))
        assert written.lines()[0]["worker"] == 3

    def test_that_nobody_reads_do_not_stop_the_service(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        Log(LogSettings(), descriptor=writer).event("call", {})
        os.close(writer)


class TestRecordsOfLogging:
    def test_carry_their_extras_and_the_request_they_belong_to(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.install()
        token = current_call.set(Call(method="/a/B", request_id="r-1"))
        logging.getLogger("some.module").warning("look at %s", "this", extra={"dependency": "database"})
        current_call.reset(token)
        (line,) = written.lines()
        assert line["message"] == "look at this"
        assert line["logger"] == "some.module"
        assert line["dependency"] == "database"
        assert line["request_id"] == "r-1"

    def test_carry_the_exception(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.install()
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            logging.getLogger().exception("it failed")
        assert "RuntimeError: broken" in written.lines()[0]["exception"]

    def test_exceptions_of_readable_logs_follow_the_line(self, write: Callable[..., Written]) -> None:
        written = write(LogSettings(format="text"))
        written.log.install()
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            logging.getLogger().exception("it failed")
        assert written.text().splitlines()[-1] == "RuntimeError: broken"

    def test_warnings_are_lines_too(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.install()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            warnings.warn("old", UserWarning, stacklevel=1)
            logging.captureWarnings(capture=False)
        assert "old" in written.lines()[0]["message"]

    def test_installing_twice_writes_a_line_once(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.install()
        written.log.install()
        logging.getLogger().warning("once")
        assert len(written.lines()) == 1


class TestSecrets:
    def test_api_keys_do_not_appear(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.install()
        written.log.event("call", {"note": f"Bearer {KEY}"})
        logging.getLogger().error("refused %s", KEY)
        assert KEY not in written.text()
        assert written.text().count("fbk_…") == 2

    def test_passwords_of_urls_do_not_appear(self, write: Callable[..., Written]) -> None:
        written = write()
        written.log.install()
        logging.getLogger().error("cannot reach postgresql://app:hunter2@db/companies")
        assert "hunter2" not in written.text()
        assert "postgresql://app:…@db/companies" in written.text()
