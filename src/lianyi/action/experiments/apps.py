"""Makes experiments known to Django."""

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The global control group, and how far assignments are told to the log."""

    name = "lianyi.action.experiments"
    label = "experiments"
    default_auto_field = "django.db.models.BigAutoField"
