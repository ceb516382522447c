"""Makes audiences known to Django."""

from django.apps import AppConfig


class AudiencesConfig(AppConfig):
    """Audiences, their versions, and the log of who entered and left."""

    name = "lianyi.action.audiences"
    label = "audiences"
    default_auto_field = "django.db.models.BigAutoField"
