"""The rules engines that ours is compared with, where their packages are installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

CEL_CPP = "cel-expr-python"
ZEN = "zen-engine"
_EXTENSIONS = ("bindings", "math", "optional", "strings")


def has_cel_cpp() -> bool:
    """Whether cel-expr-python is installed; it has no wheel for some platforms."""
    return importlib.util.find_spec("cel_expr_python") is not None


def has_zen() -> bool:
    """Whether zen-engine is installed."""
    return importlib.util.find_spec("zen") is not None


def cel_cpp_environment(variables: Mapping[str, str]) -> Any:  # noqa: ANN401 - of a package without types
    """Its environment for variables whose types are messages or scalars."""
    from cel_expr_python import cel  # noqa: PLC0415 - it need not be installed

    config = cel.NewEnvConfigFromYaml("extensions:\n" + "".join(f"  - name: {name}\n" for name in _EXTENSIONS))
    types = {name: getattr(cel.Type, kind.upper(), None) or cel.Type(kind) for name, kind in variables.items()}
    return cel.NewEnv(config=config, variables=types)


def cel_cpp_call(variables: Mapping[str, str], expression: str, data: dict[str, Any]) -> Callable[[], object]:
    """Evaluates an expression as a server would: with a message that it sees for the first time."""
    compiled = cel_cpp_environment(variables).compile(expression)
    return lambda: compiled.eval(data=data).value()


def zen_call(expression: str, data: dict[str, Any]) -> Callable[[], object]:
    """Evaluates an expression of zen on a dict that is ready."""
    import zen  # noqa: PLC0415 - it need not be installed

    compiled = zen.compile_expression(expression)
    return lambda: compiled.evaluate(data)


def zen_decision(content: str) -> Any:  # noqa: ANN401 - of a package whose types say little
    """A decision of zen, ready to evaluate dicts."""
    import zen  # noqa: PLC0415 - it need not be installed

    return zen.ZenEngine().create_decision(content)
