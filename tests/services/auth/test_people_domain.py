"""Names, hashes, password rules, codes and delays as values."""

from __future__ import annotations

import base64
import string
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.services.auth.adapters.common_passwords import common_passwords
from function_backend.services.auth.domain.attributes import check_attributes
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.names import check_email, check_line, check_user_name, fold
from function_backend.services.auth.domain.password_hash import (
    MOST_BYTES_OF_MEMORY,
    MOST_PBKDF2_ROUNDS,
    BcryptHash,
    HashRefusedError,
    Pbkdf2Hash,
    ScryptHash,
    read_hash,
)
from function_backend.services.auth.domain.password_rules import broken_rules
from function_backend.services.auth.domain.recovery_code import code_digest, new_codes
from function_backend.services.auth.domain.throttle import ThrottleRules, fresh
from function_backend.services.auth.domain.totp import matching_step
from function_backend.services.auth.domain.user import Profile
from function_backend.services.auth.domain.user_token import TokenPurpose, mint_token, read_token, token_digest

_NOW = datetime(2026, 11, 25, tzinfo=UTC)


def _faults(check: object, text: object) -> list[str]:
    checks = Checks()
    assert callable(check)
    check(checks, "field", text)
    return [violation.description for violation in checks.violations]


class TestFolding:
    @given(text=st.text(max_size=80))
    def test_folding_twice_changes_nothing(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)

    @given(text=st.text(alphabet=string.ascii_letters + string.digits, max_size=20))
    def test_case_and_width_do_not_matter(self, text: str) -> None:
        wide = "".join(chr(ord(sign) + 0xFEE0) for sign in text)
        assert fold(wide) == fold(text.swapcase()) == text.lower()


class TestUserNames:
    @given(text=st.text(max_size=70))
    def test_what_is_taken_is_short_visible_and_stays_as_it_is(self, text: str) -> None:
        checks = Checks()
        name = check_user_name(checks, "user_name", text)
        if checks.violations:
            return
        assert 0 < len(name) <= 64
        assert "@" not in name
        assert name.isprintable()
        again = Checks()
        assert check_user_name(again, "user_name", name) == name
        assert not again.violations

    @pytest.mark.parametrize("name", ["ada", "Ада", "ada.l_o-v3", "李雷", "7up", "émile", "नमस्ते"])
    def test_names_of_the_world_are_taken(self, name: str) -> None:
        assert _faults(check_user_name, name) == []

    @pytest.mark.parametrize(
        "name", ["\u0301ada", ".ada", "a b", "a\tb", "ada\u00ad", "a/b", "\u3164", "ada\U000e0101"]
    )
    def test_what_hides_or_separates_is_not(self, name: str) -> None:
        assert len(_faults(check_user_name, name)) == 1


class TestAddresses:
    @given(text=st.text(max_size=100))
    def test_what_is_taken_is_one_line_with_one_at(self, text: str) -> None:
        checks = Checks()
        address = check_email(checks, "email", text)
        if not checks.violations and address:
            assert address.count("@") == 1
            assert address.isprintable()
            assert " " not in address

    @pytest.mark.parametrize(
        "address",
        ["a@b@example.com", "a@example.com\nBcc: b@example.com", "a@example.com,b@example.com", "Ada <a@example.com>"],
    )
    def test_two_addresses_in_one_are_refused(self, address: str) -> None:
        assert len(_faults(check_email, address)) == 1

    def test_none_is_none(self) -> None:
        checks = Checks()
        assert check_email(checks, "email", "  ") == ""
        assert not checks.violations


class TestLines:
    @given(text=st.text(max_size=250))
    def test_what_is_taken_cannot_break_a_line(self, text: str) -> None:
        checks = Checks()
        line = check_line(checks, "display_name", text)
        if not checks.violations:
            assert len(line.splitlines()) <= 1
            assert len(line) <= 200

    @given(
        attributes=st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        )
    )
    def test_any_attributes_are_taken_in_one_form_or_refused(self, attributes: object) -> None:
        checks = Checks()
        taken = check_attributes(checks, "attributes", {"key": attributes})  # type: ignore[dict-item]  # JSON of any kind
        if not checks.violations:
            assert check_attributes(Checks(), "attributes", taken) == taken


class TestHashes:
    @given(text=st.text(max_size=600) | st.from_regex(r"\$(argon2id|2b|scrypt|pbkdf2-sha256)\$.{0,60}", fullmatch=True))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        said = ""
        try:
            said = repr(read_hash(text))
        except HashRefusedError as refused:
            said = str(refused)
        assert said
        assert len(text) < 8 or text not in said

    @given(exponent=st.integers(1, 40), r=st.integers(1, 10**8), p=st.integers(1, 10**8))
    def test_whatever_scrypt_is_taken_fits_in_memory_and_time(self, exponent: int, r: int, p: int) -> None:
        text = f"$scrypt$ln={exponent},r={r},p={p}${_b64(16)}${_b64(32)}"
        try:
            read = read_hash(text)
        except HashRefusedError:
            return
        assert isinstance(read, ScryptHash)
        assert 128 * read.n * read.r <= MOST_BYTES_OF_MEMORY
        assert read.n * read.r * read.p <= 1 << 23

    @given(rounds=st.integers(1, 10**9 - 1), size=st.integers(16, 64))
    def test_whatever_pbkdf2_is_taken_ends_soon(self, rounds: int, size: int) -> None:
        try:
            read = read_hash(f"$pbkdf2${rounds}${_b64(16)}${_b64(size)}")
        except HashRefusedError:
            return
        assert isinstance(read, Pbkdf2Hash)
        assert read.rounds * -(-size // 20) <= MOST_PBKDF2_ROUNDS

    @pytest.mark.parametrize(("cost", "taken"), [(3, False), (4, True), (16, True), (17, False), (31, False)])
    def test_bcrypt_is_bounded_on_both_sides(self, cost: int, *, taken: bool) -> None:
        text = f"$2b${cost:02}$" + "A" * 53
        if taken:
            assert isinstance(read_hash(text), BcryptHash)
        else:
            with pytest.raises(HashRefusedError, match="4 to 16"):
                read_hash(text)


def _b64(size: int) -> str:
    return base64.b64encode(bytes(size)).rstrip(b"=").decode()


class TestPasswordRules:
    @given(
        password=st.text(min_size=8, max_size=40), name=st.text(alphabet=string.ascii_letters, min_size=4, max_size=9)
    )
    def test_a_password_around_a_name_is_refused_in_any_case(self, password: str, name: str) -> None:
        for inside in (name, name.upper(), name.swapcase()):
            broken = broken_rules(f"{password}{inside}", min_length=8, common=frozenset(), names=[name])
            assert "CONTAINS_NAME" in [rule.name for rule in broken]

    @given(length=st.integers(0, 30))
    def test_length_is_counted_in_characters_as_people_count(self, length: int) -> None:
        broken = broken_rules(
            "xé"[: length % 2] + "e\u0301x" * (length // 2), min_length=12, common=frozenset(), names=[]
        )
        assert ("TOO_SHORT" in [rule.name for rule in broken]) == (length < 12)

    @pytest.mark.parametrize("password", ["Dragon2024!", "!!!qwertyuiop", "P@$$w0rd", "ILOVEYOU", "letmein1234567"])
    def test_common_words_stay_common_in_disguise(self, password: str) -> None:
        broken = broken_rules(password, min_length=1, common=common_passwords(), names=[])
        assert [rule.name for rule in broken] == ["COMMON"]

    @pytest.mark.parametrize(
        "password", ["correct horse battery staple", "violet-harbour-92", "пароль-от-сейфа-17", "x7#kQ9!mZ2"]
    )
    def test_good_ones_are_taken(self, password: str) -> None:
        assert broken_rules(password, min_length=8, common=common_passwords(), names=["ada", "a@b.example"]) == []


class TestCodes:
    # RFC 6238, appendix B, the last six of eight digits, SHA-1.
    @pytest.mark.parametrize(
        ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037"), (20000000000, "353130")]
    )
    def test_they_are_those_of_the_standard(self, seconds: int, code: str) -> None:
        secret = base64.b32encode(b"12345678901234567890").decode()
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        assert matching_step(secret, code, at=at, after=-1) == seconds // 30
        assert matching_step(secret, code, at=at, after=seconds // 30) is None

    @given(code=st.text(max_size=10))
    def test_any_other_text_is_no_code(self, code: str) -> None:
        secret = base64.b32encode(b"12345678901234567890").decode()
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1111111109)
        assert matching_step(secret, code, at=at, after=10**10) is None

    @given(user_id=st.uuids())
    def test_a_recovery_code_counts_however_it_is_typed_and_for_its_user_alone(self, user_id: UUID) -> None:
        [code, *_] = new_codes()
        digest = code_digest(user_id, code)
        assert digest is not None
        assert code_digest(user_id, code.upper().replace("-", " ")) == digest
        assert code_digest(uuid4(), code) != digest

    @given(text=st.text(max_size=40))
    def test_any_text_is_a_code_or_none(self, text: str) -> None:
        digest = code_digest(UUID(int=1), text)
        assert digest is None or len(digest) == 32


class TestTokens:
    @given(tenant_id=st.uuids(), token_id=st.uuids(), purpose=st.sampled_from(TokenPurpose))
    def test_a_token_tells_tenant_and_id_for_its_purpose_alone(
        self, tenant_id: UUID, token_id: UUID, purpose: TokenPurpose
    ) -> None:
        text = mint_token(purpose, tenant_id=tenant_id, token_id=token_id)
        read = read_token(purpose, text)
        assert read is not None
        assert (read.tenant_id, read.id, read.digest) == (tenant_id, token_id, token_digest(text))
        [other] = set(TokenPurpose) - {purpose}
        assert read_token(other, text) is None
        assert text not in repr(read)

    @given(text=st.text(max_size=150).map(lambda rest: f"fbi_{rest}"))
    def test_any_other_text_is_no_token(self, text: str) -> None:
        assert read_token(TokenPurpose.INVITATION, text) is None


class TestDelays:
    @given(failures=st.integers(1, 200), after=st.integers(1, 20))
    def test_they_only_grow_and_never_beyond_the_longest(self, failures: int, after: int) -> None:
        rules = ThrottleRules(
            delay_after=after,
            first_delay=timedelta(seconds=1),
            longest_delay=timedelta(minutes=5),
            forget_after=timedelta(hours=1),
        )
        throttle, waits = fresh(_NOW), []
        for _ in range(failures):
            throttle = throttle.counted(_NOW, rules)
            waits.append(throttle.wait(_NOW))
        assert waits == sorted(waits)
        assert waits[-1] <= timedelta(minutes=5)
        assert [wait for wait in waits if not wait] == waits[:after]
        assert throttle.counted(_NOW + timedelta(hours=1), rules).failures == 1


class TestMasks:
    @given(paths=st.lists(st.text(max_size=20), max_size=5))
    def test_a_mask_names_fields_or_is_refused(self, paths: list[str]) -> None:
        checks = Checks()
        fields = Profile(user_name="ada").masked(checks, paths)
        assert fields <= {"user_name", "email", "display_name", "attributes", "labels"}
        if not paths:
            assert fields == {"user_name"}
        elif not checks.violations and "*" not in paths:
            assert fields == set(paths)
