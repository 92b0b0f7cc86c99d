"""Types of expressions."""

from __future__ import annotations

from dataclasses import dataclass

PRIMITIVES = frozenset({"bool", "int", "uint", "double", "string", "bytes"})


@dataclass(frozen=True, slots=True)
class Type:
    """A type: its kind, what it is made of, and for messages and parameters its name.

    `str()` is the text that CEL uses, such as `list(map(string, int))`; `wrapper(int)` is
    `google.protobuf.Int64Value` and its like.
    """

    kind: str
    parameters: tuple[Type, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        if self.kind in {"message", "param"}:
            return self.name
        if self.kind == "type":
            return "type" if self.parameters == (DYN,) else f"type({self.parameters[0]})"
        if self.parameters:
            return f"{self.kind}({', '.join(map(str, self.parameters))})"
        return _TEXTS.get(self.kind, self.kind)


_TEXTS = {"null": "null_type", "timestamp": "timestamp", "duration": "duration"}

DYN = Type("dyn")
ERROR = Type("error")
"""Of what has been refused already; fits everything, so that one mistake is told once."""
NULL = Type("null")
BOOL, INT, UINT, DOUBLE = Type("bool"), Type("int"), Type("uint"), Type("double")
STRING, BYTES = Type("string"), Type("bytes")
TIMESTAMP, DURATION = Type("timestamp"), Type("duration")
ANY = Type("any")
"""`google.protobuf.Any`: whatever it holds."""


def list_of(element: Type) -> Type:
    """`list(element)`."""
    return Type("list", (element,))


def map_of(key: Type, value: Type) -> Type:
    """`map(key, value)`."""
    return Type("map", (key, value))


def optional_of(value: Type) -> Type:
    """`optional(value)`."""
    return Type("optional", (value,))


def type_of(value: Type) -> Type:
    """The type of a type used as a value."""
    return Type("type", (value,))


def wrapper_of(value: Type) -> Type:
    """`value` or null."""
    return Type("wrapper", (value,))


def message_type(name: str) -> Type:
    """The message of this full name, or the type that CEL has for it."""
    return WELL_KNOWN.get(name) or Type("message", name=name)


WELL_KNOWN = {
    "google.protobuf.BoolValue": wrapper_of(BOOL),
    "google.protobuf.Int32Value": wrapper_of(INT),
    "google.protobuf.Int64Value": wrapper_of(INT),
    "google.protobuf.UInt32Value": wrapper_of(UINT),
    "google.protobuf.UInt64Value": wrapper_of(UINT),
    "google.protobuf.FloatValue": wrapper_of(DOUBLE),
    "google.protobuf.DoubleValue": wrapper_of(DOUBLE),
    "google.protobuf.StringValue": wrapper_of(STRING),
    "google.protobuf.BytesValue": wrapper_of(BYTES),
    "google.protobuf.Timestamp": TIMESTAMP,
    "google.protobuf.Duration": DURATION,
    "google.protobuf.Any": ANY,
    "google.protobuf.Value": DYN,
    "google.protobuf.Struct": map_of(STRING, DYN),
    "google.protobuf.ListValue": list_of(DYN),
}

NAMED = {
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "null_type": NULL,
    "timestamp": TIMESTAMP,
    "duration": DURATION,
    "dyn": DYN,
    "any": ANY,
}

RUNTIME_NAMES = {"null": "null_type", "timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration"}
"""What `type(x)` calls the types whose kind is another word."""


class TypeText:
    """Reads the text of a type."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> Type:
        """The type.

        Raises:
            ValueError: the text is not one.
        """
        found = self._type()
        if self._peek():
            raise ValueError(f"{self._text!r} is not a type: nothing is expected after {self._text[: self._at]!r}")
        return found

    def _peek(self) -> str:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._text[self._at : self._at + 1]

    def _type(self) -> Type:
        self._peek()
        start = self._at
        while self._at < len(self._text) and (self._text[self._at].isalnum() or self._text[self._at] in "._"):
            self._at += 1
        name = self._text[start : self._at]
        if not name:
            raise ValueError(f"{self._text!r} is not a type: a name is expected at position {start + 1}")
        parameters = self._parameters()
        arity = {"list": 1, "map": 2, "optional": 1, "optional_type": 1, "type": 1, "wrapper": 1}
        if parameters is None and name == "type":
            return type_of(DYN)
        if parameters is not None or name in arity:
            parameters = parameters or ()
            if name not in arity:
                raise ValueError(f"{name!r} takes no parameters; list, map and optional do")
            if len(parameters) != arity[name]:
                raise ValueError(f"{name} takes {arity[name]} parameters, such as {_EXAMPLES[name]}")
            return Type("optional" if name == "optional_type" else name, parameters)
        if name in NAMED:
            return NAMED[name]
        if len(name) == 1 and name.isupper():
            return Type("param", name=name)
        return message_type(name.removeprefix("."))

    def _parameters(self) -> tuple[Type, ...] | None:
        if self._peek() != "(":
            return None
        self._at += 1
        parameters = [self._type()]
        while self._peek() == ",":
            self._at += 1
            parameters.append(self._type())
        if self._peek() != ")":
            raise ValueError(f"{self._text!r} is not a type: ')' is missing")
        self._at += 1
        return tuple(parameters)


_EXAMPLES = {
    "list": "list(string)",
    "map": "map(string, int)",
    "optional": "optional(int)",
    "optional_type": "optional_type(int)",
    "type": "type(int)",
    "wrapper": "wrapper(int)",
}


def parse_type(text: str) -> Type:
    """The type that a text such as `list(string)` or `function.company.v1.Company` names.

    Raises:
        ValueError: the text is not a type. Whether a message exists is not looked at.
    """
    return TypeText(text).read()
