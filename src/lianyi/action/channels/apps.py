"""Makes channel accounts known to Django."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """Accounts at providers of messages."""

    name = "lianyi.action.channels"
    label = "channels"
    default_auto_field = "django.db.models.BigAutoField"
