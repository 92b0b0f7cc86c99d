"""What names mean: variables, types, constants of enums and functions, looked up from the container outwards."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from function_backend_rules.cel.declarations import FunctionDeclaration
from function_backend_rules.cel.descriptors import Contract
from function_backend_rules.cel.types import DYN as _DYN
from function_backend_rules.cel.types import NAMED, Type, list_of, map_of, message_type, type_of

_NAMED_TYPES = {
    **{name: found for name, found in NAMED.items() if name not in {"any", "timestamp", "duration", "dyn"}},
    "list": list_of(_DYN),
    "map": map_of(_DYN, _DYN),
    "type": type_of(_DYN),
    "optional_type": Type("optional", (_DYN,)),
    "google.protobuf.Timestamp": NAMED["timestamp"],
    "google.protobuf.Duration": NAMED["duration"],
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """`did you mean` with the known name that is most like this one, or None."""
    found = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean {found[0]}" if found else None


class Names:
    """The names of one environment."""

    def __init__(
        self,
        contract: Contract,
        container: str,
        variables: Mapping[str, Type],
        functions: Mapping[str, FunctionDeclaration],
    ) -> None:
        self.contract = contract
        self.container = container
        self.variables = variables
        self.functions = functions

    def candidates(self, name: str) -> Iterator[str]:
        """The full names that a name may mean, innermost first."""
        if name.startswith("."):
            yield name[1:]
            return
        container = self.container
        while container:
            yield f"{container}.{name}"
            container = container.rpartition(".")[0]
        yield name

    def variable(self, name: str) -> tuple[str, Type] | None:
        """Full name and type of a variable."""
        for full in self.candidates(name):
            if full in self.variables:
                return full, self.variables[full]
        return None

    def constant(self, name: str) -> tuple[str, Type | int] | None:
        """Full name with the type that is named, or the number of the enum's member."""
        for full in self.candidates(name):
            number = self.contract.enum_number(full)
            if number is not None:
                return full, number
            if full in _NAMED_TYPES:
                return full, _NAMED_TYPES[full]
            if self.contract.message(full) is not None:
                return full, message_type(full)
        return None

    def message(self, name: str) -> str | None:
        """The full name of a message."""
        for full in self.candidates(name):
            if self.contract.message(full) is not None:
                return full
        return None

    def function(self, name: str) -> FunctionDeclaration | None:
        """A function."""
        for full in self.candidates(name):
            if full in self.functions:
                return self.functions[full]
        return None
