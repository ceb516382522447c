"""Makes the queue known to Django."""

from django.apps import AppConfig


class WorkConfig(AppConfig):
    """Jobs and the files uploaded for them."""

    name = "lianyi.action.work"
    label = "work"
    default_auto_field = "django.db.models.BigAutoField"
