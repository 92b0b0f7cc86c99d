"""Expressions of other rule engines as trees: ZEN (GoRules) and the part of FEEL (DMN) that looks the same.

Only what can be said in CEL with the same meaning has a node; the rest is refused by name, with its place.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

_ItemT = TypeVar("_ItemT")

MAX_DEPTH = 50


class NotUnderstoodError(ValueError):
    """An expression, or a part of one, has no counterpart here."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two languages write differently."""

    name: str
    equality: str
    """The operator of equality."""
    cell: str
    """The value of the column."""
    element: str | None
    """The element of a loop; None where there are no loops."""
    escapes: bool
    """Whether a backslash in a string means something."""


ZEN = Dialect("ZEN", "==", "$", "#", escapes=False)
FEEL = Dialect("FEEL", "=", "?", None, escapes=True)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number (as its text), a text, true, false or null."""

    kind: str
    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """An input, as the path that leads to it."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellValue:
    """The value of the column."""


@dataclass(frozen=True, slots=True)
class Element:
    """The element of the loop around."""


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    operator: str
    operand: "Tree"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands; operators are named as in CEL, besides `in`, `not in` and `??`."""

    operator: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class Choose:
    """`condition ? then : otherwise`."""

    condition: "Tree"
    then: "Tree"
    otherwise: "Tree"


@dataclass(frozen=True, slots=True)
class Apply:
    """A function by name."""

    function: str
    arguments: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """`{a: b}`."""

    entries: tuple[tuple[str, "Tree"], ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """`[a..b)`."""

    low: "Tree"
    low_included: bool
    high: "Tree"
    high_included: bool


Tree = Constant | Name | CellValue | Element | Unary | Binary | Choose | Apply | ListOf | MapOf | Interval

_TOKEN = re.compile(
    r"""\s+ | (?P<number>\d[\d_]*(?:\.(?!\.)\d+)?(?:[eE][+-]?\d+)?) | (?P<string>"(?:[^"\\]|\\.)*"|'[^']*')"""
    r"""| (?P<name>[A-Za-z_][A-Za-z0-9_]*) """
    r"""| (?P<mark>\.\.|\?\?|==|!=|<=|>=|[-+*/%^<>=!?:,.()\[\]{}#]|\$(?![A-Za-z]))""",
    re.VERBOSE,
)
_WORDS = {"and": "&&", "or": "||"}
_LEVELS: dict[str, int] = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "in": 4, "not in": 4, "??": 5,
    "+": 6, "-": 6, "*": 7, "/": 7,
}  # fmt: skip
_UNARY_LEVEL = 8
_KEYWORDS = frozenset({"and", "else", "if", "in", "not", "or", "then"})
_JOINS = {"ZEN": {",": "||", "or": "||", "and": "&&"}, "FEEL": {",": "||"}}
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def is_condition(tree: Tree) -> bool:
    """Says whether a tree answers yes or no by itself, rather than being compared with the column's value."""
    if isinstance(tree, Unary):
        return tree.operator == "!" and is_condition(tree.operand)
    if isinstance(tree, Binary):
        return tree.operator in {"&&", "||", "in", "not in", *COMPARISONS}
    if isinstance(tree, Apply):
        return tree.function in PREDICATES
    return False


PREDICATES = frozenset({"contains", "startsWith", "endsWith", "some", "all", "none", "one"})


def _is_collection(tree: Tree) -> bool:
    return isinstance(tree, ListOf | Interval)


def _tokens(source: str) -> Iterator[_Token]:
    place = 0
    while place < len(source):
        found = _TOKEN.match(source, place)
        if found is None:
            character = source[place]
            reason = {"`": "texts with parts to fill in have no counterpart", "$": "names with $ belong to the graph"}
            raise NotUnderstoodError(reason.get(character, f"{character!r} at position {place + 1} is not understood"))
        if found.lastgroup:
            yield _Token(found.lastgroup, found.group(), place)
        place = found.end()
    yield _Token("end", "", place)


class ForeignReader:
    """Reads one expression, or one cell, of a dialect."""

    def __init__(self, source: str, dialect: Dialect) -> None:
        self._dialect = dialect
        self._tokens = list(_tokens(source))
        self._place = 0
        self._depth = 0

    def expression(self) -> Tree:
        """The whole source as one expression."""
        tree = self._binary(1)
        self._expect("")
        return tree

    def cell(self) -> list[tuple[str, Tree]]:
        """The whole source as tests of the column's value: each is a condition, with what joins it to those before.

        The first is joined by nothing, others by `&&` or `||`; there is no precedence between these, as in ZEN.
        """
        tests, join = list[tuple[str, Tree]](), ""
        while True:
            tests.append((join, self._test()))
            join = _JOINS[self._dialect.name].get(self._peek(), "")
            if not join:
                break
            self._next()
        self._expect("")
        return tests

    def _test(self) -> Tree:
        text = self._peek()
        operator = "==" if text == self._dialect.equality else text
        if operator in COMPARISONS:
            self._next()
            return Binary(operator, CellValue(), self._binary(_LEVELS["=="]))
        if self._operator() in {"in", "not in"}:
            operator = self._operator()
            self._next()
            if operator == "not in":
                self._next()
            return Binary(operator, CellValue(), self._binary(_LEVELS["=="]))
        # FEEL knows `and` and `or` inside of one test, where ZEN has them between tests.
        tree = self._binary(_LEVELS["=="] if self._dialect is ZEN else 1)
        return tree if is_condition(tree) else Binary("in" if _is_collection(tree) else "==", CellValue(), tree)

    def _binary(self, level: int) -> Tree:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotUnderstoodError("it nests too deep")
        left = self._unary()
        while (operator := self._operator()) and _LEVELS[operator] >= level:
            self._next()
            if operator == "not in":
                self._next()
            left = Binary(operator, left, self._binary(_LEVELS[operator] + 1))
        if level == 1 and self._dialect is ZEN and self._peek() == "?":
            self._next()
            then = self._binary(1)
            self._expect(":")
            left = Choose(left, then, self._binary(1))
        self._depth -= 1
        return left

    def _operator(self) -> str:
        text = self._peek()
        if text in {"%", "^"}:
            raise NotUnderstoodError(f"the operator {text} has no counterpart for numbers with fractions")
        if text == "not" and self._peek(1) == "in":
            return "not in"
        text = "==" if text == self._dialect.equality else _WORDS.get(text, text)
        return text if text in _LEVELS else ""

    def _unary(self) -> Tree:
        text = self._peek()
        if text in {"-", "not", "!"}:
            self._next()
            return Unary("-" if text == "-" else "!", self._binary(_UNARY_LEVEL))
        if text == "if" and self._dialect is FEEL:
            self._next()
            condition = self._binary(1)
            self._expect("then")
            then = self._binary(1)
            self._expect("else")
            return Choose(condition, then, self._binary(1))
        return self._postfix(self._primary())

    def _postfix(self, tree: Tree) -> Tree:
        if self._peek() == "[":
            raise NotUnderstoodError("an element by its number has no counterpart: missing ones would be errors")
        if self._peek() == ".":
            raise NotUnderstoodError("a field or method of a value that is worked out has no counterpart")
        return tree

    def _primary(self) -> Tree:  # noqa: PLR0911 - One for each form.
        token = self._next()
        text = token.text
        if token.kind == "number":
            return Constant("number", text.replace("_", ""))
        if token.kind == "string":
            return Constant("string", self._string(text))
        if text in {"true", "false"}:
            return Constant("bool", text == "true")
        if text == "null":
            return Constant("null", None)
        if token.kind == "name" and text not in _KEYWORDS:
            return self._name(text)
        if text == self._dialect.cell:
            return CellValue()
        if text == self._dialect.element:
            return Element()
        if text == "{":
            return self._map()
        if text in {"[", "(", "]"}:
            return self._bracket(text)
        what = f"{text!r} is not expected here" if text else "it ends too early"
        raise NotUnderstoodError(what)

    def _string(self, text: str) -> str:
        inner = text[1:-1]
        if "\\" not in inner:
            return inner
        if not self._dialect.escapes or re.search(r'\\[^"\\nrt]', inner):
            raise NotUnderstoodError("a backslash in a text may mean several things")
        return re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], found[1]), inner)

    def _name(self, first: str) -> Tree:
        if self._peek() == "(":
            self._next()
            return Apply(first, tuple(self._items(")", lambda: self._binary(1))))
        path = [first]
        while self._peek() == ".":
            self._next()
            token = self._next()
            if token.kind != "name":
                raise NotUnderstoodError(f"a name is expected after {'.'.join(path)}.")
            path.append(token.text)
        if self._peek() == "(":
            raise NotUnderstoodError(f"the method {path[-1]} has no counterpart")
        return Name(tuple(path))

    def _bracket(self, opening: str) -> Tree:
        if opening == "[" and self._peek() == "]":
            self._next()
            return ListOf(())
        first = self._binary(1)
        if self._peek() == "..":
            self._next()
            last = self._binary(1)
            closing = self._next().text
            if closing not in {"]", ")", "["}:
                raise NotUnderstoodError("the range is not closed")
            return Interval(first, opening == "[", last, closing == "]")
        if opening == "(":
            self._expect(")")
            return first
        if opening == "]":
            raise NotUnderstoodError("']' is not expected here")
        rest = list[Tree]()
        if self._peek() == ",":
            self._next()
            rest = self._items("]", lambda: self._binary(1))
        else:
            self._expect("]")
        return ListOf((first, *rest))

    def _map(self) -> Tree:
        return MapOf(tuple(self._items("}", self._entry)))

    def _entry(self) -> tuple[str, Tree]:
        token = self._next()
        if token.kind not in {"name", "string"}:
            raise NotUnderstoodError("the key of a map is a name or a text")
        self._expect(":")
        return (token.text if token.kind == "name" else self._string(token.text)), self._binary(1)

    def _items(self, closing: str, read: Callable[[], _ItemT]) -> list[_ItemT]:
        items = list[_ItemT]()
        while self._peek() != closing:
            items.append(read())
            if self._peek() != ",":
                break
            self._next()
        self._expect(closing)
        return items

    def _peek(self, ahead: int = 0) -> str:
        token = self._tokens[min(self._place + ahead, len(self._tokens) - 1)]
        return token.text if token.kind != "string" else ""

    def _next(self) -> _Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _expect(self, text: str) -> None:
        token = self._next()
        if token.text != text or token.kind == "string":
            wanted = f"{text!r} is expected" if text else "the end is expected"
            raise NotUnderstoodError(f"{wanted} at position {token.offset + 1}, and {token.text!r} stands there")
