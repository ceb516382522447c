"""Makes journeys known to Django."""

from django.apps import AppConfig


class JourneysConfig(AppConfig):
    """Journeys, their versions, and the people in them."""

    name = "lianyi.action.journeys"
    label = "journeys"
    default_auto_field = "django.db.models.BigAutoField"
