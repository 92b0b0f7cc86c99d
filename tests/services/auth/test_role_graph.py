"""What roles inherit, compared with following every way by hand; and what the built-in ones grant."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from function_backend.kernel.declared_method import DeclaredMethod
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.permission import PLATFORM, PermissionCatalogue
from function_backend.services.auth.domain.role import Role, RoleContent
from function_backend.services.auth.domain.role_graph import RoleGraph

_IDS = [UUID(int=number) for number in range(1, 8)]


def _role(role_id: UUID, inherited: frozenset[UUID]) -> Role:
    content = RoleContent(name=f"r{role_id.int}", permissions=frozenset({f"p.{role_id.int}"}), inherited=inherited)
    return Role(id=role_id, content=content, revision=1)


@st.composite
def _graphs(draw: st.DrawFn, *, cycles: bool) -> dict[UUID, frozenset[UUID]]:
    """What each role inherits; without circles only from those before it."""
    graph = {}
    for place, role_id in enumerate(_IDS):
        others = _IDS if cycles else _IDS[:place]
        graph[role_id] = draw(st.frozensets(st.sampled_from(others), max_size=3)) if others else frozenset()
    return graph


def _ways(graph: dict[UUID, frozenset[UUID]], role_id: UUID, seen: tuple[UUID, ...] = ()) -> list[tuple[UUID, ...]]:
    """Every way down from the role that comes by no role twice."""
    way = (*seen, role_id)
    further = [found for each in graph[role_id] if each not in way for found in _ways(graph, each, way)]
    return [way, *further]


class TestRoleGraph:
    @given(graph=_graphs(cycles=True))
    def test_a_role_grants_what_every_role_on_its_ways_adds(self, graph: dict[UUID, frozenset[UUID]]) -> None:
        roles = RoleGraph({}, [_role(role_id, inherited) for role_id, inherited in graph.items()])
        for role_id in _IDS:
            reached = {found for way in _ways(graph, role_id) for found in way}
            assert roles.effective(role_id) == {f"p.{found.int}" for found in reached}
            back = any(role_id in graph[way[-1]] for way in _ways(graph, role_id))
            assert roles.inherits_itself(role_id) == back

    @given(graph=_graphs(cycles=False))
    def test_the_depth_is_that_of_the_longest_way(self, graph: dict[UUID, frozenset[UUID]]) -> None:
        roles = RoleGraph({}, [_role(role_id, inherited) for role_id, inherited in graph.items()])
        assert roles.depth() == max(len(way) - 1 for role_id in _IDS for way in _ways(graph, role_id))

    def test_roles_that_are_gone_are_passed_over(self) -> None:
        roles = RoleGraph({}, [_role(_IDS[0], frozenset({_IDS[1]}))])
        assert roles.effective(_IDS[0]) == {"p.1"}
        assert roles.heirs(_IDS[1]) == [_IDS[0]]
        assert roles.depth() == 1


def _method(permission: str, *, only_reads: bool) -> DeclaredMethod:
    return DeclaredMethod(
        path=f"/x.X/{permission}{only_reads}",
        permission=permission,
        only_reads=only_reads,
        resource_type="",
        step_up=None,
    )


class TestBuiltInRoles:
    @given(
        names=st.frozensets(
            st.sampled_from(
                [
                    *("auth.role.read", "auth.role.create", "auth.tenant.create", "auth.tenant.delete"),
                    "auth.sensitive.read",
                    *("company.read", "company.update", "company.export", "rules.read", "rules.run"),
                ]
            ),
            min_size=1,
        )
    )
    def test_whatever_the_catalogue_none_reaches_beyond_the_tenant_or_beyond_its_kind(
        self, names: frozenset[str]
    ) -> None:
        reading = {"auth.role.read", "auth.sensitive.read", "company.read", "company.export", "rules.read"}
        methods = [_method(name, only_reads=name in reading) for name in names]
        catalogue = PermissionCatalogue(names, methods)
        granted = {
            role.name: catalogue.granted(role.content.permissions) for role in BuiltInRoles(catalogue).by_id.values()
        }
        tenant = names - PLATFORM
        assert granted["owner"] == tenant
        assert granted["administrator"] == tenant - {"auth.tenant.delete"}
        assert granted["editor"] == {name for name in tenant if not name.startswith("auth.")}
        assert granted["viewer"] == tenant & {"company.read", "rules.read"}
        assert granted["auditor"] == tenant & {"company.read", "rules.read", "auth.role.read"}

    def test_a_permission_that_is_used_to_change_something_is_no_readers(self) -> None:
        both = [_method("company.read", only_reads=True), _method("company.read", only_reads=False)]
        roles = BuiltInRoles(PermissionCatalogue(frozenset({"company.read", "company.seen"}), both))
        assert not roles.named("viewer").content.permissions
