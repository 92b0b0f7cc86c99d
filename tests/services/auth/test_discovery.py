from __future__ import annotations

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from function_backend.services.auth.domain.discovery import (
    Published,
    check_issuer,
    discovery_document,
    jwks_document,
)
from function_backend.services.auth.domain.tenant_settings import Grant

_PUBLISHED = Published(issuer="https://auth.example.com/tenants", algorithms=("ES256",), scopes=("company.read",))


class TestDiscovery:
    def test_another_library_finds_nothing_wrong_with_it(self) -> None:
        AuthorizationServerMetadata(discovery_document(_PUBLISHED)).validate()

    def test_every_address_is_below_the_issuer(self) -> None:
        document = discovery_document(_PUBLISHED)
        addresses = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))}
        assert len(addresses) >= 5
        assert all(address.startswith(_PUBLISHED.issuer + "/oauth2/") for address in addresses.values())

    def test_it_names_every_grant_and_the_algorithms_in_use(self) -> None:
        document = discovery_document(_PUBLISHED)
        assert set(document["grant_types_supported"]) == {grant.value for grant in Grant}
        assert document["id_token_signing_alg_values_supported"] == ["ES256"]
        assert document["scopes_supported"] == ["company.read"]
        assert "scopes_supported" not in discovery_document(Published(issuer="https://x", algorithms=()))

    @pytest.mark.parametrize("issuer", ["https://auth.example.com", "http://127.0.0.1:9464", "https://[::1]:8443/a/b"])
    def test_an_issuer_is_a_plain_url(self, issuer: str) -> None:
        check_issuer(issuer)

    @pytest.mark.parametrize(
        "issuer",
        [
            "",
            "auth.example.com",
            "https://",
            "https://x/",
            "https://x?y",
            "https://x#y",
            "ftp://x",
            "https://x y",
            "https://u:p@x",
        ],
    )
    def test_anything_else_is_none(self, issuer: str) -> None:
        with pytest.raises(ValueError, match="issuer"):
            check_issuer(issuer)


def test_the_set_holds_what_it_was_given_and_no_alias_of_it() -> None:
    key = {"kty": "EC", "kid": "1"}
    document = jwks_document([key])
    assert document == {"keys": [key]}
    document["keys"][0]["kid"] = "2"
    assert key["kid"] == "1"
    assert jwks_document([]) == {"keys": []}
