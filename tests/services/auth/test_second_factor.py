"""Signing in with a second factor."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pyotp
import pytest

from function_backend.services.auth.domain.user import User
from function_backend.services.auth.errors.second_factor import (
    SecondFactorEnrolledError,
    SecondFactorInvalidError,
    SecondFactorMissingError,
)
from function_backend.services.auth.errors.sign_in import (
    SecondFactorRequiredError,
    SignInFailedError,
)
from tests.factories.people import PeopleScene

_OTHER = "orange-lantern-41"


class TestSecondFactor:
    def _enrolled(self, scene: PeopleScene) -> tuple[User, pyotp.TOTP, list[str]]:
        user = scene.user()
        with scene.as_user(user):
            enrolment = scene.people.second_factors.enrol()
            app = pyotp.TOTP(enrolment.secret)
            codes = scene.people.second_factors.confirm(app.at(scene.clock.now()))
        scene.clock.advance(timedelta(seconds=60))
        return user, app, codes

    def test_signing_in_asks_for_a_code_from_then_on(self, scene: PeopleScene) -> None:
        user, app, codes = self._enrolled(scene)
        assert len(set(codes)) == 10
        assert isinstance(scene.refusal(scene.attempt(user.profile.user_name)), SecondFactorRequiredError)
        with scene.administering():
            assert scene.people.users.get(user.id).second_factor
            signed_in = scene.people.sign_in.sign_in(
                scene.attempt(user.profile.user_name, otp=app.at(scene.clock.now()))
            )
        assert signed_in.methods == {"pwd", "otp", "mfa"}

    def test_a_code_is_good_once(self, scene: PeopleScene) -> None:
        user, app, _ = self._enrolled(scene)
        attempt = scene.attempt(user.profile.user_name, otp=app.at(scene.clock.now()))
        with scene.administering():
            scene.people.sign_in.sign_in(attempt)
        assert isinstance(scene.refusal(attempt), SignInFailedError)
        assert scene.audited()[-1][1]["cause"] == "wrong_code"

    def test_an_earlier_code_is_worthless_after_a_later_one(self, scene: PeopleScene) -> None:
        user, app, _ = self._enrolled(scene)
        now = scene.clock.now()
        with scene.administering():
            scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, otp=app.at(now, counter_offset=1)))
        for step in (-1, 0, 1):
            assert isinstance(
                scene.refusal(scene.attempt(user.profile.user_name, otp=app.at(now, counter_offset=step))),
                SignInFailedError,
            )

    @pytest.mark.parametrize(("step", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_clocks_may_differ_by_one_step(self, scene: PeopleScene, step: int, *, good: bool) -> None:
        user, app, _ = self._enrolled(scene)
        scene.clock.advance(timedelta(minutes=10))
        attempt = scene.attempt(user.profile.user_name, otp=app.at(scene.clock.now(), counter_offset=step))
        if good:
            with scene.administering():
                assert scene.people.sign_in.sign_in(attempt).user_id == user.id
        else:
            assert isinstance(scene.refusal(attempt), SignInFailedError)

    def test_a_recovery_code_stands_in_once(self, scene: PeopleScene) -> None:
        user, _, codes = self._enrolled(scene)
        attempt = scene.attempt(user.profile.user_name, otp=codes[3].upper().replace("-", " "))
        with scene.administering():
            assert scene.people.sign_in.sign_in(attempt).methods == {"pwd", "otp", "mfa"}
        assert scene.audited()[-1][1]["recovery_code"] == "true"
        assert isinstance(scene.refusal(attempt), SignInFailedError)
        with scene.as_user(user):
            assert scene.people.second_factors.status().recovery_codes_left == 9

    def test_new_recovery_codes_replace_the_old_ones(self, scene: PeopleScene) -> None:
        user, _, codes = self._enrolled(scene)
        with scene.as_user(user):
            fresh = scene.people.second_factors.regenerate_codes()
        assert not set(codes) & set(fresh)
        assert isinstance(scene.refusal(scene.attempt(user.profile.user_name, otp=codes[0])), SignInFailedError)
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, otp=fresh[0])).user_id == user.id

    def test_guessing_codes_with_the_right_password_locks_out(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user, app, _ = self._enrolled(scene)
        good = app.at(scene.clock.now())
        wrong = "000000" if good != "000000" else "000001"
        for _ in range(10):
            scene.refusal(scene.attempt(user.profile.user_name))
            scene.refusal(scene.attempt(user.profile.user_name, otp=wrong))
        assert scene.audited()[-1][0] == "UserLockedOut"
        assert isinstance(scene.refusal(scene.attempt(user.profile.user_name, otp=good)), SignInFailedError)

    def test_what_is_not_confirmed_does_not_count(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.as_user(user):
            first = scene.people.second_factors.enrol()
            second = scene.people.second_factors.enrol()
            with pytest.raises(SecondFactorInvalidError):
                scene.people.second_factors.confirm(pyotp.TOTP(first.secret).at(scene.clock.now()))
            with pytest.raises(SecondFactorMissingError):
                scene.people.second_factors.remove()
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).methods == {"pwd"}
        with scene.as_user(user):
            assert scene.people.second_factors.confirm(pyotp.TOTP(second.secret).at(scene.clock.now()))
            with pytest.raises(SecondFactorEnrolledError):
                scene.people.second_factors.enrol()

    def test_it_can_be_removed_by_the_user_and_by_an_administrator(self, scene: PeopleScene) -> None:
        for removing in ("user", "administrator"):
            user, _, _ = self._enrolled(scene)
            if removing == "user":
                with scene.as_user(user):
                    scene.people.second_factors.remove()
            else:
                with scene.administering():
                    assert not scene.people.second_factors.remove_of(user.id).second_factor
            with scene.administering():
                assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).methods == {"pwd"}

    def test_the_secret_is_nowhere_readable(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.as_user(user):
            secret = scene.people.second_factors.enrol().secret
        with psycopg.connect(scene.database_url) as connection:
            row = connection.execute("select sealed_secret from user_totp where user_id = %s", (user.id,)).fetchone()
        assert row is not None
        assert secret.encode() not in row[0]
