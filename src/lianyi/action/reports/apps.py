"""Makes reports known to Django."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """The schedule, who gets it, what was sent."""

    name = "lianyi.action.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"
