from __future__ import annotations

import pytest

from function_backend.kernel.identity import PermissionSet
from function_backend.services.auth.domain.permission import PLATFORM, PermissionCatalogue
from tests.factories.auth import declared_permissions


@pytest.fixture
def catalogue() -> PermissionCatalogue:
    return PermissionCatalogue(declared_permissions())


class TestCatalogue:
    @pytest.mark.parametrize("pattern", ["company.read", "company.*", "auth.api_key.*", "auth.*", "*"])
    def test_names_branches_and_everything_are_known(self, catalogue: PermissionCatalogue, pattern: str) -> None:
        assert catalogue.knows(pattern)

    @pytest.mark.parametrize("pattern", ["", "company", "companies.*", "company.reed", "**", "company.read.*"])
    def test_others_are_not(self, catalogue: PermissionCatalogue, pattern: str) -> None:
        assert not catalogue.knows(pattern)

    @pytest.mark.parametrize(
        ("written", "meant"),
        [("company.reed", "company.read"), ("compani.*", "company.*"), ("auth.apikey.read", "auth.api_key.read")],
    )
    def test_the_nearest_is_what_was_meant(self, catalogue: PermissionCatalogue, written: str, meant: str) -> None:
        assert catalogue.nearest(written) == meant

    def test_nonsense_has_no_nearest(self, catalogue: PermissionCatalogue) -> None:
        assert catalogue.nearest("xyzzy") is None


class TestTenantAdministration:
    def test_it_allows_everything_but_what_reaches_beyond_the_tenant(self, catalogue: PermissionCatalogue) -> None:
        held = PermissionSet(catalogue.of_a_tenant())
        assert declared_permissions() >= PLATFORM
        assert {name for name in declared_permissions() if not held.allows(name)} == PLATFORM

    def test_it_is_written_as_branches_where_possible(self, catalogue: PermissionCatalogue) -> None:
        assert {"company.*", "auth.api_key.*"} <= catalogue.of_a_tenant()


class TestCovering:
    @pytest.mark.parametrize(
        ("held", "wanted", "covered"),
        [
            ("*", "*", True),
            ("*", "company.*", True),
            ("company.*", "company.read", True),
            ("company.*", "company.*", True),
            ("company.*", "*", False),
            ("company.*", "auth.api_key.read", False),
            ("company.read", "company.read", True),
            ("company.read", "company.*", False),
            ("auth.*", "auth.api_key.*", True),
            ("auth.api_key.*", "auth.*", False),
            ("auth.api_key.*", "auth.api_key_other.read", False),
        ],
    )
    def test_nobody_grants_more_than_held(self, held: str, wanted: str, *, covered: bool) -> None:
        assert PermissionSet(frozenset({held})).covers(wanted) is covered
