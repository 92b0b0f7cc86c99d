"""The schema language: what it accepts, what it says about what it does not, and its one form."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.services.auth.domain.relations.canonical import canonical_text, content_hash
from function_backend.services.auth.domain.relations.checking import read_schema
from function_backend.services.auth.domain.relations.difference import differences, withdrawals
from function_backend.services.auth.domain.relations.grammar import parse
from function_backend.services.auth.domain.relations.problem import SchemaProblem
from tests.services.auth.relation_oracle import a_world

PIECES = [*"abuv_19 \n\t:|#*+&-()={}/", "definition ", "relation ", "permission ", "->", "//", "/*", "user"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=100).map("".join)


def _complaints(text: str) -> list[str]:
    with pytest.raises(SchemaProblem) as refused:
        read_schema(text)
    return [f"{place.line}:{place.column} {what}" for place, what in refused.value.complaints]


class TestAccepted:
    def test_the_example_of_the_guide_is_understood_with_its_precedence(self) -> None:
        schema = read_schema(
            "definition user {} definition group { relation member: user | group#member }\n"
            "definition folder { relation viewer: user permission view = viewer }\n"
            "/* a\n * comment */ definition document { // another\n"
            "  relation viewer: user | group#member | user:*\n  relation editor: user\n  relation banned: user\n"
            "  relation parent: folder\n  permission view = viewer + editor - banned & parent->view\n}"
        )
        [view] = schema.types["document"].permissions.values()
        assert str(view) == "permission view = (viewer + editor) - (banned & parent->view)"

    @pytest.mark.parametrize(
        ("written", "form"),
        [
            ("a + b + c", "a + b + c"),
            ("a + (b + c)", "a + b + c"),
            ("(a - b) - c", "a - b - c"),
            ("a - (b - c)", "a - (b - c)"),
            ("a & b + c", "a & (b + c)"),
            ("((a))", "a"),
        ],
    )
    def test_an_expression_has_one_form_for_all_ways_of_writing_it(self, written: str, form: str) -> None:
        head = "definition user {}\ndefinition d {\nrelation a: user relation b: user relation c: user\n"
        schema = read_schema(f"{head}permission p = {written} }}")
        assert str(schema.types["d"].permissions["p"].expression) == form

    @pytest.mark.parametrize("seed", range(40))
    def test_the_canonical_form_says_the_same_and_is_its_own_canonical_form(self, seed: int) -> None:
        text = a_world(random.Random(seed)).text()
        once = canonical_text(parse(text))
        twice = canonical_text(parse(once))
        assert once == twice
        assert content_hash(once) == content_hash(twice)
        assert differences(parse(text), parse(once)) == []
        assert withdrawals(parse(text), parse(once)) == []


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "1:1 a schema has at least one definition"),
            ("definition user", "1:16 the schema ends where '{' is missing"),
            ("definition User {}", "1:12 unexpected 'U'"),
            ("definition user {} definition user {}", "1:31 'user' is defined twice"),
            ("definition d { relation a: d relation a: d }", "1:39 'a' stands twice in 'd'"),
            ("definition d { relation a: e }", "1:28 unknown type 'e'"),
            ("definition doc { relation a: dok }", "1:30 unknown type 'dok'; did you mean 'doc'?"),
            ("definition d { relation a: d#member }", "1:28 'd' has no relation or permission 'member'"),
            ("definition d { relation view: d permission p = viw }", "1:48 'd' has no relation or permission 'viw'"),
            ("definition d { relation a: d permission p = p }", "1:41 'p' leads back to itself"),
            ("definition d { permission p = q permission q = p }", "1:27 'p' leads back to itself"),
            ("definition d { relation a: d permission p = a permission q = p->a }", "an arrow begins at a relation"),
            ("definition d { relation a: d:* permission p = a->a }", "an arrow follows objects, and 'a' takes 'd:*'"),
            ("definition d { relation a: d#a permission p = a->a }", "an arrow follows objects, and 'a' takes 'd#a'"),
            ("definition d { relation a: d permission p = a->b }", "'d' has no relation or permission 'b'"),
            ("definition d { relation a: d permission p = a - a->p }", "'d#p' excludes something that depends on 'p'"),
            ("definition d { relation a: d | d }", "1:32 'd' stands twice in 'a'"),
        ],
    )
    def test_a_mistake_is_named_with_its_place(self, text: str, complaint: str) -> None:
        assert any(complaint in each for each in _complaints(text)), _complaints(text)

    def test_exclusion_through_another_type_is_found_too(self) -> None:
        text = (
            "definition a { relation r: b permission p = r - r->q }\ndefinition b { relation s: a permission q = s->p }"
        )
        assert any("excludes something" in each for each in _complaints(text))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("// " + "x" * 65_536, "64 KiB"),
            ("".join(f"definition d{number} {{}}\n" for number in range(201)), "more than 200 definitions"),
            (
                "definition d {\n" + "".join(f"relation r{number}: d\n" for number in range(101)) + "}",
                "more than 100 relations",
            ),
            (
                "definition d { relation a: d relation b: d permission p = " + "(a + (b & " * 9 + "a" + "))" * 9 + "}",
                "nested more than 16 deep",
            ),
        ],
    )
    def test_what_is_too_large_is_refused(self, text: str, said: str) -> None:
        assert any(said in each for each in _complaints(text)), _complaints(text)

    def test_ten_thousand_parentheses_are_refused_and_do_not_use_up_the_stack(self) -> None:
        deep = "(a + (a & " * 3_000 + "a" + "))" * 3_000
        assert any(
            "nested more than" in each
            for each in _complaints(f"definition d {{ relation a: d permission p = {deep} }}")
        )

    def test_permissions_that_double_at_each_step_are_checked_in_no_time(self) -> None:
        steps = "".join(f"permission p{n} = p{n - 1} + p{n - 1}\n" for n in range(1, 90))
        assert read_schema(f"definition d {{ relation a: d permission p0 = a\n{steps} }}").types["d"].permissions

    @settings(max_examples=300, deadline=None)
    @given(TEXTS)
    def test_no_text_does_anything_but_be_read_or_be_refused_with_a_place(self, text: str) -> None:
        try:
            schema = read_schema(text)
        except SchemaProblem as problem:
            assert all(place.line >= 1 and place.column >= 1 for place, _ in problem.complaints)  # noqa: PT017
        else:
            assert canonical_text(parse(canonical_text(schema))) == canonical_text(schema)
