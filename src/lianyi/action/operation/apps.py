"""Makes the operation of groups known to Django."""

from django.apps import AppConfig


class OperationConfig(AppConfig):
    """Rules, seats, cases, examples, SOPs, sign-up chains."""

    name = "lianyi.action.operation"
    label = "operation"
    default_auto_field = "django.db.models.BigAutoField"
