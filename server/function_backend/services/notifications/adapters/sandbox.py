"""A Jinja environment in which a template can do nothing but put values in, choose and repeat.

Two fences stand one behind the other. What a template may consist of is a short list, checked before anything of it is
compiled: no calls, no arithmetic, no assignments, macros or includes, so that no operation of a template takes longer
than its operands are long. Jinja's own sandbox stands behind it (`ImmutableSandboxedEnvironment`), with access to
members of plain values alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from function_backend.services.notifications.adapters.template_filters import FILTERS, TESTS
from function_backend.services.notifications.domain.template import RESERVED

_MOST_TOKENS = 5_000
_MOST_TOKENS_OF_TAG = 100
_DEEPEST = 8
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.CondExpr,
    nodes.If,
    nodes.For,
    nodes.Tuple,
    nodes.Keyword,
)
_LOOP_MEMBERS = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})
_WORDS = {
    "Call": "calls",
    "Include": "include",
    "Import": "import",
    "FromImport": "import",
    "Extends": "extends",
    "Macro": "macro",
    "CallBlock": "call",
    "Assign": "set",
    "AssignBlock": "set",
    "FilterBlock": "filter blocks",
    "Block": "block",
    "With": "with",
    "Slice": "slices",
    "List": "lists",
    "Dict": "dictionaries",
}


class ForbiddenError(Exception):
    """The template has something in it that templates may not have."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")


class Sandbox(ImmutableSandboxedEnvironment):
    """See the module. One for text, one with `autoescape` for HTML."""

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(autoescape=autoescape, undefined=StrictUndefined, cache_size=0, keep_trailing_newline=True)
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals = {}

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401  whatever stands in a template
        """As `getitem`: `a.b` and `a["b"]` are the same."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ANN401
        """A member of a plain value; no attribute of any object, whatever its name."""
        if isinstance(obj, dict) and isinstance(argument, str) and dict.__contains__(obj, argument):
            return dict.__getitem__(obj, argument)
        if isinstance(obj, list) and type(argument) is int and -len(obj) <= argument < len(obj):
            return list.__getitem__(obj, argument)
        if isinstance(obj, LoopContext) and argument in _LOOP_MEMBERS:
            return getattr(obj, argument)
        return self.undefined(hint=f"there is no member {str(argument)[:60]!r}")

    def examined(self, source: str, declared: frozenset[str]) -> nodes.Template:
        """The template as a tree that has only what is allowed in it. Raises ForbiddenError."""
        try:
            self._refuse_long(source)
            tree = self.parse(source)
        except TemplateSyntaxError as error:
            raise ForbiddenError(error.lineno, error.message or "cannot be read") from None
        except (RecursionError, ValueError, MemoryError):
            # Numbers with more digits than Python reads are ValueErrors of the lexer.
            raise ForbiddenError(1, "is too deeply nested, or has too long a number") from None
        _Examination(declared, known_filters=frozenset(self.filters), known_tests=frozenset(self.tests)).of(tree)
        return tree

    def _refuse_long(self, source: str) -> None:
        """Before it is parsed: the parser and the compiler call themselves once per level."""
        depth = of_tag = 0
        for number, (line, kind, value) in enumerate(self._code(source), start=1):
            if number > _MOST_TOKENS:
                raise ForbiddenError(line, f"has more than {_MOST_TOKENS} words and signs in tags")
            if kind in ("block_begin", "variable_begin"):
                of_tag = 0
            of_tag += 1
            if of_tag > _MOST_TOKENS_OF_TAG:
                raise ForbiddenError(line, f"has a tag with more than {_MOST_TOKENS_OF_TAG} words and signs")
            if of_tag == 2 and kind == "name":  # noqa: PLR2004  the word after the beginning of the tag
                depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(value, 0)
            if depth > _DEEPEST:
                raise ForbiddenError(line, f"nests more than {_DEEPEST} tags")

    def _code(self, source: str) -> Iterator[tuple[int, str, str]]:
        return (each for each in self.lex(source) if each[1] not in ("whitespace", "data"))


class _Examination:
    def __init__(self, declared: frozenset[str], *, known_filters: frozenset[str], known_tests: frozenset[str]) -> None:
        self._names = declared | RESERVED
        self._filters = known_filters
        self._tests = known_tests

    def of(self, tree: nodes.Template) -> None:
        targets = {
            name.name
            for loop in tree.find_all(nodes.For)
            for name in _and_below(loop.target)
            if isinstance(name, nodes.Name)
        }
        known = self._names | targets | ({"loop"} if targets else set())
        for node in _and_below(tree):
            self._examine(node, known)

    def _examine(self, node: nodes.Node, known: set[str] | frozenset[str]) -> None:
        kind = type(node).__name__
        if not isinstance(node, _ALLOWED):
            what = _WORDS.get(kind, "arithmetic" if isinstance(node, nodes.BinExpr) else kind)
            raise ForbiddenError(node.lineno, f"templates have no {what}")
        if isinstance(node, nodes.For) and (node.recursive or node.test is not None):
            raise ForbiddenError(node.lineno, "loops are neither recursive nor filtered")
        if isinstance(node, nodes.Tuple) and node.ctx != "store":
            raise ForbiddenError(node.lineno, "templates have no lists")
        if isinstance(node, nodes.Name) and node.name not in known:
            raise ForbiddenError(node.lineno, f"the variable '{node.name}' is not declared")
        member = node.attr if isinstance(node, nodes.Getattr) else None
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            member = node.arg.value
        if isinstance(member, str) and member.startswith("_"):
            raise ForbiddenError(node.lineno, "members that begin with '_' are not there for templates")
        if isinstance(node, nodes.Filter) and node.name not in self._filters:
            raise ForbiddenError(node.lineno, f"there is no filter '{node.name}'; there are {_listed(self._filters)}")
        if isinstance(node, nodes.Test) and node.name not in self._tests:
            raise ForbiddenError(node.lineno, f"there is no test '{node.name}'; there are {_listed(self._tests)}")
        if isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs or node.kwargs):
            raise ForbiddenError(node.lineno, "arguments are given by their place")


def _and_below(node: nodes.Node) -> Iterator[nodes.Node]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.iter_child_nodes())


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
