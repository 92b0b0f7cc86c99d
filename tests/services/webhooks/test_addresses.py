from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.services.webhooks.domain.addresses import (
    AddressRules,
    ForbiddenAddressError,
    UrlProblemError,
    read_url,
)

INSIDE = [
    "0.0.0.0",  # noqa: S104  nothing is bound
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
OUTSIDE = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]


def allows(rules: AddressRules, address: str) -> bool:
    try:
        rules.check(ipaddress.ip_address(address))
    except ForbiddenAddressError:
        return False
    return True


class TestAddresses:
    @pytest.mark.parametrize("address", INSIDE)
    def test_what_is_not_of_the_public_internet_is_refused(self, address: str) -> None:
        assert not allows(AddressRules(), address)

    @pytest.mark.parametrize("address", OUTSIDE)
    def test_what_is_of_the_public_internet_is_allowed(self, address: str) -> None:
        assert allows(AddressRules(), address)

    @settings(deadline=None)
    @given(address=st.ip_addresses())
    def test_nothing_is_allowed_that_python_takes_for_private(
        self, address: ipaddress.IPv4Address | ipaddress.IPv6Address
    ) -> None:
        if allows(AddressRules(), str(address)):
            assert address.is_global
            assert not address.is_multicast

    def test_a_network_can_be_allowed_and_its_neighbours_stay_refused(self) -> None:
        rules = AddressRules((ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00::/64")))
        assert allows(rules, "10.1.2.3")
        assert allows(rules, "::ffff:10.1.2.3")
        assert allows(rules, "fd00::5")
        assert not allows(rules, "10.2.0.1")
        assert not allows(rules, "::ffff:10.2.0.1")
        assert not allows(rules, "fd00:0:0:1::5")
        assert allows(rules, "8.8.8.8")


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "host", "port", "path", "header"),
        [
            ("https://hooks.example.com", "hooks.example.com", 443, "/", "hooks.example.com"),
            ("https://Hooks.Example.com./a?b=c", "hooks.example.com", 443, "/a?b=c", "hooks.example.com"),
            ("https://hooks.example.com:8443/a", "hooks.example.com", 8443, "/a", "hooks.example.com:8443"),
            ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
            ("https://münchen.example/", "xn--mnchen-3ya.example", 443, "/", "xn--mnchen-3ya.example"),
            ("https://a_b.example/%C3%A4", "a_b.example", 443, "/%C3%A4", "a_b.example"),
        ],
        ids=str,
    )
    def test_a_url_is_read(self, url: str, host: str, port: int, path: str, header: str) -> None:
        target = read_url(url)
        assert (target.host, target.port, target.path, target.host_header) == (host, port, path, header)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "hooks.example.com",
            "http://hooks.example.com/",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "https://",
            "https:///path",
            "https://user:secret@hooks.example.com/",
            "https://hooks.example.com@127.0.0.1/",
            "https://hooks.example.com/#part",
            "https://hooks.example.com/ x",
            "https://hooks.example.com/\r\nHost: other",
            "https://hooks.example.com\\@evil.example/",
            "https://hooks.example.com:0/",
            "https://hooks.example.com:99999/",
            "https://hooks.example.com:x/",
            "https://[::1",
            "https://[fe80::1%25eth0]/",
            "https://-a.example/",
            "https://a..example/",
            "https://" + "a" * 64 + ".example/",
            "https://hooks.example.com/ä",
        ],
    )
    def test_what_names_no_place_is_refused_with_what_is_wrong(self, url: str) -> None:
        with pytest.raises(UrlProblemError) as refused:
            read_url(url)
        assert str(refused.value)

    def test_http_is_read_where_it_is_allowed(self) -> None:
        assert read_url("http://hooks.example.com/", allow_http=True).port == 80

    @settings(deadline=None)
    @given(text=st.text(max_size=60))
    def test_no_text_makes_it_fail_otherwise(self, text: str) -> None:
        for url in (text, f"https://{text}", f"https://hooks.example.com{text}"):
            try:
                target = read_url(url)
            except UrlProblemError:
                continue
            assert target.host.isascii()
            assert target.path.startswith("/")
            assert target.path.isascii()
