"""Types of names that another engine does not declare, found from how its expressions use them."""

from __future__ import annotations

from dataclasses import dataclass, field

from function_backend_rules.interchange.foreign_syntax import NotUnderstoodError

_WORDS = {
    "double": "number",
    "string": "text",
    "bool": "truth value",
    "list": "list",
    "map": "map",
    "timestamp": "date",
    "duration": "duration",
}
_WRAPPERS = {
    "double": "DoubleValue",
    "string": "StringValue",
    "bool": "BoolValue",
    "timestamp": "Timestamp",
    "duration": "Duration",
}


@dataclass(slots=True)
class Unknown:
    """A type that is found out: its kind once it is known, and the type of its elements where it is a list."""

    kind: str | None = None
    element: Unknown | None = None
    nullable: bool = False
    _same: Unknown | None = field(default=None, repr=False)

    def found(self) -> Unknown:
        """What is known, after following everything that it has to be equal to."""
        found = self
        while found._same is not None:
            found = found._same
        return found

    def must_be(self, other: Unknown, what: str) -> None:
        """Notes that both are the same type.

        Raises:
            NotUnderstoodError: They cannot be.
        """
        one, two = self.found(), other.found()
        if one is two:
            return
        if one.kind and two.kind and one.kind != two.kind:
            raise NotUnderstoodError(f"{what} is a {_WORDS[one.kind]} here and a {_WORDS[two.kind]} there")
        if one.element and two.element:
            one.element.must_be(two.element, what)
        two.kind = two.kind or one.kind
        two.element = two.element or one.element
        two.nullable = two.nullable or one.nullable
        one._same = two  # noqa: SLF001 - Of its own class.
        if two.holds(two):
            two.element = None
            raise NotUnderstoodError(f"{what} would be a list of itself")

    def holds(self, other: Unknown) -> bool:
        """Whether the elements of this list are, or hold, another type."""
        element = self.found().element
        return element is not None and (element.found() is other.found() or element.holds(other))

    def cel(self) -> str:
        """The type as CEL writes it; `dyn` while it is not known."""
        found = self.found()
        if found.kind == "list":
            return f"list({found.element.cel() if found.element else 'dyn'})"
        if found.kind == "map":
            return "map(string, dyn)"
        if found.nullable:
            return f"google.protobuf.{_WRAPPERS[found.kind]}" if found.kind else "dyn"
        return found.kind or "dyn"


def number() -> Unknown:
    """A number: others have one kind of them, with fractions."""
    return Unknown("double")


def text() -> Unknown:
    """A text."""
    return Unknown("string")


def truth() -> Unknown:
    """True or false."""
    return Unknown("bool")


def list_of(element: Unknown) -> Unknown:
    """A list."""
    return Unknown("list", element)
