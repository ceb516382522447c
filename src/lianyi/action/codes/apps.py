"""Makes codes known to Django."""

from django.apps import AppConfig


class CodesConfig(AppConfig):
    """Codes, and the landing pages of campaigns."""

    name = "lianyi.action.codes"
    label = "codes"
    default_auto_field = "django.db.models.BigAutoField"
