"""Decision tables of GoRules JDM files, whose expressions are ZEN."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from function.rules.v1 import definition_pb2
from function_backend_rules.interchange import foreign_types
from function_backend_rules.interchange.foreign_cel import Translation
from function_backend_rules.interchange.foreign_cells import cell_text
from function_backend_rules.interchange.foreign_syntax import ZEN, ForeignReader, NotUnderstoodError, Tree
from function_backend_rules.interchange.foreign_types import Unknown
from function_backend_rules.interchange.imported import (
    NOT_UNDERSTOOD,
    ImportedTable,
    ImportRefusedError,
    Loss,
    definition_name,
    row_id,
)

_POLICIES = {"first": definition_pb2.HIT_POLICY_FIRST, "collect": definition_pb2.HIT_POLICY_COLLECT}
_MAX_REASON = 2000


def import_gorules(text: str | bytes) -> list[ImportedTable]:
    """Gives the decision tables of a JDM graph, in the order of its nodes. Other nodes are not looked at.

    Inputs are flat: `customer.tier` becomes the input `customer_tier`. Types are found from how the expressions use the
    names; numbers are doubles.

    Raises:
        ImportRefusedError: The text is no JDM graph.
    """
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImportRefusedError(f"the file is not JSON: {error}") from error
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    if not isinstance(nodes, list):
        raise ImportRefusedError("the file is no JDM graph: it has no list `nodes`")
    tables = list[ImportedTable]()
    for number, node in enumerate(nodes):
        if isinstance(node, dict) and node.get("type") == "decisionTableNode":
            taken = [table.definition.name for table in tables]
            tables.append(_Import(f"nodes[{number}]", node, taken).table())
    return tables


@dataclass(slots=True)
class _Import:
    path: str
    node: Mapping[str, Any]
    taken: Sequence[str]
    losses: list[Loss] = field(default_factory=list)
    translation: Translation = field(default_factory=Translation)

    def lose(self, path: str, reason: object, source: object = "") -> None:
        self.losses.append(Loss(f"{self.path}{path}", str(reason), str(source)))

    def table(self) -> ImportedTable:
        title = str(self.node.get("name") or "table")
        definition = definition_pb2.Definition(name=definition_name(title, self.taken), description=title[:4000])
        content = self.node.get("content")
        if isinstance(content, dict):
            self._read(content, definition.table)
        else:
            self.lose(".content", "the node has no content")
        for path, kind in self.translation.names.items():
            if kind.cel() == "dyn":
                self.translation.assume(f"{'.'.join(path)} is a text: nothing tells its type")
                kind.must_be(foreign_types.text(), ".".join(path))
            definition.inputs.add(
                name=self.translation.input_of(path),
                type=kind.cel(),
                description=f"{'.'.join(path)} of the graph"[:2000],
            )
        return ImportedTable(self.path, definition, tuple(self.losses), tuple(self.translation.assumptions))

    def _read(self, content: Mapping[str, Any], table: definition_pb2.DecisionTable) -> None:
        self._settings(content, table)
        inputs, outputs = self._list(content, "inputs"), self._list(content, "outputs")
        rules = self._list(content, "rules")
        if not outputs:
            self.lose(".content.outputs", "the table has no outputs")
        columns = [self._input(number, column, table) for number, column in enumerate(inputs)]
        parsed = [[self._parsed(row, column) for column in inputs] for row in enumerate(rules)]
        kinds = [Unknown() for _ in outputs]
        results = [
            [self._result(row, column, kind) for column, kind in zip(outputs, kinds, strict=True)]
            for row in enumerate(rules)
        ]
        # Every cell of a column says something about its type, so all are read before any is written.
        typed = self._typed(rules, inputs, columns, parsed)
        try:
            self.translation.settle()
        except NotUnderstoodError as error:
            self.lose(".content", error)
        written = [
            [self._cell(row, column, kind, tests) for column, kind, tests in zip(inputs, columns, cells, strict=True)]
            for row, cells in zip(enumerate(rules), typed, strict=True)
        ]
        for column, kind in zip(outputs, kinds, strict=True):
            table.output_columns.add(name=_title(column, "field"), type=kind.cel(), description=_title(column, "name"))
        ids = set[str]()
        for rule, cells, result in zip(rules, written, results, strict=True):
            reason = rule.get("_description")
            table.rows.add(
                id=row_id(rule.get("_id"), ids),
                cells=cells,
                outputs=[self._output(tree, source) for tree, source in result],
                reason=reason[:_MAX_REASON] if isinstance(reason, str) else "",
            )

    def _settings(self, content: Mapping[str, Any], table: definition_pb2.DecisionTable) -> None:
        policy = content.get("hitPolicy", "first")
        if policy in _POLICIES:
            table.hit_policy = _POLICIES[policy]
        else:
            self.lose(".content.hitPolicy", "the hit policy is not known", policy)
        if content.get("executionMode") == "loop":
            self.lose(".content.executionMode", "the table runs once for each element; a graph has to say that")
        elif content.get("inputField"):
            self.lose(".content.inputField", "names are those below another name", content["inputField"])
        if content.get("passThrough") or content.get("passThorough"):
            self.translation.assume(
                "the node passes its input on with its result; here the result is the outputs alone"
            )
        if content.get("outputPath"):
            self.translation.assume(
                f"the node puts its result under {content['outputPath']}; here it is the result itself"
            )

    def _list(self, content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        found = content.get(name)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self.lose(f".content.{name}", "a list of objects is expected")
            return []
        return found

    def _input(self, number: int, column: Mapping[str, Any], table: definition_pb2.DecisionTable) -> Unknown | None:
        """The type of a column's value; None for columns whose cells are conditions of their own."""
        title = _title(column, "name")
        names = {each.name for each in table.input_columns}
        name = title if title not in names else f"{title} ({number + 1})"
        source = column.get("field")
        if not isinstance(source, str) or not source.strip():
            table.input_columns.add(name=name, expression="true", description="Its cells are conditions of their own.")
            return None
        try:
            tree = ForeignReader(source, ZEN).expression()
            kind = self.translation.type_of(tree, None)
            table.input_columns.add(name=name, expression=self.translation.cel(tree, None))
        except NotUnderstoodError as error:
            self.lose(f".content.inputs[{number}].field", error, source)
            table.input_columns.add(name=name, expression=f"{NOT_UNDERSTOOD} {source}")
            return Unknown()
        return kind

    def _parsed(self, row: tuple[int, Mapping[str, Any]], column: Mapping[str, Any]) -> Any:  # noqa: ANN401 - Tests, a tree, or nothing.
        source = _source(row[1], column)
        if not source:
            return None
        reader_of = column.get("field")
        try:
            reader = ForeignReader(source, ZEN)
            return reader.cell() if isinstance(reader_of, str) and reader_of.strip() else [("", reader.expression())]
        except NotUnderstoodError as error:
            self.lose(f".content.rules[{row[0]}][{_title(column, 'name')}]", error, source)
            return None

    def _typed(
        self,
        rules: Sequence[Mapping[str, Any]],
        inputs: Sequence[Mapping[str, Any]],
        columns: Sequence[Unknown | None],
        parsed: list[list[Any]],
    ) -> list[list[Any]]:
        for number, cells in enumerate(parsed):
            for place, (column, kind, tests) in enumerate(zip(inputs, columns, cells, strict=True)):
                try:
                    for _, tree in tests or ():
                        found = self.translation.type_of(tree, kind)
                        found.must_be(foreign_types.truth(), "the condition")
                except NotUnderstoodError as error:
                    path = f".content.rules[{number}][{_title(column, 'name')}]"
                    self.lose(path, error, _source(rules[number], column))
                    cells[place] = None
        return parsed

    def _cell(
        self,
        row: tuple[int, Mapping[str, Any]],
        column: Mapping[str, Any],
        kind: Unknown | None,
        tests: list[tuple[str, Tree]] | None,
    ) -> str:
        source = _source(row[1], column)
        if tests is None:
            return f"{NOT_UNDERSTOOD} {source}" if source else ""
        return cell_text(self.translation, kind, tests)

    def _result(
        self, row: tuple[int, Mapping[str, Any]], column: Mapping[str, Any], kind: Unknown
    ) -> tuple[Tree | None, str]:
        source = _source(row[1], column)
        if not source:
            kind.found().nullable = True
            self.translation.assume(f"an empty output of {_title(column, 'field')} is null")
            return None, ""
        try:
            tree = ForeignReader(source, ZEN).expression()
            found = self.translation.type_of(tree, None)
            found.must_be(kind, "the output")
        except NotUnderstoodError as error:
            self.lose(f".content.rules[{row[0]}][{_title(column, 'field')}]", error, source)
            return None, source
        return tree, source

    def _output(self, tree: Tree | None, source: str) -> str:
        if tree is None:
            return f"{NOT_UNDERSTOOD} {source}" if source else "null"
        return self.translation.cel(tree, None)


def _source(rule: Mapping[str, Any], column: Mapping[str, Any]) -> str:
    found = rule.get(str(column.get("id")))
    return found.strip() if isinstance(found, str) else "" if found is None else str(found)


def _title(column: Mapping[str, Any], first: str) -> str:
    titles: Iterator[object] = (column.get(name) for name in (first, "name", "field", "id"))
    return next((title for title in titles if isinstance(title, str) and title.strip()), "column")[:200]
