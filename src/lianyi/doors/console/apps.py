"""Makes the console's templates and static files known to Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """No tables of its own."""

    name = "lianyi.doors.console"
    label = "console"
