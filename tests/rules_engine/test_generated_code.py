import ast
import dis
from types import CodeType

import pytest

from function.company.v1 import company_pb2  # noqa: F401 - its messages in the pool
from function_backend_rules.cel import Budget, Environment
from function_backend_rules.cel.code_cache import CodeCache, code_key
from function_backend_rules.cel.codegen import Generator, Places
from function_backend_rules.cel.modules import GeneratedModule
from function_backend_rules.cel.runtime.environment import GLOBALS

VARIABLES = {"x": "int", "__import__": "string", "_c": "int", "v0": "int", "None_": "int"}
ENVIRONMENT = Environment(VARIABLES)
EXPRESSIONS = [
    "x + _c * v0 - None_ > 3",
    '__import__ == \'__import__("os").system("true")\'',
    "[1, 2, 3].map(exec, exec + x).exists(eval, eval > 1)",
    "{'__class__': x}.__class__ == x",
    "cel.bind(globals, x, globals + 1) == 1",
    "timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z') && 5u > 1u",
]


def module(expression: str, *, fast: bool) -> GeneratedModule:
    root = ENVIRONMENT.check(expression).root
    generator = Generator(ENVIRONMENT.contract, list(VARIABLES), fast=fast)
    code = generator.expression(root, Places().add(root))
    function = generator.function("run", generator.parameters, [generator.returns(code)])
    return GeneratedModule.of(generator.module([function]), generator.constants)


def codes(code: CodeType) -> list[CodeType]:
    found = [code]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found.extend(codes(constant))
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("fast", [True, False])
def test_no_name_of_the_author_becomes_a_name_of_python(expression: str, *, fast: bool) -> None:
    made = module(expression, fast=fast)
    own = {name for name, _ in made.constants}
    for code in codes(made.code):
        for instruction in dis.get_instructions(code):
            if instruction.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
                assert instruction.argval in GLOBALS or instruction.argval in own or instruction.argval.startswith("_f")
            assert not instruction.opname.startswith("IMPORT")
        assert all(
            name[0] in "vmh_." or name in {"loop", "HasField", "startswith", "endswith"} for name in code.co_varnames
        )


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_module_that_is_kept_gives_the_same(expression: str) -> None:
    made = module(expression, fast=True)
    arguments = (Budget(), 1, "a", 2, 3, 4)
    pool = ENVIRONMENT.pool
    kept = GeneratedModule.restore(made.dump()).load(pool, {})["run"](*arguments)
    assert kept == made.load(pool, {})["run"](*arguments)


def test_there_are_no_builtins() -> None:
    assert GLOBALS["__builtins__"] == {}
    assert not {"eval", "exec", "getattr", "open", "__import__", "type", "object"} & set(GLOBALS)


def test_a_name_without_meaning_is_an_error_of_the_rule() -> None:
    node = ast.Module([], [])
    assert isinstance(compile(node, "x", "exec"), CodeType)
    for name in ("__class__", "__dict__", "DESCRIPTOR", "SerializeToString"):
        program = Environment({"any": "dyn"}).check(f"any.{name} == 1").program()
        with pytest.raises(Exception, match="no such"):
            program.evaluate({"any": {"a": 1}})


class TestCache:
    def test_what_was_generated_is_not_generated_again(self) -> None:
        cache, made = CodeCache(), []

        def generate() -> GeneratedModule:
            made.append(1)
            return module("x > 3", fast=True)

        functions = [cache.get("a", generate).load(ENVIRONMENT.pool, {})["run"] for _ in range(3)]
        assert made == [1]
        assert [function(Budget(), 4, "", 0, 0, 0) for function in functions] == [True] * 3

    def test_the_least_used_goes_first(self) -> None:
        cache = CodeCache(entries=2)
        for key in ("a", "b", "a", "c"):
            cache.get(key, lambda: module("x > 3", fast=True))
        kept = cache.get("a", lambda: module("x > 5", fast=True)).load(ENVIRONMENT.pool, {})["run"]
        assert kept(Budget(), 4, "", 0, 0, 0) is True
        assert len(cache) == 2

    def test_the_size_is_limited(self) -> None:
        cache = CodeCache(size=10)
        cache.get("a", lambda: module("x > 3", fast=True))
        assert len(cache) == 0

    def test_a_key_is_of_text_types_and_messages(self) -> None:
        def key(text: str, kind: str = "int", container: str = "") -> str:
            environment = Environment({"x": kind, "company": "function.company.v1.Company"}, container=container)
            root = environment.check(text).root
            return code_key(environment.contract, [root], text, container, kind)

        keys = {
            key("x > 3"),
            key("x > 4"),
            key("x > 3u", "uint"),
            key("x > 3", container="a"),
            key("company.etag != ''"),
        }
        assert len(keys) == 5
        assert key("x > 3") in keys
