"""Makes campaigns known to Django."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaigns and how far each has been given to the outbox."""

    name = "lianyi.action.campaigns"
    label = "campaigns"
    default_auto_field = "django.db.models.BigAutoField"
