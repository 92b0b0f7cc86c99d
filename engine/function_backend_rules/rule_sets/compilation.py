"""From the message of a rule set to one that decides."""

from __future__ import annotations

from function.rules.v1 import definition_pb2
from function_backend_rules.cel.environment import Environment, Expression
from function_backend_rules.cel.nodes import Literal
from function_backend_rules.cel.source import RefusedError
from function_backend_rules.cel.types import BOOL, DYN, Type, list_of
from function_backend_rules.problems import Problem, of_issue
from function_backend_rules.rule_sets.code import RuleSetCode
from function_backend_rules.rule_sets.compiled import CompiledRuleSet
from function_backend_rules.rule_sets.outcomes import CheckedRule, OutcomeReader

MAX_RULES = 10_000
"""As the contract has it; checked here too, because files come without a server."""


def compile_rule_set(
    rule_set: definition_pb2.RuleSet, environment: Environment, result_type: Type | None, problems: list[Problem]
) -> CompiledRuleSet | None:
    """The rule set that decides; None when it is refused, with the reasons added to `problems`."""
    return _Compilation(rule_set, environment, result_type, problems).compiled()


class _Compilation:
    def __init__(
        self,
        rule_set: definition_pb2.RuleSet,
        environment: Environment,
        result_type: Type | None,
        problems: list[Problem],
    ) -> None:
        self._set = rule_set
        self._environment = environment
        self._problems = problems
        self._reader = OutcomeReader(environment, result_type, problems)
        self._warnings: list[Problem] = []

    def compiled(self) -> CompiledRuleSet | None:
        before = len(self._problems)
        self._check_shape()
        rules = [checked for number, rule in enumerate(self._set.rules) if (checked := self._rule(number, rule))]
        otherwise = (
            self._reader.read(self._set.otherwise, "rule_set.otherwise", "otherwise") if self._set.otherwise else None
        )
        if len(self._problems) > before:
            return None
        takes_all = self._set.policy == definition_pb2.RULE_POLICY_ALL_MATCHES
        if self._set.policy == definition_pb2.RULE_POLICY_PRIORITY:
            rules.sort(key=lambda rule: -self._set.rules[rule.number].priority)
        elif not takes_all:
            self._warn_unreachable(rules)
        value_type = self._reader.type if self._reader.type is not None else DYN
        ordered = tuple(rules)
        return CompiledRuleSet(
            rules=ordered,
            otherwise=otherwise,
            takes_all=takes_all,
            skips_failures=self._set.on_error == definition_pb2.ERROR_POLICY_SKIP,
            value_type=value_type,
            result_type=list_of(value_type) if takes_all else value_type,
            warnings=tuple(self._warnings),
            cost=sum(rule.condition.cost + rule.outcome.expression.cost for rule in rules),
            code=RuleSetCode(self._environment, ordered),
        )

    def _check_shape(self) -> None:
        rules = self._set.rules
        if not self._set.policy or self._set.policy not in definition_pb2.RulePolicy.values():
            message = "the rule set does not say which of the matching rules decide"
            self._problems.append(Problem("rule_set.policy", message, suggestion="RULE_POLICY_FIRST_MATCH, say"))
        if len(rules) > MAX_RULES:
            message = f"a rule set has {MAX_RULES:,} rules at most, and this one has {len(rules):,}"
            self._problems.append(Problem("rule_set.rules", message))
        if not rules:
            self._problems.append(Problem("rule_set.rules", "there is no rule"))
        seen: dict[str, int] = {}
        for number, rule in enumerate(rules):
            path = f"rule_set.rules[{number}].id"
            if not rule.id:
                self._problems.append(Problem(path, "the rule has no id", suggestion="answers name rules by it"))
            elif rule.id in seen:
                message = f"the id {rule.id!r} is that of rule number {seen[rule.id] + 1} too"
                self._problems.append(Problem(path, message))
            seen.setdefault(rule.id, number)
        if self._set.policy != definition_pb2.RULE_POLICY_PRIORITY:
            for number, rule in enumerate(rules):
                if rule.priority:
                    message = "priorities mean something under RULE_POLICY_PRIORITY alone"
                    self._warnings.append(Problem(f"rule_set.rules[{number}].priority", message))
                    break

    def _rule(self, number: int, rule: definition_pb2.Rule) -> CheckedRule | None:
        """The checked rule; None when it is refused or left out. Those left out are checked all the same."""
        path, subject = f"rule_set.rules[{number}]", f"rule {rule.id}" if rule.id else f"rule number {number + 1}"
        condition = self._condition(rule, f"{path}.condition", subject)
        outcome = self._reader.read(rule.outcome, f"{path}.outcome", subject)
        if condition is None or outcome is None or rule.disabled:
            return None
        return CheckedRule(number, rule.id, condition, outcome, rule.reason_code, rule.reason)

    def _condition(self, rule: definition_pb2.Rule, path: str, subject: str) -> Expression | None:
        if not rule.condition.strip():
            message = "there is no condition"
            self._problems.append(Problem(path, message, suggestion="`true` always holds", subject=subject))
            return None
        try:
            return self._environment.check(rule.condition, expect=BOOL)
        except RefusedError as error:
            self._problems.extend(of_issue(path, issue, subject) for issue in error.issues)
            return None

    def _warn_unreachable(self, rules: list[CheckedRule]) -> None:
        for place, rule in enumerate(rules[:-1]):
            root = rule.condition.root
            if isinstance(root, Literal) and root.value is True:
                message = f"rule {rule.id} always matches, so the {len(rules) - place - 1} rules behind it never do"
                self._warnings.append(Problem(f"rule_set.rules[{rule.number}].condition", message))
                return
