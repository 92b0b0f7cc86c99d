"""The code of a rule set: one function for all rules, with the error of each kept to itself.

A rule is a `try` of its own, which costs nothing until something raises. Fields that several rules read are read once.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from function_backend_rules.cel.code_cache import CODE, code_key
from function_backend_rules.cel.codegen import Generator, Places
from function_backend_rules.cel.environment import Environment
from function_backend_rules.cel.modules import GeneratedModule
from function_backend_rules.cel.nodes import Node
from function_backend_rules.rule_sets.outcomes import CheckedRule

Recover = Callable[..., object]
"""Called with the number of a rule, what it raised and the arguments; gives its match or None."""


class RuleSetCode:
    """Generates the functions `first` and `every` of a rule set.

    `first(budget, *inputs)` gives the first match as `(number, value)`, or None; `every(…)` the list of all. Numbers
    are those of the list `rules`.
    """

    def __init__(self, environment: Environment, rules: Sequence[CheckedRule]) -> None:
        self._environment = environment
        self._rules = rules
        self.places = Places()
        for number, rule in enumerate(rules):
            self.places.add(rule.condition.root, 2 * number)
            self.places.add(rule.outcome.expression.root, 2 * number + 1)
        self._constants: dict[str, object] = {
            f"_o{number}": (number, rule.outcome.value) for number, rule in enumerate(rules) if rule.outcome.constant
        }

    def load(self, name: str, recover: Recover) -> Callable[..., Any]:
        """The function of this name."""
        module = CODE.get(self._key(name), lambda: self.generate(name))
        extra: Mapping[str, object] = {"_recover": recover, **self._constants}
        functions = module.load(self._environment.contract.pool, self._environment.functions.implementations, extra)
        return functions[name]

    def _key(self, name: str) -> str:
        texts: list[str] = []
        roots: list[Node] = []
        for rule in self._rules:
            texts += (rule.condition.source, rule.outcome.expression.source)
            roots += (rule.condition.root, rule.outcome.expression.root)
        variables = " ".join(f"{name}:{kind}" for name, kind in self._environment.variables.items())
        return code_key(self._environment.contract, roots, name, self._environment.container, variables, *texts)

    def generate(self, name: str) -> GeneratedModule:
        """The module that has the function of this name."""
        environment = self._environment
        code = self._generator = Generator(environment.contract, list(environment.variables), fast=True)
        shared = self._shared_paths()
        body: list[ast.stmt] = []
        every = name == "every"
        if every:
            body.append(code.assign("_found", code.list([])))
        for number, rule in enumerate(self._rules):
            body.extend(self._hoist(number, rule, shared))
            body.append(self._rule(number, rule, every=every))
        body.append(code.returns(code.name("_found") if every else code.constant(None)))
        function = code.function(name, code.parameters, body)
        return GeneratedModule.of(code.module([function]), code.constants)

    def _shared_paths(self) -> set[str]:
        """The fields that more than one rule reads."""
        readers: Counter[str] = Counter()
        for rule in self._rules:
            readers.update(set(self._generator.paths(rule.condition.root)))
        return {path for path, count in readers.items() if count > 1}

    def _hoist(self, number: int, rule: CheckedRule, shared: set[str]) -> list[ast.stmt]:
        """Reads the shared fields that a rule is the first to use."""
        code, made = self._generator, []
        for node in rule.condition.root.walk():
            path = code.path(node)
            if path is None or path not in shared or path in code.hoisted:
                continue
            if node.type.kind not in {"bool", "int", "double", "string", "bytes"}:
                continue
            name = f"h{len(code.hoisted)}"
            made.append(code.assign(name, code.expression(node, 2 * number)))
            code.hoisted[path] = name
        return made

    def _rule(self, number: int, rule: CheckedRule, *, every: bool) -> ast.stmt:
        code = self._generator
        condition = code.expression(rule.condition.root, 2 * number)
        match = self._match(number, rule)
        recovered = code.call("_recover", code.constant(number), code.name("_e"), *map(code.name, code.parameters))
        if every:
            then = [code.statement(code.method(code.name("_found"), "append", match))]
            again: list[ast.stmt] = [
                code.statement(code.call("_append", code.name("_found"), recovered)),
            ]
        else:
            then = [code.returns(match)]
            again = [
                code.assign("_again", recovered),
                code.if_(
                    code.compare(code.name("_again"), ast.IsNot(), code.constant(None)),
                    [code.returns(code.name("_again"))],
                ),
            ]
        return code.try_([code.if_(condition, then)], "_e", again)

    def _match(self, number: int, rule: CheckedRule) -> ast.expr:
        code = self._generator
        if rule.outcome.constant:
            return code.name(f"_o{number}")
        root = rule.outcome.expression.root
        return code.tuple([code.constant(number), code.expression(root, 2 * number + 1)])
