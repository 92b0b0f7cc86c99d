"""What the built-in templates say in English."""

from __future__ import annotations

from collections.abc import Mapping

from function_backend.services.notifications.adapters.wording import DIGEST, Wording

UNSUBSCRIBE = "Unsubscribe:"
_HELLO = "Hello{% if recipient_name %} {{ recipient_name }}{% endif %},"
_NOT_YOU = "If that was not you, change your password and tell your administrator."
_IGNORE = "If you did not expect this message, ignore it."

WORDING: Mapping[str, Wording] = {
    "auth.invitation": Wording(
        "You have been invited",
        (
            _HELLO,
            "you have been invited. Set a password to begin:",
            "{% if link %}{{ link }}{% else %}Your invitation token: {{ token }}{% endif %}",
            "The invitation is good until {{ expires|time }}.",
            _IGNORE,
        ),
        "You have been invited. {{ link|default(token) }}",
    ),
    "auth.password_reset": Wording(
        "Set a new password",
        (
            _HELLO,
            "with this you set a new password:",
            "{% if link %}{{ link }}{% else %}Your token: {{ token }}{% endif %}",
            "It is good until {{ expires|time }}, and works once.",
            "If you did not ask for a new password, ignore this message; the old one stays.",
        ),
        "Set a new password: {{ link|default(token) }}",
    ),
    "auth.new_sign_in": Wording(
        "New sign-in to your account",
        (
            _HELLO,
            (
                "somebody signed in to your account on {{ when|time }} with a device that was not used before"
                "{% if device %}: {{ device|shorten(200) }}{% endif %}{% if address %} (from {{ address }}){% endif %}."
            ),
            _NOT_YOU,
        ),
        "New sign-in to your account on {{ when|time }}.",
    ),
    "auth.password_changed": Wording(
        "Your password was changed",
        (_HELLO, "your password was changed on {{ when|time }}.", _NOT_YOU),
        "Your password was changed on {{ when|time }}.",
    ),
    "auth.second_factor_added": Wording(
        "A second factor was set up",
        (_HELLO, "a second factor was set up for your account on {{ when|time }}.", _NOT_YOU),
        "A second factor was set up for your account on {{ when|time }}.",
    ),
    "auth.second_factor_removed": Wording(
        "Your second factor was removed",
        (_HELLO, "the second factor of your account was removed on {{ when|time }}.", _NOT_YOU),
        "The second factor of your account was removed on {{ when|time }}.",
    ),
    "auth.api_key_created": Wording(
        "An API key was made",
        (
            _HELLO,
            "the API key{% if name %} '{{ name }}'{% endif %} was made for your account on {{ when|time }}.",
            _NOT_YOU,
        ),
        "An API key was made for your account on {{ when|time }}.",
    ),
    DIGEST: Wording(
        "{{ items|length }} news: {{ category }}",
        (
            _HELLO,
            "this has come together about {{ category }}:",
            "{% for item in items %}{{ item.when|time }}: {{ item.subject }}\n\n{{ item.text }}\n\n{% endfor %}",
        ),
        "{{ items|length }} news about {{ category }}.",
    ),
}
"""By the names of the templates."""
