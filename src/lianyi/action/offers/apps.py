"""Makes offers known to Django."""

from django.apps import AppConfig


class OffersConfig(AppConfig):
    """Published rules in their versions."""

    name = "lianyi.action.offers"
    label = "offers"
    default_auto_field = "django.db.models.BigAutoField"
