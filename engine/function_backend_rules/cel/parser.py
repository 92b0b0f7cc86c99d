"""Reads an expression into its syntax tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from function_backend_rules.cel import macros
from function_backend_rules.cel.lexer import Lexer, Token
from function_backend_rules.cel.nodes import (
    Call,
    Conditional,
    Entry,
    FieldEntry,
    Ident,
    ListLiteral,
    Literal,
    Logic,
    MapLiteral,
    MessageLiteral,
    Node,
    Select,
)
from function_backend_rules.cel.source import RefusedError, Source, Span
from function_backend_rules.cel.values import INT_MAX

RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
})  # fmt: skip
_RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "in"})
_BINARY = ({"+", "-"}, {"*", "/", "%"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an expression may be."""

    length: int = 20_000
    """Code points of the source."""
    nesting: int = 60
    """How deep parentheses, lists, calls and the like may stand in each other."""
    depth: int = 160
    """Depth of the syntax tree, which chains such as `a + b + c` add to as well."""
    nodes: int = 20_000
    cost: int = 10_000_000
    """Estimated steps in the worst case."""


class Parser:
    """Reads one expression."""

    def __init__(self, text: str, limits: Limits, *, with_macros: bool = True) -> None:
        self.source = Source(text)
        self._limits = limits
        self._with_macros = with_macros
        if len(text) > limits.length:
            raise self.refused(
                Span(limits.length, limits.length + 1),
                f"the expression has {len(text)} characters, more than {limits.length}",
                "split it into several rules",
            )
        self._tokens = Lexer(self.source).tokens()
        self._at = 0
        self._nesting = 0
        self._nodes = 0

    def parse(self) -> Node:
        """The tree.

        Raises:
            RefusedError: the text is not an expression, or is too large.
        """
        try:
            root = self._expression()
        except RecursionError:  # The caller stands deep in its stack already.
            raise self.refused(self._token().span, "the expression nests too deep", "split it up") from None
        token = self._token()
        if token.kind != "end":
            raise self.refused(token.span, f"{self._shown(token)} is not expected here")
        self._check_depth(root)
        return root

    def new_id(self) -> int:
        """The id of the next node."""
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            span = self._token().span
            raise self.refused(span, f"the expression has more than {self._limits.nodes} parts", "split it up")
        return self._nodes

    def refused(self, span: Span, message: str, suggestion: str | None = None) -> RefusedError:
        """The error of one issue."""
        return RefusedError((self.source.issue(span, message, suggestion),))

    # Tokens.

    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _is(self, *kinds: str) -> bool:
        return self._tokens[self._at].kind in kinds

    def _accept(self, kind: str) -> bool:
        if self._tokens[self._at].kind == kind:
            self._at += 1
            return True
        return False

    def _expect(self, kind: str, after: str) -> Token:
        token = self._next()
        if token.kind != kind:
            raise self.refused(token.span, f"{kind!r} is expected {after}, not {self._shown(token)}")
        return token

    def _shown(self, token: Token) -> str:
        return "the end" if token.kind == "end" else repr(self.source.text[token.span.start : token.span.end])

    # Expressions, weakest binding first.

    def _expression(self) -> Node:
        self._nesting += 1
        if self._nesting > self._limits.nesting:
            raise self.refused(
                self._token().span, f"the expression nests deeper than {self._limits.nesting}", "split it up"
            )
        condition = self._logic("||")
        if self._accept("?"):
            then = self._logic("||")
            self._expect(":", "between the two outcomes of '?'")
            otherwise = self._expression()
            condition = Conditional(
                id=self.new_id(),
                span=Span(condition.span.start, otherwise.span.end),
                condition=condition,
                then=then,
                otherwise=otherwise,
            )
        self._nesting -= 1
        return condition

    def _logic(self, operator: str) -> Node:
        def term() -> Node:
            return self._logic("&&") if operator == "||" else self._relation()

        first = term()
        if not self._is(operator):
            return first
        terms = [first]
        while self._accept(operator):
            terms.append(term())
        return Logic(
            id=self.new_id(),
            span=Span(first.span.start, terms[-1].span.end),
            conjunction=operator == "&&",
            terms=terms,
        )

    def _relation(self) -> Node:
        left = self._binary(0)
        while True:
            token = self._token()
            operator = str(token.value) if token.kind == "ident" else token.kind
            if operator not in _RELATIONS:
                return left
            self._at += 1
            right = self._binary(0)
            left = self._operator("@in" if operator == "in" else f"_{operator}_", left, right)

    def _binary(self, level: int) -> Node:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while self._token().kind in _BINARY[level]:
            operator = self._next().kind
            left = self._operator(f"_{operator}_", left, self._binary(level + 1))
        return left

    def _operator(self, function: str, left: Node, right: Node) -> Node:
        return Call(
            id=self.new_id(),
            span=Span(left.span.start, right.span.end),
            function=function,
            target=None,
            args=[left, right],
        )

    def _unary(self) -> Node:
        token = self._token()
        if token.kind not in {"!", "-"}:
            return self._member()
        self._at += 1
        if token.kind == "-" and self._token().kind == "-":
            # Two of them are none, also of the number that has no opposite: so do the other engines read it.
            self._at += 1
            return self._unary()
        operand = self._token()
        if token.kind == "-" and operand.kind == "const" and type(operand.value) in {int, float}:
            self._at += 1
            value = -operand.value  # type: ignore[operator]  # A number, as was just seen.
            span = Span(token.span.start, operand.span.end)
            return self._members(self._literal(value, span))
        self._nesting += 1
        if self._nesting > self._limits.nesting:
            raise self.refused(token.span, f"the expression nests deeper than {self._limits.nesting}")
        inner = self._unary()
        self._nesting -= 1
        span = Span(token.span.start, inner.span.end)
        return Call(id=self.new_id(), span=span, function=f"{token.kind}_", target=None, args=[inner])

    def _literal(self, value: object, span: Span) -> Node:
        if type(value) is int and not -INT_MAX - 1 <= value <= INT_MAX:
            raise self.refused(span, "the number is outside the range of int, ±2⁶³", "write 1e19 for a double")
        return Literal(id=self.new_id(), span=span, value=value)

    def _member(self) -> Node:
        return self._members(self._primary())

    def _members(self, node: Node) -> Node:
        while True:
            if self._accept("."):
                node = self._selection(node)
            elif self._accept("["):
                optional = self._accept("?")
                index = self._expression()
                end = self._expect("]", "behind an index").span.end
                node = Call(
                    id=self.new_id(),
                    span=Span(node.span.start, end),
                    function="_[?_]" if optional else "_[_]",
                    target=None,
                    args=[node, index],
                )
            elif self._is("{") and (name := _qualified_name(node)) is not None:
                node = self._message(node, name)
            else:
                return node

    def _selection(self, operand: Node) -> Node:
        optional = self._accept("?")
        token = self._next()
        if token.kind not in {"ident", "quoted"}:
            raise self.refused(token.span, f"a name is expected behind '.', not {self._shown(token)}")
        name = str(token.value)
        if token.kind == "ident" and name == "in":
            raise self.refused(token.span, "'in' is a word of the language", "write it in back quotes: `in`")
        if token.kind == "ident" and not optional and self._is("("):
            return self._call(operand, name, token.span)
        span = Span(operand.span.start, token.span.end)
        return Select(id=self.new_id(), span=span, operand=operand, field=name, optional=optional)

    def _call(self, target: Node | None, name: str, span: Span) -> Node:
        self._expect("(", "behind the name of a function")
        arguments = self._list(")")
        end = self._tokens[self._at - 1].span.end
        start = target.span.start if target is not None else span.start
        call = Call(id=self.new_id(), span=Span(start, end), function=name, target=target, args=arguments)
        return (macros.expand(self, call) if self._with_macros else None) or call

    def _list(self, closing: str) -> list[Node]:
        found: list[Node] = []
        while not self._accept(closing):
            found.append(self._expression())
            if not self._accept(","):
                self._expect(closing, "or ',' behind an element")
                break
            if closing == ")" and self._is(closing):
                raise self.refused(self._token().span, "an argument is expected behind ','")
        return found

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "const":
            return self._literal(token.value, token.span)
        if token.kind == "ident":
            return self._name(token, "")
        if token.kind == ".":
            name = self._next()
            if name.kind != "ident":
                raise self.refused(name.span, f"a name is expected behind '.', not {self._shown(name)}")
            return self._name(name, ".")
        if token.kind == "(":
            inner = self._expression()
            end = self._expect(")", "to close '('").span.end
            inner.span = Span(token.span.start, end)
            return inner
        if token.kind == "[":
            return self._list_literal(token)
        if token.kind == "{":
            return self._map_literal(token)
        suggestion = None
        if token.kind == "quoted":
            suggestion = "names in back quotes stand behind a dot, as in message.`field`"
        raise self.refused(token.span, f"a value is expected, not {self._shown(token)}", suggestion)

    def _name(self, token: Token, root: str) -> Node:
        name = str(token.value)
        if name in RESERVED or name == "in":
            raise self.refused(token.span, f"{name!r} is reserved and cannot be a name", _reserved_hint(name))
        if self._is("("):
            return self._call(None, root + name, token.span)
        span = Span(token.span.start - len(root), token.span.end)
        return Ident(id=self.new_id(), span=span, name=root + name)

    def _list_literal(self, opening: Token) -> Node:
        elements: list[Node] = []
        optional: set[int] = set()
        while not self._accept("]"):
            if self._accept("?"):
                optional.add(len(elements))
            elements.append(self._expression())
            if not self._accept(","):
                self._expect("]", "or ',' behind an element")
                break
        span = Span(opening.span.start, self._tokens[self._at - 1].span.end)
        return ListLiteral(id=self.new_id(), span=span, elements=elements, optional=frozenset(optional))

    def _map_literal(self, opening: Token) -> Node:
        entries: list[Entry] = []
        while not self._accept("}"):
            optional = self._accept("?")
            key = self._expression()
            self._expect(":", "between key and value")
            entries.append(Entry(key, self._expression(), optional))
            if not self._accept(","):
                self._expect("}", "or ',' behind an entry")
                break
        span = Span(opening.span.start, self._tokens[self._at - 1].span.end)
        return MapLiteral(id=self.new_id(), span=span, entries=entries)

    def _message(self, node: Node, name: str) -> Node:
        self._next()
        fields: list[FieldEntry] = []
        while not self._accept("}"):
            optional = self._accept("?")
            token = self._next()
            if token.kind not in {"ident", "quoted"}:
                raise self.refused(token.span, f"the name of a field is expected, not {self._shown(token)}")
            self._expect(":", "between field and value")
            fields.append(FieldEntry(str(token.value), token.span, self._expression(), optional))
            if not self._accept(","):
                self._expect("}", "or ',' behind a field")
                break
        span = Span(node.span.start, self._tokens[self._at - 1].span.end)
        return MessageLiteral(id=self.new_id(), span=span, name=name, fields=fields)

    def _check_depth(self, root: Node) -> None:
        level: Iterable[Node] = (root,)
        for _ in range(self._limits.depth):
            level = [child for node in level for child in node.children()]
            if not level:
                return
        node = next(iter(level))
        raise self.refused(
            node.span, f"the expression is deeper than {self._limits.depth}", "split chains with parentheses or rules"
        )


def _reserved_hint(name: str) -> str | None:
    if name == "function":
        return "leave the package out: messages and enums of the inputs' package go by their own names"
    return None


def _qualified_name(node: Node) -> str | None:
    """`a.b.c` when the node is written so."""
    parts: list[str] = []
    while isinstance(node, Select) and not node.test and not node.optional:
        parts.append(node.field)
        node = node.operand
    if not isinstance(node, Ident):
        return None
    return ".".join([node.name, *reversed(parts)])
