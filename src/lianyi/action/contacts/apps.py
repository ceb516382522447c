"""Makes the outbox known to Django."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """Contacts that wait, and what became of those that went."""

    name = "lianyi.action.contacts"
    label = "contacts"
    default_auto_field = "django.db.models.BigAutoField"
