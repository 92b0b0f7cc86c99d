"""Where expressions are checked: the variables, messages and functions that they may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.descriptor_pool import DescriptorPool

from function_backend_rules.cel.checker import Checker
from function_backend_rules.cel.cost import Sizes, estimate
from function_backend_rules.cel.descriptors import Contract
from function_backend_rules.cel.functions import FunctionRegistry
from function_backend_rules.cel.names import Names
from function_backend_rules.cel.nodes import Node
from function_backend_rules.cel.parser import Limits, Parser
from function_backend_rules.cel.program import Checked, Program
from function_backend_rules.cel.source import RefusedError
from function_backend_rules.cel.types import Type, parse_type


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression."""

    source: str
    type: Type
    root: Node
    cost: int
    """Steps that it takes in the worst case, by estimate."""
    checked: Checked

    def program(self, *, eager: bool = True) -> Program:
        """The compiled expression; without `eager`, its fast code is compiled by nobody."""
        return Program(self.checked, eager)


class Environment:
    """The variables, messages and functions of expressions. Immutable; shared by threads."""

    def __init__(
        self,
        variables: Mapping[str, str | Type] | None = None,
        *,
        pool: DescriptorPool | None = None,
        container: str = "",
        functions: FunctionRegistry | None = None,
        limits: Limits | None = None,
        sizes: Mapping[str, int] | None = None,
        macros: bool = True,
    ) -> None:
        """Takes what expressions may use.

        Args:
            variables: types by name, as text such as `list(string)` or as types.
            pool: where messages are looked up; the default pool when None.
            container: the namespace that names are resolved in.
            functions: further functions.
            limits: how large an expression may be.
            sizes: the largest number of elements or characters of a variable, by name, for the estimate of cost.
            macros: whether macros are expanded.

        Raises:
            ValueError: the text of a type cannot be read.
        """
        self.variables: Mapping[str, Type] = {
            name: parse_type(kind) if isinstance(kind, str) else kind for name, kind in (variables or {}).items()
        }
        self.contract = Contract(pool)
        self.functions = functions if functions is not None else FunctionRegistry()
        self.limits = limits if limits is not None else Limits()
        self.sizes = Sizes(self.contract, sizes or {})
        self._macros = macros
        self._container = container
        self._declared_sizes = dict(sizes or {})
        self._names = Names(self.contract, container, self.variables, self.functions.declarations)

    @property
    def container(self) -> str:
        """The namespace that names are resolved in."""
        return self._container

    @property
    def pool(self) -> DescriptorPool:
        """Where messages are looked up."""
        return self.contract.pool

    def extended(self, variables: Mapping[str, str | Type]) -> Environment:
        """The same with further variables, which come last; one of the same name is in the place of the old one."""
        return Environment(
            {**self.variables, **variables},
            pool=self.contract.pool,
            container=self._container,
            functions=self.functions,
            limits=self.limits,
            sizes={name: size for name, size in self._declared_sizes.items() if name not in variables},
            macros=self._macros,
        )

    def parse(self, text: str) -> Node:
        """The syntax tree, unchecked.

        Raises:
            RefusedError: the text is not an expression.
        """
        return Parser(text, self.limits, with_macros=self._macros).parse()

    def check(self, text: str, expect: str | Type | None = None, *, unchecked: bool = False) -> Expression:
        """The checked expression.

        Args:
            text: the source.
            expect: the type that it must have.
            unchecked: leaves types to the evaluation, as the conformance tests of CEL ask for; not for rules.

        Raises:
            RefusedError: it cannot be accepted, with all the reasons.
        """
        parser = Parser(text, self.limits, with_macros=self._macros)
        root = parser.parse()
        wanted = parse_type(expect) if isinstance(expect, str) else expect
        root = Checker(self._names, parser.source, gradual=unchecked).check(root, wanted)
        cost = estimate(root, self.sizes, self.functions.declarations)
        if cost > self.limits.cost and not unchecked:
            message = f"the expression may take {cost:,} steps, more than {self.limits.cost:,}"
            suggestion = "nest fewer loops, or say how large the inputs are at most"
            raise RefusedError((parser.source.issue(root.span, message, suggestion),))
        checked = Checked(
            parser.source, root, root.type, self.contract, self.variables, self.functions, self._container
        )
        return Expression(text, root.type, root, cost, checked)
