"""Makes the content library known to Django."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """Contents, their versions, pictures."""

    name = "lianyi.action.content"
    label = "content"
    default_auto_field = "django.db.models.BigAutoField"
