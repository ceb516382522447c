"""Makes the rules of stages known to Django."""

from django.apps import AppConfig


class StagesConfig(AppConfig):
    """Versions of the rules of stages."""

    name = "lianyi.action.stages"
    label = "stages"
    default_auto_field = "django.db.models.BigAutoField"
