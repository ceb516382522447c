"""Makes rewards known to Django."""

from django.apps import AppConfig


class RewardsConfig(AppConfig):
    """Rules, postings, draws."""

    name = "lianyi.action.rewards"
    label = "rewards"
    default_auto_field = "django.db.models.BigAutoField"
