"""Decision tables of DMN files (1.2 and later), as far as their FEEL says what CEL can say."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from function.rules.v1 import definition_pb2
from function_backend_rules.interchange import foreign_types
from function_backend_rules.interchange.foreign_cel import Translation
from function_backend_rules.interchange.foreign_cells import cell_text
from function_backend_rules.interchange.foreign_syntax import FEEL, ForeignReader, Name, NotUnderstoodError, Tree
from function_backend_rules.interchange.foreign_types import Unknown
from function_backend_rules.interchange.imported import (
    NOT_UNDERSTOOD,
    ImportedTable,
    ImportRefusedError,
    Loss,
    definition_name,
    row_id,
)

_POLICIES = {
    "UNIQUE": definition_pb2.HIT_POLICY_UNIQUE,
    "FIRST": definition_pb2.HIT_POLICY_FIRST,
    "ANY": definition_pb2.HIT_POLICY_ANY,
    "PRIORITY": definition_pb2.HIT_POLICY_PRIORITY,
    "RULE ORDER": definition_pb2.HIT_POLICY_RULE_ORDER,
    "COLLECT": definition_pb2.HIT_POLICY_COLLECT,
}
_AGGREGATIONS = {
    "SUM": definition_pb2.AGGREGATION_SUM,
    "MIN": definition_pb2.AGGREGATION_MIN,
    "MAX": definition_pb2.AGGREGATION_MAX,
    "COUNT": definition_pb2.AGGREGATION_COUNT,
}
_TYPES = {
    "string": "string",
    "number": "double",
    "integer": "double",
    "long": "double",
    "double": "double",
    "boolean": "bool",
    "date": "timestamp",
    "dateTime": "timestamp",
}
# Names of FEEL hold spaces; those of functions are written together before the source is read.
_FUNCTIONS = {
    "date and time": "date_and_time",
    "starts with": "startsWith",
    "ends with": "endsWith",
    "upper case": "upper",
    "lower case": "lower",
    "string length": "len",
    "ceiling": "ceil",
}
_SPACED = re.compile(r'"(?:[^"\\]|\\.)*"|\b(' + "|".join(_FUNCTIONS) + r")\s*\(")
_NEGATION = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_PLAIN_NAME = re.compile(r"[^\W\d]\w*(?:[ .]+[^\W\d]\w*)*")


def import_dmn(text: str | bytes) -> list[ImportedTable]:
    """Gives the decision tables of a DMN file, in its order. Other decisions are not looked at.

    Inputs are flat and have the names of the file with underscores for dots and spaces. Numbers are doubles.

    Raises:
        ImportRefusedError: The text is no DMN, or XML that a file of decisions has no use for, such as entities.
    """
    try:
        root = ElementTree.fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ImportRefusedError("the file declares entities or a document type, which is refused") from error
    except (ParseError, ValueError) as error:
        raise ImportRefusedError(f"the file is not XML: {error}") from error
    if "/DMN/" not in root.tag or _local(root) != "definitions":
        raise ImportRefusedError("the file is no DMN: its root is not `definitions` of DMN 1.2 or later")
    tables = list[ImportedTable]()
    for number, decision in enumerate(_children(root, "decision"), 1):
        table = next(_children(decision, "decisionTable"), None)
        if table is not None:
            title = decision.get("name") or f"decision {number}"
            name = definition_name(title, [each.definition.name for each in tables])
            tables.append(_Import(f"decision[{number}]", title, name).table(table))
    return tables


@dataclass(frozen=True, slots=True)
class _Clause:
    """One column of the file."""

    element: Element
    path: str
    name: str
    kind: Unknown


@dataclass(slots=True)
class _Import:
    path: str
    title: str
    name: str
    losses: list[Loss] = field(default_factory=list)
    translation: Translation = field(default_factory=lambda: Translation(dates=True))

    def lose(self, path: str, reason: object, source: str = "") -> None:
        self.losses.append(Loss(f"{self.path}/decisionTable{path}", str(reason), source))

    def table(self, element: Element) -> ImportedTable:
        definition = definition_pb2.Definition(name=self.name, description=self.title[:4000])
        table = definition.table
        self._policy(element, table)
        inputs = [self._input(each, number, table) for number, each in enumerate(_children(element, "input"), 1)]
        outputs = [self._output(each, number) for number, each in enumerate(_children(element, "output"), 1)]
        if not outputs:
            self.lose("/output", "the table has no output")
        rules = list(_children(element, "rule"))
        cells = [self._typed_cells(rule, number, inputs) for number, rule in enumerate(rules, 1)]
        results = [self._typed_outputs(rule, number, outputs) for number, rule in enumerate(rules, 1)]
        defaults, priorities = self._defaults(outputs), [self._priorities(table, clause) for clause in outputs]
        try:
            self.translation.settle()
        except NotUnderstoodError as error:
            self.lose("", error)
        for clause, ordered in zip(outputs, priorities, strict=True):
            table.output_columns.add(name=clause.name, type=clause.kind.cel(), priorities=map(self._written, ordered))
        if any(tree is not None for tree, _ in defaults):
            table.otherwise.extend(self._result(*each) for each in defaults)
        ids = set[str]()
        for rule, tests, result in zip(rules, cells, results, strict=True):
            notes = [_text(note) for note in [*_children(rule, "description"), *_children(rule, "annotationEntry")]]
            table.rows.add(
                id=row_id(rule.get("id"), ids),
                cells=[self._cell(clause, *each) for clause, each in zip(inputs, tests, strict=True)],
                outputs=[self._result(*each) for each in result],
                reason="; ".join(note for note in notes if note)[:2000],
            )
        self._declare(definition)
        return ImportedTable(self.path, definition, tuple(self.losses), tuple(self.translation.assumptions))

    def _declare(self, definition: definition_pb2.Definition) -> None:
        for path, kind in self.translation.names.items():
            name = " ".join(path)
            if kind.cel() == "dyn":
                self.translation.assume(f"{name} is a text: nothing tells its type")
                kind.must_be(foreign_types.text(), name)
            definition.inputs.add(
                name=self.translation.input_of(path), type=kind.cel(), description=".".join(path)[:2000]
            )

    def _policy(self, element: Element, table: definition_pb2.DecisionTable) -> None:
        policy = element.get("hitPolicy", "UNIQUE")
        if policy in _POLICIES:
            table.hit_policy = _POLICIES[policy]
        else:
            self.lose("/@hitPolicy", "the hit policy has no counterpart", policy)
        aggregation = element.get("aggregation")
        if aggregation in _AGGREGATIONS and policy == "COLLECT":
            table.aggregation = _AGGREGATIONS[aggregation]
        elif aggregation:
            self.lose("/@aggregation", "the aggregation has no counterpart", aggregation)

    def _input(self, element: Element, number: int, table: definition_pb2.DecisionTable) -> _Clause:
        path = f"/input[{number}]"
        expression = next(_children(element, "inputExpression"), None)
        source = "" if expression is None else _text(expression)
        kind = self._kind(f"{path}/inputExpression", "" if expression is None else expression.get("typeRef", ""))
        names = {column.name for column in table.input_columns}
        name = (element.get("label") or source or f"input {number}")[:190]
        name = name if name not in names else f"{name} ({number})"
        try:
            # Names of FEEL hold spaces, and without a model of the inputs nobody knows where they end.
            words = re.split(r"\s*\.\s*", source) if _PLAIN_NAME.fullmatch(source) else None
            tree = Name(tuple(words)) if words else _reader(source).expression()
            self.translation.type_of(tree, None).must_be(kind, source)
            written = self.translation.cel(tree, None)
        except NotUnderstoodError as error:
            self.lose(f"{path}/inputExpression", error, source)
            written = f"{NOT_UNDERSTOOD} {source}"
        if next(_children(element, "inputValues"), None) is not None:
            self.translation.assume(f"{name}: the values that the file allows are not checked here")
        table.input_columns.add(name=name, expression=written)
        return _Clause(element, path, name, kind)

    def _output(self, element: Element, number: int) -> _Clause:
        path = f"/output[{number}]"
        name = (element.get("name") or element.get("label") or f"output {number}")[:200]
        return _Clause(element, path, name, self._kind(path, element.get("typeRef", "")))

    def _kind(self, path: str, reference: str) -> Unknown:
        name = reference.rpartition(":")[2]
        if name in {"", "Any"}:
            return Unknown()
        if name not in _TYPES:
            self.lose(f"{path}/@typeRef", "the type has no counterpart", reference)
        if name in {"integer", "long"}:
            self.translation.assume("whole numbers are doubles, as all numbers of FEEL are one kind")
        return Unknown(_TYPES.get(name))

    def _typed_cells(
        self, rule: Element, number: int, inputs: Sequence[_Clause]
    ) -> list[tuple[bool, list[tuple[str, Tree]] | None, str]]:
        entries = [_text(entry) for entry in _children(rule, "inputEntry")]
        if len(entries) != len(inputs):
            self.lose(f"/rule[{number}]", f"the rule has {len(entries)} input entries for {len(inputs)} inputs")
        entries = [*entries, *("" for _ in inputs)][: len(inputs)]
        found = list[tuple[bool, list[tuple[str, Tree]] | None, str]]()
        for place, (clause, source) in enumerate(zip(inputs, entries, strict=True), 1):
            negated = _NEGATION.fullmatch(source)
            tests: list[tuple[str, Tree]] | None = None
            try:
                if source not in {"", "-"}:
                    tests = _reader(negated[1] if negated else source).cell()
                    for _, tree in tests:
                        self.translation.type_of(tree, clause.kind).must_be(foreign_types.truth(), "the test")
            except NotUnderstoodError as error:
                tests = None
                self.lose(f"/rule[{number}]/inputEntry[{place}]", error, source)
            found.append((negated is not None, tests, source))
        return found

    def _cell(self, clause: _Clause, negated: bool, tests: list[tuple[str, Tree]] | None, source: str) -> str:  # noqa: FBT001 - As found.
        if tests is None:
            return "" if source in {"", "-"} else f"{NOT_UNDERSTOOD} {source}"
        text = cell_text(self.translation, clause.kind, tests)
        return f"not({text})" if negated else text

    def _typed_outputs(self, rule: Element, number: int, outputs: Sequence[_Clause]) -> list[tuple[Tree | None, str]]:
        entries = [_text(entry) for entry in _children(rule, "outputEntry")]
        if len(entries) != len(outputs):
            self.lose(f"/rule[{number}]", f"the rule has {len(entries)} output entries for {len(outputs)} outputs")
        entries = [*entries, *("" for _ in outputs)][: len(outputs)]
        return [
            self._typed(f"/rule[{number}]/outputEntry[{place}]", source, clause)
            for place, (clause, source) in enumerate(zip(outputs, entries, strict=True), 1)
        ]

    def _defaults(self, outputs: Sequence[_Clause]) -> list[tuple[Tree | None, str]]:
        entries = [next(_children(clause.element, "defaultOutputEntry"), None) for clause in outputs]
        if all(entry is None for entry in entries):
            return []
        return [
            self._typed(f"{clause.path}/defaultOutputEntry", "" if entry is None else _text(entry), clause)
            for clause, entry in zip(outputs, entries, strict=True)
        ]

    def _typed(self, path: str, source: str, clause: _Clause) -> tuple[Tree | None, str]:
        if source in {"", "-"}:
            clause.kind.found().nullable = True
            self.translation.assume(f"an empty output of {clause.name} is null")
            return None, ""
        try:
            tree = _reader(source).expression()
            self.translation.type_of(tree, None).must_be(clause.kind, "the output")
        except NotUnderstoodError as error:
            self.lose(path, error, source)
            return None, source
        return tree, source

    def _result(self, tree: Tree | None, source: str) -> str:
        if tree is None:
            return f"{NOT_UNDERSTOOD} {source}" if source else "null"
        return self._written(tree)

    def _written(self, tree: Tree) -> str:
        return self.translation.cel(tree, None)

    def _priorities(self, table: definition_pb2.DecisionTable, clause: _Clause) -> list[Tree]:
        values = next(_children(clause.element, "outputValues"), None)
        if values is None:
            return []
        if table.hit_policy != definition_pb2.HIT_POLICY_PRIORITY:
            self.translation.assume(f"{clause.name}: the values that the file allows are not checked here")
            return []
        source = _text(values)
        try:
            listed = ForeignReader(f"[{source}]", FEEL).expression()
            self.translation.type_of(listed, None).must_be(foreign_types.list_of(clause.kind), clause.name)
        except NotUnderstoodError as error:
            self.lose(f"{clause.path}/outputValues", error, source)
            return []
        return list(getattr(listed, "items", ()))


def _reader(source: str) -> ForeignReader:
    joined = _SPACED.sub(lambda found: f"{_FUNCTIONS[found[1]]}(" if found[1] else found[0], source)
    return ForeignReader(joined, FEEL)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _text(element: Element) -> str:
    text = next(_children(element, "text"), None)
    return ((element.text if text is None else text.text) or "").strip()
