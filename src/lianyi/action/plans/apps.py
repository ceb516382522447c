"""Makes kept plans known to Django."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    """Plans, and the campaigns that they become."""

    name = "lianyi.action.plans"
    label = "plans"
    default_auto_field = "django.db.models.BigAutoField"
