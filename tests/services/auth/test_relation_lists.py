"""The use cases over PostgreSQL against the plain oracle: checks, lists, pages, expiry, snapshots."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.domain.relations import walking
from function_backend.services.auth.domain.relations.references import Tuple
from function_backend.services.auth.domain.relationship_change import Operation
from function_backend.services.auth.errors.relation import CheckTooComplexError, RelationUnknownError
from function_backend.services.auth.service.permission_checks import PermissionChecks, Question
from function_backend.services.auth.service.permitted_lists import PermittedLists
from function_backend.services.auth.service.relation_plans import RelationPlans
from function_backend.services.auth.service.relation_schemas import RelationSchemas
from function_backend.services.auth.service.relationships import Relationships, WantedUpdate
from tests.factories.auth import a_principal, calling
from tests.fixtures.postgres import Database
from tests.services.auth.relation_oracle import World, a_world

SEEDS = range(12)


class Moment:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Desk:
    """All use cases of relationships, for one tenant."""

    def __init__(self, transactions: Transactions) -> None:
        self.clock = Moment()
        tokens = PageTokens(b"a secret of the tests")
        plans = RelationPlans(size=10)
        self.schemas = RelationSchemas(transactions=transactions, clock=self.clock, page_tokens=tokens)
        self.relationships = Relationships(transactions=transactions, clock=self.clock, page_tokens=tokens, plans=plans)
        self.checks = PermissionChecks(
            transactions=transactions,
            clock=self.clock,
            plans=plans,
            sample_rate=0,
            decisions_kept_for=timedelta(days=1),
        )
        self.lists = PermittedLists(transactions=transactions, clock=self.clock, page_tokens=tokens, plans=plans)

    def write(self, *tuples: tuple[str, ...], expires_at: datetime | None = None) -> None:
        wanted = [
            WantedUpdate(
                operation=Operation.TOUCH,
                resource=f"{row[0]}:{row[1]}",
                relation=row[2],
                subject=str(Tuple(*row)).partition("@")[2],
                expires_at=expires_at,
            )
            for row in tuples
        ]
        for begin in range(0, len(wanted), 1000):
            self.relationships.write(wanted[begin : begin + 1000], [], reason="")

    def resources(self, type_name: str, name: str, subject: str, *, page_size: int) -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            page = self.lists.resources(type_name, name, subject, page_size=page_size, page_token=token)
            found += [each for each, _ in page.ids]
            token = page.next_page_token
            if not token:
                return found

    def subjects(
        self, resource: str, name: str, type_name: str, relation: str, *, page_size: int
    ) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        token = ""
        while True:
            page = self.lists.subjects(resource, name, type_name, relation, page_size=page_size, page_token=token)
            found += page.ids
            token = page.next_page_token
            if not token:
                return found


@pytest.fixture
def desk(transactions: Transactions, recorder: EventRecorder) -> Iterator[Desk]:
    """The use cases, in the name of a caller of a tenant of its own."""
    recorder.learn(EVENT_PAYLOADS)
    with calling(a_principal(tenant_id=uuid4())):
        yield Desk(transactions)


@contextmanager
def _as(tenant_id: UUID) -> Iterator[None]:
    with calling(a_principal(tenant_id=tenant_id)):
        yield


def _world(seed: int) -> World:
    chance = random.Random(1_000 + seed)
    while True:
        world = a_world(chance)
        if (world.tuples and "-" not in world.text().replace("->", "")) or seed % 3:
            return world


def _text(subject: tuple[str, str, str]) -> str:
    return f"{subject[0]}:{subject[1]}" + (f"#{subject[2]}" if subject[2] else "")


@pytest.mark.parametrize("gives_up", [False, True], ids=["walking", "going through all"])
@pytest.mark.parametrize("seed", SEEDS)
def test_checks_and_lists_equal_brute_force(
    desk: Desk, seed: int, monkeypatch: pytest.MonkeyPatch, *, gives_up: bool
) -> None:
    world = _world(seed)
    try:
        desk.schemas.write(world.text(), etag="", reason="")
    except CheckTooComplexError:
        raise
    except Exception as error:  # noqa: BLE001 - a schema that excludes itself, which the generator does not avoid
        assert "excludes something" in str(error)  # noqa: PT017
        return
    desk.write(*world.tuples)
    if gives_up:
        monkeypatch.setattr(walking, "MAX_VISITED", 0)
    chance = random.Random(seed)
    every = {subject: world.facts(subject) for subject in world.subjects()}
    targets = [(each, name) for each in world.types for name in world.names(each)]
    for subject in chance.sample(sorted(every), 6):
        questions = [
            Question(f"{type_name}:{object_id}", name, _text(subject))
            for type_name, name in targets
            for object_id in world.ids(type_name)
        ]
        answers, _ = desk.checks.batch(questions)
        assert answers == [
            (type_name, object_id, name) in every[subject]
            for type_name, name in targets
            for object_id in world.ids(type_name)
        ]
        for type_name, name in targets:
            permitted = sorted(each[1] for each in every[subject] if (each[0], each[2]) == (type_name, name))
            found = desk.resources(type_name, name, _text(subject), page_size=chance.choice([1, 2, 100]))
            assert found == permitted, (world.text(), subject, type_name, name)
    kinds = [("user", ""), chance.choice([(each[0], each[2]) for each in every if each[2]])]
    for type_name, name in targets:
        for kind in kinds if not gives_up else kinds[:1]:
            permitted_ids = {
                each[1] for each, held in every.items() if (each[0], each[2]) == kind and (type_name, "a", name) in held
            }
            found_ids = dict(desk.subjects(f"{type_name}:a", name, *kind, page_size=chance.choice([1, 2, 100])))
            if "*" in permitted_ids:
                refused = {each[1] for each in every if (each[0], each[2]) == kind} - permitted_ids
                assert {each for each, held in found_ids.items() if not held} == refused
                assert {each for each, held in found_ids.items() if held} <= permitted_ids
                assert "*" in found_ids
            else:
                assert found_ids == dict.fromkeys(permitted_ids, True), (world.text(), type_name, name, kind)


SCHEMA = """
definition user {}
definition group { relation member: user | group#member }
definition document {
  relation viewer: user | user:* | group#member
  relation banned: user
  permission view = viewer - banned
}
"""


def test_who_is_named_where_another_part_of_an_intersection_says_everybody_is_listed(desk: Desk) -> None:
    schema = """
        definition user {}
        definition document {
          relation open: user | user:*
          relation member: user
          permission read = open & member
        }
    """
    desk.schemas.write(schema, etag="", reason="")
    desk.write(("document", "d", "open", "user", "*", ""), ("document", "d", "member", "user", "cem", ""))
    assert desk.subjects("document:d", "read", "user", "", page_size=10) == [("cem", True)]


class TestExpiry:
    def test_what_has_expired_counts_no_more_for_checks_lists_and_creation(self, desk: Desk) -> None:
        desk.schemas.write(SCHEMA, etag="", reason="")
        soon = desk.clock.at + timedelta(hours=1)
        row = ("document", "1", "viewer", "user", "ann", "")
        desk.write(row, expires_at=soon)
        desk.write(("document", "2", "viewer", "group", "eng", "member"))
        desk.write(("group", "eng", "member", "user", "ann", ""), expires_at=soon)
        assert desk.resources("document", "view", "user:ann", page_size=10) == ["1", "2"]
        desk.clock.at = soon
        assert desk.resources("document", "view", "user:ann", page_size=10) == []
        assert desk.subjects("document:1", "view", "user", "", page_size=10) == []
        assert not desk.checks.check(Question("document:1", "view", "user:ann"), record=False).permitted
        again = WantedUpdate(
            operation=Operation.CREATE,
            resource="document:1",
            relation="viewer",
            subject="user:ann",
            expires_at=None,
        )
        desk.relationships.write([again], [], reason="")
        assert desk.checks.check(Question("document:1", "view", "user:ann"), record=False).permitted

    def test_a_ban_that_has_expired_bans_no_more(self, desk: Desk) -> None:
        desk.schemas.write(SCHEMA, etag="", reason="")
        desk.write(("document", "1", "viewer", "user", "*", ""))
        desk.write(("document", "1", "banned", "user", "ann", ""), expires_at=desk.clock.at + timedelta(hours=1))
        question = Question("document:1", "view", "user:ann")
        assert not desk.checks.check(question, record=False).permitted
        desk.clock.at += timedelta(hours=1)
        assert desk.checks.check(question, record=False).permitted


class TestNewSchema:
    """A worker that has answered by one version meets the next one with its next question."""

    @pytest.fixture
    def second(self, desk: Desk, transactions: Transactions) -> Desk:
        """Another worker, which hears of nothing."""
        other = Desk(transactions)
        desk.schemas.write(SCHEMA, etag="", reason="")
        desk.write(("document", "1", "viewer", "user", "ann", ""), ("document", "1", "banned", "user", "ann", ""))
        answer = other.checks.check(Question("document:1", "view", "user:ann"), record=False)
        assert (answer.permitted, answer.schema_version) == (False, 1)
        return other

    def test_a_check_and_a_batch_follow_the_new_one(self, desk: Desk, second: Desk) -> None:
        desk.schemas.write(SCHEMA.replace(" - banned", ""), etag="", reason="")
        answer = second.checks.check(Question("document:1", "view", "user:ann"), record=True)
        assert (answer.permitted, answer.schema_version) == (True, 2)
        desk.schemas.write(SCHEMA, etag="", reason="")
        assert second.checks.batch([Question("document:1", "view", "user:ann")]) == ([False], 3)

    def test_what_only_the_new_one_has_is_known_and_what_only_the_old_one_had_is_not(
        self, desk: Desk, second: Desk
    ) -> None:
        desk.schemas.write(SCHEMA.replace("permission view", "permission see"), etag="", reason="")
        assert not second.checks.check(Question("document:1", "see", "user:ann"), record=False).permitted
        desk.schemas.write(SCHEMA, etag="", reason="")
        answers, version = second.checks.batch([Question("document:1", "see", "user:ann")])
        assert [type(each) for each in answers] == [RelationUnknownError]
        assert version == 3
        with pytest.raises(RelationUnknownError):
            second.checks.check(Question("document:1", "see", "user:ann"), record=False)


class TestLargeSets:
    def test_a_group_of_ten_thousand_is_checked_and_listed_completely(self, desk: Desk) -> None:
        desk.schemas.write(SCHEMA, etag="", reason="")
        members = [f"u{number:05d}" for number in range(10_000)]
        desk.write(*[("group", "big", "member", "user", each, "") for each in members])
        desk.write(
            ("document", "1", "viewer", "group", "big", "member"), ("document", "1", "banned", "user", "u00007", "")
        )
        answers, _ = desk.checks.batch(
            [Question("document:1", "view", f"user:{each}") for each in ("u00000", "u00007", "u09999", "stranger")]
        )
        assert answers == [True, False, True, False]
        assert [each for each, _ in desk.subjects("document:1", "view", "user", "", page_size=1000)] == [
            each for each in members if each != "u00007"
        ]

    def test_everybody_but_those_who_are_banned_is_listed_as_such(self, desk: Desk) -> None:
        desk.schemas.write(SCHEMA, etag="", reason="")
        banned = [f"u{number:04d}" for number in range(50)]
        desk.write(("document", "1", "viewer", "user", "*", ""), ("document", "1", "viewer", "user", "u9999", ""))
        desk.write(*[("document", "1", "banned", "user", each, "") for each in banned])
        found = desk.subjects("document:1", "view", "user", "", page_size=7)
        assert found == [("*", True), *[(each, False) for each in banned], ("u9999", True)]


def test_all_statements_of_a_snapshot_see_the_same_state(transactions: Transactions, database: Database) -> None:
    with calling(a_principal()), transactions.snapshot() as work:
        before = work.driver.execute("select count(*) from relation_decision").fetchone()
        with psycopg.connect(database.superuser_url, autocommit=True) as other:
            other.execute(
                "insert into relation_decision select %s, gen_random_uuid(), now(), now(), '', 1, '', '', '', true, ''",
                (work.tenant_id,),
            )
        assert work.driver.execute("select count(*) from relation_decision").fetchone() == before
