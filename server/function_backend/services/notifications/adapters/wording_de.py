"""What the built-in templates say in German."""

from __future__ import annotations

from collections.abc import Mapping

from function_backend.services.notifications.adapters.wording import DIGEST, Wording

UNSUBSCRIBE = "Abbestellen:"
_HELLO = "Guten Tag{% if recipient_name %}, {{ recipient_name }}{% endif %}!"
_NOT_YOU = "Wenn Sie das nicht waren, ändern Sie Ihr Passwort und verständigen Sie die Administration."
_IGNORE = "Wenn Sie diese Nachricht nicht erwartet haben, brauchen Sie nichts zu tun."

WORDING: Mapping[str, Wording] = {
    "auth.invitation": Wording(
        "Sie sind eingeladen",
        (
            _HELLO,
            "Sie wurden eingeladen. Legen Sie ein Passwort fest, um zu beginnen:",
            "{% if link %}{{ link }}{% else %}Ihr Einladungscode: {{ token }}{% endif %}",
            "Die Einladung gilt bis {{ expires|time }}.",
            _IGNORE,
        ),
        "Sie sind eingeladen. {{ link|default(token) }}",
    ),
    "auth.password_reset": Wording(
        "Neues Passwort festlegen",
        (
            _HELLO,
            "damit legen Sie ein neues Passwort fest:",
            "{% if link %}{{ link }}{% else %}Ihr Code: {{ token }}{% endif %}",
            "Das gilt bis {{ expires|time }} und genau einmal.",
            "Wenn Sie kein neues Passwort angefordert haben, brauchen Sie nichts zu tun; das alte bleibt gültig.",
        ),
        "Neues Passwort festlegen: {{ link|default(token) }}",
    ),
    "auth.new_sign_in": Wording(
        "Neue Anmeldung bei Ihrem Konto",
        (
            _HELLO,
            (
                "Am {{ when|time }} hat sich jemand mit einem bisher nicht verwendeten Gerät bei Ihrem Konto angemeldet"
                "{% if device %}: {{ device|shorten(200) }}{% endif %}{% if address %} (von {{ address }}){% endif %}."
            ),
            _NOT_YOU,
        ),
        "Neue Anmeldung bei Ihrem Konto am {{ when|time }}.",
    ),
    "auth.password_changed": Wording(
        "Ihr Passwort wurde geändert",
        (_HELLO, "Ihr Passwort wurde am {{ when|time }} geändert.", _NOT_YOU),
        "Ihr Passwort wurde am {{ when|time }} geändert.",
    ),
    "auth.second_factor_added": Wording(
        "Ein zweiter Faktor wurde eingerichtet",
        (_HELLO, "Für Ihr Konto wurde am {{ when|time }} ein zweiter Faktor eingerichtet.", _NOT_YOU),
        "Für Ihr Konto wurde am {{ when|time }} ein zweiter Faktor eingerichtet.",
    ),
    "auth.second_factor_removed": Wording(
        "Ihr zweiter Faktor wurde entfernt",
        (_HELLO, "Der zweite Faktor Ihres Kontos wurde am {{ when|time }} entfernt.", _NOT_YOU),
        "Der zweite Faktor Ihres Kontos wurde am {{ when|time }} entfernt.",
    ),
    "auth.api_key_created": Wording(
        "Ein API-Schlüssel wurde erstellt",
        (
            _HELLO,
            "Für Ihr Konto wurde am {{ when|time }} der API-Schlüssel{% if name %} „{{ name }}“{% endif %} erstellt.",
            _NOT_YOU,
        ),
        "Für Ihr Konto wurde am {{ when|time }} ein API-Schlüssel erstellt.",
    ),
    DIGEST: Wording(
        "{{ items|length }} Neuigkeiten: {{ category }}",
        (
            _HELLO,
            "das ist zu {{ category }} zusammengekommen:",
            "{% for item in items %}{{ item.when|time }}: {{ item.subject }}\n\n{{ item.text }}\n\n{% endfor %}",
        ),
        "{{ items|length }} Neuigkeiten zu {{ category }}.",
    ),
}
"""By the names of the templates."""
