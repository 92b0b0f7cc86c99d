"""Log lines: one JSON object each for machines, one readable line each on a terminal, never a secret."""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from function_backend.kernel.call import current_call
from function_backend.observability.line_writer import LineWriter
from function_backend.observability.settings import LogSettings

_DOTS = "…".encode()
_API_KEY = re.compile(rb"fbk_[A-Za-z0-9_\-]+")
_URL_PASSWORD = re.compile(rb"(://[^/\s:@\"]*:)[^@\s\"]+@")
_STANDARD_ATTRIBUTES = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime"}
_COLOURS = {"DEBUG": "\x1b[2m", "WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31;1m"}


class Log:
    """The log of one process, on standard error unless told otherwise."""

    def __init__(self, settings: LogSettings, *, descriptor: int | None = None) -> None:
        self._descriptor = sys.stderr.fileno() if descriptor is None else descriptor
        self._text = settings.format == "text" or (settings.format == "auto" and os.isatty(self._descriptor))
        self._colour = self._text and os.isatty(self._descriptor)
        self._level = logging.getLevelNamesMapping()[settings.level.upper()]
        self._writer = LineWriter(self._descriptor)
        self._constant: dict[str, object] = {"pid": os.getpid()}

    def start(self, **constant: object) -> None:
        """From here on lines leave in small batches from a thread of their own, and carry these fields too.

        Called once the process has forked for the last time: a thread does not survive a fork.
        """
        self._constant = {"pid": os.getpid(), **constant}
        self._writer.start()

    def stop(self) -> None:
        """Writes what is still buffered; lines that come later are written one by one."""
        self._writer.stop()

    def install(self) -> None:
        """Sends the records of `logging` here, warnings included."""
        root = logging.getLogger()
        for handler in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
            root.removeHandler(handler)
        root.addHandler(_Handler(self))
        root.setLevel(self._level)
        logging.captureWarnings(capture=True)

    def enabled(self, level: int) -> bool:
        """Whether lines of this severity are written."""
        return level >= self._level

    def event(
        self,
        message: str,
        fields: Mapping[str, object],
        *,
        level: int = logging.INFO,
        moment: datetime | None = None,
    ) -> None:
        """Writes one line with its fields; the way for lines of every call, past `logging` and its cost.

        `moment` is when it happened, for what is written later; now when absent.
        """
        if level < self._level:
            return
        line = self._render(moment or datetime.now(UTC), logging.getLevelName(level), message, fields)
        if b"fbk_" in line:
            line = _API_KEY.sub(b"fbk_" + _DOTS, line)
        self._writer.write(line)

    def record(self, record: logging.LogRecord) -> None:
        """Writes one record of `logging`, with whatever was handed over as `extra`."""
        fields: dict[str, object] = {"logger": record.name}
        fields.update((name, value) for name, value in record.__dict__.items() if name not in _STANDARD_ATTRIBUTES)
        call = current_call.get()
        if call is not None:
            fields.setdefault("request_id", call.request_id)
        if record.exc_info:
            fields["exception"] = "".join(traceback.format_exception(*record.exc_info))
        moment = datetime.fromtimestamp(record.created, UTC)
        line = self._render(moment, record.levelname, record.getMessage(), fields)
        line = _URL_PASSWORD.sub(b"\\1" + _DOTS + b"@", _API_KEY.sub(b"fbk_" + _DOTS, line))
        self._writer.write(line, urgent=record.levelno >= logging.WARNING)

    def _render(self, moment: datetime, level: str, message: str, fields: Mapping[str, object]) -> bytes:
        if self._text:
            return self._readable(moment, level, message, fields)
        whole = {"time": moment, "severity": level, "message": message, **self._constant, **fields}
        return orjson.dumps(whole, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)

    def _readable(self, moment: datetime, level: str, message: str, fields: Mapping[str, object]) -> bytes:
        rest = {**self._constant, **fields}
        rest.pop("pid", None)
        trace = rest.pop("exception", "")
        pairs = " ".join(f"{name}={_shown(value)}" for name, value in rest.items())
        text = f"{moment.astimezone():%H:%M:%S}.{moment.microsecond // 1000:03} {level:<7} {message}  {pairs}".rstrip()
        if trace:
            text = f"{text}\n{trace}".rstrip()
        colour = _COLOURS.get(level) if self._colour else None
        return (f"{colour}{text}\x1b[0m\n" if colour else f"{text}\n").encode(errors="replace")


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log.record(record)
        except Exception:  # noqa: BLE001 - a line that cannot be written must not fail the work it speaks of
            self.handleError(record)


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever a line carries
    text = str(value)
    return repr(text) if not text or any(character.isspace() for character in text) else text
