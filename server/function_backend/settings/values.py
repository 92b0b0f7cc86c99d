"""Values of settings as text: reading them, and showing them without what is secret."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from function_backend.kernel.secret import Secret

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+)\s*(KiB|MiB|GiB)")
_SIZES = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^@\s]+@")


class UnfitValueError(ValueError):
    """The value is not what the setting takes; the message says what was expected."""


def parse(kind: Any, raw: object) -> object:  # noqa: ANN401 - a type as annotations hold it
    """The value of this type that a text, or a value of a TOML file, says; UnfitValueError says what was expected."""
    if get_origin(kind) in (Union, types.UnionType):
        return _parse_optional(kind, raw)
    if get_origin(kind) is Literal:
        return _parse_choice(get_args(kind), raw)
    if get_origin(kind) is tuple:
        return _parse_list(get_args(kind)[0], raw)
    parser = _PARSERS.get(kind)
    if parser is None:
        raise TypeError(f"settings cannot be of type {kind!r}")
    return parser(raw)


def show(value: object, *, sensitive: bool) -> str:
    """The value for people: what was set where it is harmless, and no password or key."""
    if isinstance(value, tuple):
        return ",".join(show(item, sensitive=sensitive) for item in value)
    text = _plain(value)
    if "://" in text:
        return _URL_PASSWORD.sub(r"\1…@", text)
    return "…" if sensitive and text else text


def show_span(span: timedelta) -> str:
    """The span in the largest unit that needs no fraction, such as `90s` or `250ms`."""
    seconds = span.total_seconds()
    if seconds != int(seconds):
        return f"{seconds * 1000:g}ms"
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return show_span(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parse_optional(kind: Any, raw: object) -> object:  # noqa: ANN401
    (inner,) = (choice for choice in get_args(kind) if choice is not type(None))
    return None if raw is None or raw == "" else parse(inner, raw)


def _parse_choice(choices: tuple[object, ...], raw: object) -> object:
    if raw not in choices:
        raise UnfitValueError(f"expected one of {', '.join(map(str, choices))}")
    return raw


def _parse_list(kind: Any, raw: object) -> tuple[object, ...]:  # noqa: ANN401
    if isinstance(raw, str):
        raw = [part.strip() for part in raw.split(",") if part.strip()]
    if not isinstance(raw, list):
        raise UnfitValueError("expected a list, or text with commas")
    return tuple(parse(kind, item) for item in raw)


def _parse_bool(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in _TRUE | _FALSE:
        return raw.strip().lower() in _TRUE
    raise UnfitValueError("expected true or false")


def _parse_int(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        if size := _SIZE.fullmatch(raw.strip()):
            return int(size[1]) * _SIZES[size[2]]
        if re.fullmatch(r"[+-]?\d[\d_]*", raw.strip()):
            return int(raw)
    raise UnfitValueError("expected a whole number")


def _parse_float(raw: object) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return float(raw)
    try:
        return float(str(raw))
    except ValueError:
        raise UnfitValueError("expected a number") from None


def _parse_text(raw: object) -> str:
    if not isinstance(raw, str):
        raise UnfitValueError("expected text")
    return raw


def _parse_span(raw: object) -> timedelta:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return timedelta(seconds=raw)
    text = str(raw).strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return timedelta(seconds=float(text))
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise UnfitValueError("expected a span of time such as 250ms, 30s or 5m")
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))


def _parse_path(raw: object) -> Path:
    return Path(_parse_text(raw)).expanduser()


def _parse_secret(raw: object) -> Secret:
    return Secret(_parse_text(raw))


_PARSERS: Mapping[Any, Any] = {
    bool: _parse_bool,
    int: _parse_int,
    float: _parse_float,
    str: _parse_text,
    timedelta: _parse_span,
    Path: _parse_path,
    Secret: _parse_secret,
}
