"""The names that generated code is given: these and no others. `__builtins__` is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError, no_overload
from function_backend_rules.cel.runtime import building, collections, messages, operators
from function_backend_rules.cel.runtime.table import BUDGETED, PURE, runtime_name
from function_backend_rules.cel.values import NONE, OptionalValue


def _all_of(*terms: Callable[[], bool]) -> bool:
    """`a && b && …`: false when one is, else the first error, else true."""
    failed: EvaluationError | None = None
    for term in terms:
        try:
            if not term():
                return False
        except BudgetExceededError:
            raise
        except EvaluationError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return True


def _any_of(*terms: Callable[[], bool]) -> bool:
    """`a || b || …`: true when one is, else the first error, else false."""
    failed: EvaluationError | None = None
    for term in terms:
        try:
            if term():
                return True
        except BudgetExceededError:
            raise
        except EvaluationError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return False


def _complete(stop: bool) -> Callable[..., bool]:  # noqa: FBT001 - made twice, below
    def every(*terms: Callable[[], bool]) -> bool:
        """As `_all_of` or `_any_of`, after looking at every term."""
        found: list[bool] = []
        failed: EvaluationError | None = None
        for term in terms:
            try:
                found.append(term())
            except BudgetExceededError:
                raise
            except EvaluationError as error:
                failed = failed or error
        if stop in found:
            return stop
        if failed is not None:
            raise failed
        return not stop

    return every


def _arguments(item: Any, test: Callable[..., bool]) -> bool:
    return test(*item) if type(item) is tuple else test(item)


def _all_items(items: Any, test: Callable[..., bool]) -> bool:
    return _all_of(*(lambda item=item: _arguments(item, test) for item in items))


def _exists_items(items: Any, test: Callable[..., bool]) -> bool:
    return _any_of(*(lambda item=item: _arguments(item, test) for item in items))


def _as_optional(value: Any) -> OptionalValue:
    if type(value) is OptionalValue:
        return value
    raise no_overload("optMap", value)


def _optional_or(value: Any, other: Callable[[], Any]) -> OptionalValue:
    if type(value) is not OptionalValue:
        raise no_overload("or", value)
    return value if value.present else _as_optional(other())


def _optional_or_value(value: Any, other: Callable[[], Any]) -> Any:
    if type(value) is not OptionalValue:
        raise no_overload("orValue", value)
    return value.value if value.present else other()


def _overflowed() -> int:
    raise operators.overflow()


def _undeclared(name: str) -> Any:
    raise EvaluationError(f"undeclared reference to {name!r}")


def _matches_compiled(budget: Budget, text: Any, pattern: Any) -> bool:
    budget.take(8 * len(text))
    return pattern.search(text) is not None


def _same_texts(budget: Budget, one: Any, other: Any) -> bool:
    budget.take(min(len(one), len(other)))
    return bool(one == other)


def _charged(compare: Callable[[Any, Any], bool]) -> Callable[[Budget, Any, Any], bool]:
    def charged(budget: Budget, one: Any, other: Any) -> bool:
        budget.take(min(len(one), len(other)))
        return compare(one, other)

    return charged


def _merge_entries(budget: Budget, maps: list[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for entry in maps:
        for key, value in operators.pairs(entry):
            operators.put(found, key, value)
    budget.take_elements(len(found))
    return found


def _append(found: list[Any], item: Any) -> None:
    if item is not None:
        found.append(item)


def _as_list(value: Any) -> list[Any]:
    return list(value)


GLOBALS: dict[str, object] = {
    "__builtins__": {},
    "Exception": Exception,
    "_len": len,
    "_none": NONE,
    "_all_of": _all_of,
    "_any_of": _any_of,
    "_all_items": _all_items,
    "_exists_items": _exists_items,
    "_append": _append,
    "_as_bool": operators.as_bool,
    "_as_list": _as_list,
    "_as_optional": _as_optional,
    "_build": building.build,
    "_divide_int": operators.divide_int,
    "_elements": operators.elements,
    "_every_False": _complete(stop=True),
    "_every_True": _complete(stop=False),
    "_has": operators.has,
    "_index_list": operators.index_list,
    "_index_text_map": operators.index_text_map,
    "_make_map": operators.make_map,
    "_make_optional_list": operators.make_optional_list,
    "_matches_compiled": _matches_compiled,
    "_merge_entries": _merge_entries,
    "_optional_of": OptionalValue,
    "_optional_or": _optional_or,
    "_optional_or_value": _optional_or_value,
    "_optional_select": operators.optional_select,
    "_overflowed": _overflowed,
    "_pairs": operators.pairs,
    "_read_duration": messages.read_duration,
    "_read_field": messages.read_field,
    "_read_timestamp": messages.read_timestamp,
    "_select": operators.select,
    "_sort_by": collections.sort_by,
    "_undeclared": _undeclared,
    "_Eq_texts": _same_texts,
    "_NotEq_texts": lambda budget, one, other: not _same_texts(budget, one, other),
    "_Lt_texts": _charged(lambda one, other: bool(one < other)),
    "_LtE_texts": _charged(lambda one, other: bool(one <= other)),
    "_Gt_texts": _charged(lambda one, other: bool(one > other)),
    "_GtE_texts": _charged(lambda one, other: bool(one >= other)),
    **{runtime_name(name): function for name, function in {**PURE, **BUDGETED}.items()},
}
