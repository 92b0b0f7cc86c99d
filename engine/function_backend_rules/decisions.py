"""A definition that decides: rule set, table or graph behind one face."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.protobuf import any_pb2
from google.protobuf.descriptor_pool import DescriptorPool

from function.company.v1 import company_pb2  # noqa: F401 - what most decisions are about is in the default pool
from function.rules.v1 import definition_pb2
from function_backend_rules.cel.budget import BYTES, STEPS, Budget
from function_backend_rules.cel.environment import Environment
from function_backend_rules.cel.functions import FunctionRegistry
from function_backend_rules.cel.names import nearest
from function_backend_rules.cel.parser import RESERVED
from function_backend_rules.cel.parser import Limits as ExpressionLimits
from function_backend_rules.cel.types import TIMESTAMP, Type, parse_type
from function_backend_rules.cel.values import NANOS, Timestamp
from function_backend_rules.functions import FUNCTIONS
from function_backend_rules.graphs.compilation import called_by, compile_graph
from function_backend_rules.graphs.compiled import CompiledGraph
from function_backend_rules.input_values import InputReader
from function_backend_rules.problems import Problem
from function_backend_rules.results import Result
from function_backend_rules.rule_sets.compilation import compile_rule_set
from function_backend_rules.rule_sets.compiled import CompiledRuleSet
from function_backend_rules.tables.compilation import TableRefusedError, compile_table
from function_backend_rules.tables.compiled import CompiledTable

NOW = "now"
"""The variable that holds the time of the evaluation."""
_NOT_NAMES = RESERVED | {"in", "true", "false", "null", NOW}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a definition may be, and what one evaluation of it may cost."""

    expression: ExpressionLimits = field(default_factory=ExpressionLimits)
    steps: int = STEPS
    size: int = BYTES


_USUAL = Limits()
_NO_TIME = Timestamp(0)


class DefinitionRefusedError(ValueError):
    """A definition is not accepted; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Inputs:
    """Inputs whose types have been looked at, in the order of their declaration; made by `Compiled.read_*`."""

    __slots__ = ("values",)

    def __init__(self, values: list[object]) -> None:
        self.values = values


def to_timestamp(moment: datetime) -> Timestamp:
    """A point in time as expressions have it."""
    since = moment - _EPOCH
    return Timestamp((since.days * 86_400 + since.seconds) * NANOS + since.microseconds * 1000)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A definition, checked and compiled. For any number of threads."""

    definition: definition_pb2.Definition
    body: CompiledRuleSet | CompiledTable | CompiledGraph
    environment: Environment
    content_hash: str
    """SHA-256 of the definition, in hexadecimal."""
    closure_hash: str
    """SHA-256 of the definition and all that it calls."""
    calls: tuple[str, ...]
    """The names of the decisions that it calls."""
    warnings: tuple[Problem, ...]
    limits: Limits
    reader: InputReader
    timeless: bool
    """Whether no expression asks for the time: reading the clock takes as long as finding a row."""

    @property
    def name(self) -> str:
        """The name of the definition."""
        return self.definition.name

    @property
    def inputs(self) -> Mapping[str, Type]:
        """The types of the inputs by name, in order; `now` is the last."""
        return self.environment.variables

    @property
    def result_type(self) -> Type:
        """The type of the value."""
        return self.body.result_type

    @property
    def cost(self) -> int:
        """Steps that an evaluation takes in the worst case, by estimate."""
        return self.body.cost

    @property
    def may_match_nothing(self) -> bool:
        """Whether there are inputs for which the answer is that nothing matched."""
        if isinstance(self.body, CompiledGraph):
            return False
        return self.body.otherwise is None

    def read_json(self, values: Mapping[str, object]) -> Inputs:
        """The inputs of their JSON forms.

        Raises:
            InputRefusedError: one is missing, unknown or of another type, with the path to it.
        """
        return Inputs(self.reader.from_json(values))

    def read_any(self, values: Mapping[str, any_pb2.Any]) -> Inputs:
        """The inputs of messages; scalars are in the wrappers of `google.protobuf`.

        Raises:
            InputRefusedError: one is missing, unknown or of another type.
        """
        return Inputs(self.reader.from_any(values))

    def read(self, values: Mapping[str, object]) -> Inputs:
        """The inputs of run-time values: messages as they are, numbers, texts, lists, dicts.

        Raises:
            InputRefusedError: one is missing, unknown or of another type.
        """
        return Inputs(self.reader.from_values(values))

    def budget(self, deadline: float | None = None) -> Budget:
        """The budget of one evaluation, with a deadline by `time.monotonic()`."""
        if deadline is None and self.limits is _USUAL:
            return Budget()
        return Budget.of(self.limits.steps, self.limits.size, deadline)

    def evaluate(
        self,
        inputs: Inputs | Mapping[str, object],
        now: datetime | None = None,
        budget: Budget | None = None,
    ) -> Result:
        """What is decided.

        Raises:
            InputRefusedError: inputs that are not read yet are missing, unknown or of another type.
        """
        read = inputs if isinstance(inputs, Inputs) else self.read(inputs)
        moment = _NO_TIME if self.timeless else Timestamp(time.time_ns()) if now is None else to_timestamp(now)
        if budget is None:
            budget = Budget() if self.limits is _USUAL else self.budget()
        return self.body.evaluate([*read.values, moment], budget)

    def evaluate_ordered(self, arguments: Sequence[object], budget: Budget) -> Result:
        """What is decided for run-time values in the order of the inputs, `now` the last."""
        return self.body.evaluate(arguments, budget)


def content_hash(definition: definition_pb2.Definition) -> str:
    """SHA-256 of a definition, in hexadecimal: the same for definitions that say the same."""
    return hashlib.sha256(definition.SerializeToString(deterministic=True)).hexdigest()


def compile_definition(
    definition: definition_pb2.Definition,
    pool: DescriptorPool | None = None,
    called: Mapping[str, Compiled] | None = None,
    functions: FunctionRegistry | None = None,
    limits: Limits | None = None,
) -> Compiled:
    """Checks and compiles a definition.

    Args:
        definition: what is to decide.
        pool: where the messages of inputs are looked up; the default pool when None.
        called: the decisions that a graph may call, by name.
        functions: the functions that expressions may call besides those of the language; the platform's when None.
        limits: how large it may be.

    Raises:
        DefinitionRefusedError: it is not in order, with all the reasons that were found.
    """
    problems: list[Problem] = []
    limits = limits if limits is not None else _USUAL
    environment = _environment(definition, pool, functions if functions is not None else FUNCTIONS, limits, problems)
    if environment is None:
        raise DefinitionRefusedError(problems)
    result_type = _declared_type(definition.result_type, "result_type", environment, problems)
    body = _body(definition, environment, result_type, called or {}, problems) if not problems else None
    if body is None or problems:
        more = len(problems) - _MAX_PROBLEMS
        shown = problems[:_MAX_PROBLEMS]
        raise DefinitionRefusedError([*shown, Problem("", f"{more} more problems")] if more > 0 else shown)
    frozen = definition_pb2.Definition()
    frozen.CopyFrom(definition)
    own = content_hash(frozen)
    calls = tuple(dict.fromkeys(called_by(frozen.graph)))
    closure = hashlib.sha256(own.encode())
    for name in sorted(calls):
        closure.update(f"\n{name} {(called or {})[name].closure_hash}".encode())
    return Compiled(
        definition=frozen,
        body=body,
        environment=environment,
        content_hash=own,
        closure_hash=closure.hexdigest() if calls else own,
        calls=calls,
        warnings=body.warnings,
        limits=limits,
        reader=InputReader(environment, NOW),
        # A word of some text may look like it; then the clock is read in vain. What a graph calls is not looked at.
        timeless=not isinstance(body, CompiledGraph) and NOW.encode() not in frozen.SerializeToString(),
    )


def _body(
    definition: definition_pb2.Definition,
    environment: Environment,
    result_type: Type | None,
    called: Mapping[str, Compiled],
    problems: list[Problem],
) -> CompiledRuleSet | CompiledTable | CompiledGraph | None:
    kind = definition.WhichOneof("body")
    if kind == "rule_set":
        return compile_rule_set(definition.rule_set, environment, result_type, problems)
    if kind == "graph":
        return compile_graph(definition.graph, environment, result_type, called, problems)
    if kind == "table":
        try:
            return compile_table(definition.table, environment, result_type)
        except TableRefusedError as error:
            problems.extend(error.problems)
            return None
    problems.append(Problem("body", "the definition has no logic", suggestion="give it a rule_set, a table or a graph"))
    return None


def _environment(
    definition: definition_pb2.Definition,
    pool: DescriptorPool | None,
    functions: FunctionRegistry,
    limits: Limits,
    problems: list[Problem],
) -> Environment | None:
    variables: dict[str, Type] = {}
    probe = Environment(pool=pool)
    for number, item in enumerate(definition.inputs):
        path = f"inputs[{number}]"
        if not item.name.isidentifier() or item.name.startswith("_") or item.name in _NOT_NAMES:
            message = f"{item.name!r} cannot be the name of an input"
            suggestion = "`now` is there without being declared" if item.name == NOW else "another word, without signs"
            problems.append(Problem(f"{path}.name", message, suggestion=suggestion))
        elif item.name in variables:
            problems.append(Problem(f"{path}.name", f"two inputs are called {item.name!r}"))
        kind = _declared_type(item.type, f"{path}.type", probe, problems, required=True)
        if kind is not None:
            variables[item.name] = kind
    if problems:
        return None
    return Environment(
        {**variables, NOW: TIMESTAMP},
        pool=pool,
        container=_container(variables.values(), probe),
        functions=functions,
        limits=limits.expression,
        sizes={item.name: item.max_size for item in definition.inputs if item.max_size},
    )


def _container(kinds: Iterable[Type], environment: Environment) -> str:
    """The package of the first input that is a message: its enums and messages go by their own names."""
    for kind in kinds:
        if kind.kind == "message":
            descriptor = environment.contract.message(kind.name)
            return str(descriptor.file.package) if descriptor is not None else ""
    return ""


def _declared_type(
    text: str, path: str, environment: Environment, problems: list[Problem], *, required: bool = False
) -> Type | None:
    if not text and not required:
        return None
    try:
        kind = parse_type(text)
    except ValueError as error:
        problems.append(Problem(path, str(error), suggestion=nearest(text, _TYPE_NAMES)))
        return None
    for name in _messages(kind):
        descriptor = environment.contract.message(name)
        if descriptor is None:
            suggestion = nearest(name, (*_TYPE_NAMES, *_known_messages()))
            problems.append(Problem(path, f"there is no type {name!r}", suggestion=suggestion))
            return None
    return kind


_TYPE_NAMES = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration", "list(string)")


def _known_messages() -> Iterable[str]:
    """The messages of the platform that are resources, for suggestions."""
    return ("function.company.v1.Company",)


def _messages(kind: Type) -> Iterable[str]:
    if kind.kind == "message":
        yield kind.name
    for inner in kind.parameters:
        yield from _messages(inner)
