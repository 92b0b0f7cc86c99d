"""Splits a source text into tokens, after the grammar in github google/cel-spec (doc/langdef.md)."""

from __future__ import annotations

import re
from typing import NamedTuple

from function_backend_rules.cel.source import RefusedError, Source, Span
from function_backend_rules.cel.values import UINT_MAX, UInt


class Token(NamedTuple):
    """A token: its kind, its place, and for constants the value, for names the name."""

    kind: str
    """`ident`, `quoted`, `const`, `end`, or the operator itself."""
    span: Span
    value: object = None


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\f\r]+|//[^\n]*)
  | (?P<string>(?:[rR][bB]|[bB][rR]|[rRbB])?(?:\"\"\"|'''|"|'))
  | (?P<double>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
  | (?P<int>0[xX][0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU])?
  | (?P<ident>[_a-zA-Z][_a-zA-Z0-9]*)
  | `(?P<quoted>[^`\n]*)`
  | (?P<operator>\|\||&&|==|!=|<=|>=|[-+*/%!?:<>.,()\[\]{}])
    """,
    re.VERBOSE | re.ASCII,
)
_QUOTED = re.compile(r"[a-zA-Z0-9_.\-/ ]+", re.ASCII)
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_HEX = {"x": 2, "X": 2, "u": 4, "U": 8}
_OCTAL_DIGITS = 3
_BYTE_MAX = 255
_CODE_POINT_MAX = 0x10FFFF
_MANTISSA_DIGITS = 400
"""Digits of a number; more only keep the reader of numbers busy."""
CONSTANTS = {"true": True, "false": False, "null": None}


class Lexer:
    """Reads one source text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text

    def tokens(self) -> list[Token]:
        """All tokens, the last of kind `end`.

        Raises:
            RefusedError: something is not a token.
        """
        found: list[Token] = []
        at, end = 0, len(self._text)
        while at < end:
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise self._unknown(at)
            kind = match.lastgroup
            span = Span(at, match.end())
            if kind == "space":
                pass
            elif kind == "string":
                token = self._string(match[0], at)
                found.append(token)
                span = token.span
            elif kind == "ident":
                name = match[0]
                found.append(Token("const", span, CONSTANTS[name]) if name in CONSTANTS else Token("ident", span, name))
            elif kind == "quoted":
                if not _QUOTED.fullmatch(match["quoted"]):
                    raise self._refused(span, "a quoted name holds letters, digits, '_', '.', '-', '/' and spaces")
                found.append(Token("quoted", span, match["quoted"]))
            elif kind == "operator":
                found.append(Token(match[0], span))
            else:
                found.append(Token("const", span, self._number(match, span)))
            at = span.end
        found.append(Token("end", Span(end, end)))
        return found

    def _refused(self, span: Span, message: str, suggestion: str | None = None) -> RefusedError:
        return RefusedError((self._source.issue(span, message, suggestion),))

    def _unknown(self, at: int) -> RefusedError:
        char = self._text[at]
        meant = {"&": "&&", "|": "||", "=": "=="}.get(char)
        return self._refused(
            Span(at, at + 1), f"{char!r} is not part of the language", f"did you mean {meant}" if meant else None
        )

    def _number(self, match: re.Match[str], span: Span) -> object:
        text = match[0]
        if len(text) > _MANTISSA_DIGITS:
            raise self._refused(span, f"the number has more than {_MANTISSA_DIGITS} digits")
        if match["double"]:
            return float(text)
        digits = match["int"]
        value = int(digits, 16) if digits[:2] in {"0x", "0X"} else int(digits)
        if match["unsigned"]:
            if value > UINT_MAX:
                raise self._refused(span, "the number is larger than the largest uint, 18446744073709551615")
            return UInt(value)
        return value  # The parser looks at its range, since a minus may stand before it.

    def _string(self, opening: str, start: int) -> Token:
        prefix = opening.rstrip("\"'").lower()
        quote = opening[len(prefix) :]
        at = start + len(opening)
        raw, binary = "r" in prefix, "b" in prefix
        parts: list[bytes] = []
        text = self._text
        while True:
            if at >= len(text) or (len(quote) == 1 and text[at] in "\r\n"):
                raise self._refused(Span(start, at), f"the text is not closed: {quote} is missing")
            if text.startswith(quote, at):
                break
            if text[at] == "\\" and not raw:
                part, at = self._escape(at, binary=binary)
                parts.append(part)
                continue
            if text[at] == "\\" and at + 1 < len(text):
                # A raw text keeps both, and a quote behind a backslash does not close it.
                parts.append(self._encoded(text[at : at + 2], at))
                at += 2
                continue
            parts.append(self._encoded(text[at], at))
            at += 1
        value = b"".join(parts)
        return Token("const", Span(start, at + len(quote)), value if binary else value.decode())

    def _encoded(self, text: str, at: int) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError:
            raise self._refused(Span(at, at + 1), "half of a surrogate pair is not text") from None

    def _escape(self, at: int, *, binary: bool) -> tuple[bytes, int]:
        text = self._text
        kind = text[at + 1 : at + 2]
        if kind in _ESCAPES:
            return _ESCAPES[kind].encode(), at + 2
        if kind in _HEX and kind:
            end = at + 2 + _HEX[kind]
            digits, base = text[at + 2 : end], 16
        else:
            end = at + 1 + _OCTAL_DIGITS
            digits, base = text[at + 1 : end], 8
        span = Span(at, min(end, len(text)))
        allowed = "0123456789abcdefABCDEF" if base == 16 else "01234567"  # noqa: PLR2004
        if len(digits) != end - at - (2 if base == 16 else 1) or any(d not in allowed for d in digits):  # noqa: PLR2004
            raise self._refused(span, f"{text[at : at + 2]!r} is not an escape", r"write \\ for a backslash")
        value = int(digits, base)
        if binary and kind in "uU":
            raise self._refused(span, r"\u and \U are for text; bytes take \x")
        if binary:
            if value > _BYTE_MAX:
                raise self._refused(span, "a byte is at most 255")
            return bytes((value,)), end
        if base == 8 and value > _BYTE_MAX:  # noqa: PLR2004
            raise self._refused(span, "an octal escape is at most \\377")
        if value > _CODE_POINT_MAX or 0xD800 <= value <= 0xDFFF:  # noqa: PLR2004
            raise self._refused(span, "there is no such character")
        return chr(value).encode(), end
