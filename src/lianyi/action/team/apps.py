"""Makes the team known to Django."""

from django.apps import AppConfig


class TeamConfig(AppConfig):
    """Users, roles, write keys, sign-in attempts and the audit log."""

    name = "lianyi.action.team"
    label = "team"
    default_auto_field = "django.db.models.BigAutoField"
