"""Makes the inbox known to Django."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """What waits for a person, what was done about it, who is on duty."""

    name = "lianyi.action.inbox"
    label = "inbox"
    default_auto_field = "django.db.models.BigAutoField"
