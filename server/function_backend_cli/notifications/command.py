"""The commands below `function-backend notifications`."""

from __future__ import annotations

from function_backend_cli.application import application
from function_backend_cli.notifications import sending
from function_backend_cli.notifications.preferences import categories, preferences
from function_backend_cli.notifications.templates import templates

app = application("Send notifications, see how far they came, write templates, and see to what recipients want.")
sending.add_to(app)
app.add_typer(templates, name="templates")
app.add_typer(categories, name="categories")
app.add_typer(preferences, name="preferences")
