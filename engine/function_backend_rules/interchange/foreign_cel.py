"""From the trees of other engines to CEL: first the types of all names are found, then the source is written.

Numbers of other engines are decimals or doubles without a kind of whole numbers, so all become doubles.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from function_backend_rules.interchange import foreign_types
from function_backend_rules.interchange.foreign_syntax import (
    Apply,
    Binary,
    CellValue,
    Choose,
    Constant,
    Element,
    Interval,
    ListOf,
    MapOf,
    Name,
    NotUnderstoodError,
    Tree,
    Unary,
)
from function_backend_rules.interchange.foreign_types import Unknown
from function_backend_rules.tables.domains import cel_text

_RESERVED = {
    "as", "break", "cell", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
    "namespace", "now", "null", "package", "return", "true", "var", "void", "while",
}  # fmt: skip
_METHODS = {"startsWith": "startsWith", "endsWith": "endsWith"}
_TEXT_FUNCTIONS = {"upper": "upperAscii", "lower": "lowerAscii", "trim": "trim"}
_NUMBER_FUNCTIONS = ("abs", "floor", "ceil", "round")
_LOOPS = {"some": "exists", "all": "all", "one": "exists_one", "none": "exists"}
_DATES = ("date", "date_and_time")
_ELEMENT = "element"


@dataclass(slots=True)
class Translation:
    """The expressions of one table, with the names that they use and what had to be assumed of them."""

    dates: bool = False
    """Whether `date("2026-01-31")` is a point in time; in ZEN it is a number."""
    names: dict[tuple[str, ...], Unknown] = field(default_factory=dict)
    assumptions: dict[str, None] = field(default_factory=dict)
    _inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _elements: list[Unknown] = field(default_factory=list)
    _undecided: list[tuple[Unknown, Unknown, str]] = field(default_factory=list)

    def assume(self, what: str) -> None:
        """Notes what the other engine does not say, once."""
        self.assumptions.setdefault(what)

    def input_of(self, path: tuple[str, ...]) -> str:
        """Gives the name of the input for a path such as `customer.tier`: `customer_tier`."""
        name = re.sub(r"[^A-Za-z0-9_]", "_", "_".join(path)).lstrip("_") or "input"
        name = f"input_{name}" if name[0].isdigit() or name in _RESERVED else name
        while self._inputs.setdefault(name, path) != path:
            name += "_"
        return name

    def type_of(self, tree: Tree, cell: Unknown | None) -> Unknown:
        """Finds the type of a tree, and what it says of the types of names. `cell` is that of the column's value.

        Raises:
            NotUnderstoodError: It has no counterpart, or contradicts itself.
        """
        if isinstance(tree, Unary | Binary | Choose | Apply):
            return self._type_of_operation(tree, cell)
        if isinstance(tree, ListOf):
            return foreign_types.list_of(self._all_alike(tree.items, cell, "an element of the list"))
        if isinstance(tree, MapOf):
            for _, value in tree.entries:
                self.type_of(value, cell)
            return Unknown("map")
        return self._type_of_leaf(tree, cell)

    def _type_of_leaf(self, tree: Constant | Name | CellValue | Element | Interval, cell: Unknown | None) -> Unknown:
        if isinstance(tree, Constant):
            kind = {"number": "double", "string": "string", "bool": "bool"}.get(tree.kind)
            return Unknown(kind, nullable=tree.kind == "null")
        if isinstance(tree, Name):
            return self.names.setdefault(tree.path, Unknown())
        if isinstance(tree, CellValue) and cell is not None:
            return cell
        if isinstance(tree, Element) and self._elements:
            return self._elements[-1]
        if isinstance(tree, Interval):
            raise NotUnderstoodError("a range stands behind `in` or alone in a cell")
        what = "$ stands where there is no column" if isinstance(tree, CellValue) else "# stands outside of a loop"
        raise NotUnderstoodError(what)

    def _type_of_operation(self, tree: Unary | Binary | Choose | Apply, cell: Unknown | None) -> Unknown:
        if isinstance(tree, Unary):
            wanted = foreign_types.number() if tree.operator == "-" else foreign_types.truth()
            self.type_of(tree.operand, cell).must_be(wanted, self._shown(tree.operand))
            return wanted
        if isinstance(tree, Choose):
            self.type_of(tree.condition, cell).must_be(foreign_types.truth(), self._shown(tree.condition))
            return self._all_alike((tree.then, tree.otherwise), cell, "the outcome")
        if isinstance(tree, Apply):
            return self._type_of_call(tree, cell)
        return self._type_of_binary(tree, cell)

    def _type_of_binary(self, tree: Binary, cell: Unknown | None) -> Unknown:
        operator = tree.operator
        if operator in {"in", "not in"}:
            self._membership(tree, cell)
            return foreign_types.truth()
        left, right = self.type_of(tree.left, cell), self.type_of(tree.right, cell)
        if operator == "??":
            raise NotUnderstoodError("?? has no counterpart: inputs here are there, or declared as optional")
        if operator in {"&&", "||"}:
            for kind, operand in ((left, tree.left), (right, tree.right)):
                kind.must_be(foreign_types.truth(), self._shown(operand))
            return foreign_types.truth()
        left.must_be(right, self._shown(tree.left))
        if operator in {"-", "*", "/"}:
            self.assume(
                "numbers are doubles here: fractions are those of doubles, and a division by zero is no failure"
            )
            left.must_be(foreign_types.number(), self._shown(tree.left))
        elif operator in {"<", "<=", ">", ">="} and left.found().kind == "bool":
            raise NotUnderstoodError("true and false have no order")
        return left if operator in {"+", "-", "*", "/"} else foreign_types.truth()

    def _membership(self, tree: Binary, cell: Unknown | None) -> None:
        left = self.type_of(tree.left, cell)
        if isinstance(tree.right, Interval):
            for end in (tree.right.low, tree.right.high):
                self.type_of(end, cell).must_be(left, self._shown(tree.left))
        else:
            wanted = foreign_types.list_of(left)
            self.type_of(tree.right, cell).must_be(wanted, self._shown(tree.right))

    def _type_of_call(self, tree: Apply, cell: Unknown | None) -> Unknown:
        name, arguments = tree.function, tree.arguments
        if name in _LOOPS and len(arguments) == 2:  # noqa: PLR2004 - A list and a condition.
            element = Unknown()
            self.type_of(arguments[0], cell).must_be(foreign_types.list_of(element), self._shown(arguments[0]))
            self._elements.append(element)
            self.type_of(arguments[1], cell).must_be(foreign_types.truth(), self._shown(arguments[1]))
            self._elements.pop()
            return foreign_types.truth()
        if name in {"min", "max"} and len(arguments) == 1 and isinstance(arguments[0], ListOf) and arguments[0].items:
            return self._of_kind(foreign_types.number(), arguments[0].items, cell)
        if self.dates and name in _DATES and len(arguments) == 1 and _timestamp(arguments[0]):
            if name == "date":
                self.assume("a date is its first moment in UTC")
            return Unknown("timestamp")
        if name in _METHODS and len(arguments) == 2:  # noqa: PLR2004 - A text and its part.
            self._of_kind(foreign_types.text(), arguments, cell)
            return foreign_types.truth()
        if name == "contains" and len(arguments) == 2:  # noqa: PLR2004 - As above.
            return self._type_of_contains(arguments, cell)
        if len(arguments) == 1 and name in {*_TEXT_FUNCTIONS, *_NUMBER_FUNCTIONS, "number", "len"}:
            return self._type_of_plain_call(name, arguments, cell)
        raise NotUnderstoodError(f"the function {name} has no counterpart with the same meaning")

    def _type_of_plain_call(self, name: str, arguments: Sequence[Tree], cell: Unknown | None) -> Unknown:
        if name == "len":
            self.type_of(arguments[0], cell)
            return foreign_types.number()
        if name in {"upper", "lower"}:
            self.assume(f"{name}() changes letters beyond A to Z in the other engine; here it leaves them")
        if name == "number":
            self.assume("number() of a text that is no number fails here; the other engine goes on without a value")
        kind = foreign_types.number() if name in _NUMBER_FUNCTIONS else foreign_types.text()
        found = self._of_kind(kind, arguments, cell)
        return foreign_types.number() if name == "number" else found

    def _type_of_contains(self, arguments: Sequence[Tree], cell: Unknown | None) -> Unknown:
        whole, part = self.type_of(arguments[0], cell), self.type_of(arguments[1], cell)
        shown = self._shown(arguments[0])
        if whole.found().kind == "list":
            whole.must_be(foreign_types.list_of(part), shown)
        elif whole.found().kind:
            for kind in (whole, part):
                kind.must_be(foreign_types.text(), shown)
        else:
            self._undecided.append((whole, part, shown))
        return foreign_types.truth()

    def settle(self) -> None:
        """Decides what only the other expressions could tell; to be called when all types were asked for.

        Raises:
            NotUnderstoodError: Something contradicts itself.
        """
        for whole, part, shown in self._undecided:
            if whole.found().kind == "list":
                whole.must_be(foreign_types.list_of(part), shown)
                continue
            if not whole.found().kind:
                self.assume(f"{shown} is a text: contains() may also ask a list")
            for kind in (whole, part):
                kind.must_be(foreign_types.text(), shown)
        self._undecided.clear()

    def _of_kind(self, wanted: Unknown, trees: Sequence[Tree], cell: Unknown | None) -> Unknown:
        for tree in trees:
            self.type_of(tree, cell).must_be(wanted, self._shown(tree))
        return wanted

    def _all_alike(self, trees: Sequence[Tree], cell: Unknown | None, what: str) -> Unknown:
        common = Unknown()
        for tree in trees:
            self.type_of(tree, cell).must_be(common, what)
        return common

    def _shown(self, tree: Tree) -> str:
        if isinstance(tree, Name):
            return ".".join(tree.path)
        return "the value of the column" if isinstance(tree, CellValue) else "one side"

    def cel(self, tree: Tree, cell: Unknown | None) -> str:
        """Writes a tree whose types were found."""
        if isinstance(tree, ListOf):
            return f"[{', '.join(self.cel(item, cell) for item in tree.items)}]"
        if isinstance(tree, MapOf):
            return "{" + ", ".join(f"{cel_text(key)}: {self.cel(value, cell)}" for key, value in tree.entries) + "}"
        if isinstance(tree, Choose):
            parts = [self._inner(part, cell) for part in (tree.condition, tree.then, tree.otherwise)]
            return f"{parts[0]} ? {parts[1]} : {parts[2]}"
        if isinstance(tree, Apply):
            return self._call(tree, cell)
        if isinstance(tree, Binary):
            return self._binary(tree, cell)
        return self._leaf(tree, cell)

    def _leaf(self, tree: Constant | Name | CellValue | Element | Unary | Interval, cell: Unknown | None) -> str:
        if isinstance(tree, Constant):
            return _constant(tree)
        if isinstance(tree, Name):
            return self.input_of(tree.path)
        if isinstance(tree, Unary):
            return f"{tree.operator}{self._inner(tree.operand, cell)}"
        return "cell" if isinstance(tree, CellValue) else _ELEMENT

    def _binary(self, tree: Binary, cell: Unknown | None) -> str:
        left = self._inner(tree.left, cell)
        if tree.operator not in {"in", "not in"}:
            return f"{left} {tree.operator} {self._inner(tree.right, cell)}"
        if isinstance(tree.right, Interval):
            first, last = ">=" if tree.right.low_included else ">", "<=" if tree.right.high_included else "<"
            low, high = self._inner(tree.right.low, cell), self._inner(tree.right.high, cell)
            text = f"{left} {first} {low} && {left} {last} {high}"
        else:
            text = f"{left} in {self._inner(tree.right, cell)}"
        return f"!({text})" if tree.operator == "not in" else text

    def _call(self, tree: Apply, cell: Unknown | None) -> str:
        name = tree.function
        if name in {"min", "max"} and isinstance(tree.arguments[0], ListOf):
            items = ", ".join(self.cel(item, cell) for item in tree.arguments[0].items)
            return f"math.{'least' if name == 'min' else 'greatest'}({items})"
        if name in _DATES:
            return f'timestamp("{_timestamp(tree.arguments[0])}")'
        arguments = [self._inner(argument, cell) for argument in tree.arguments]
        if name in _LOOPS:
            loop = f"{arguments[0]}.{_LOOPS[name]}({_ELEMENT}, {self.cel(tree.arguments[1], cell)})"
            return f"!{loop}" if name == "none" else loop
        if name == "contains":
            is_list = self.type_of(tree.arguments[0], cell).found().kind == "list"
            return f"{arguments[1]} in {arguments[0]}" if is_list else f"{arguments[0]}.contains({arguments[1]})"
        methods = _METHODS | _TEXT_FUNCTIONS
        if name in methods:
            return f"{arguments[0]}.{methods[name]}({', '.join(arguments[1:])})"
        functions = {"number": "double({})", "len": "double(size({}))"}
        return functions.get(name, f"math.{name}({{}})").format(arguments[0])

    def _inner(self, tree: Tree, cell: Unknown | None) -> str:
        text = self.cel(tree, cell)
        simple = isinstance(tree, Constant | Name | CellValue | Element | ListOf | MapOf)
        if isinstance(tree, Apply):
            simple = " in " not in text
        return text if simple else f"({text})"


def _timestamp(tree: Tree) -> str:
    """The moment that a text names, in the form of RFC 3339; nothing where that is not certain."""
    text = str(tree.value) if isinstance(tree, Constant) and tree.kind == "string" else ""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f"{text}T00:00:00Z"
    return text if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", text) else ""


def _constant(tree: Constant) -> str:
    if tree.kind == "number":
        text = str(tree.value)
        return text if any(mark in text for mark in ".eE") else f"{text}.0"
    return cel_text(tree.value)
