"""Makes the contact policy known to Django."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """Versions of the policy, suppressed addresses, words on consent that the tables do not know yet."""

    name = "lianyi.action.policy"
    label = "policy"
    default_auto_field = "django.db.models.BigAutoField"
