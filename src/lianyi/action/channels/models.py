"""One account at a provider of messages."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAME = r"^[a-z0-9][a-z0-9_-]{0,49}$"


class Account(models.Model):
    """One row = one account by which we send. It holds nothing of the people who are written to.

    name: what audiences, journeys and campaigns call it; never changed. kind: a name of kinds.kinds(). settings: as the
    kind declares them, without secrets. sealed: the secrets, encrypted (keyring). per_second, at_once: null = as the
    kind says. heard_at: last success; failed_at, failure: last error. sent, failed: messages of the hour that began at
    `hour`. checked_at, check: the last self-check. read_next_at: when its mailbox or its results are looked at, null
    where there are none.
    """

    name = models.CharField(
        _("Name"), max_length=50, unique=True,
        validators=[RegexValidator(NAME, _("Small letters, digits, - and _, starting with a letter or digit."))],
    )  # fmt: skip
    kind = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    sealed = models.TextField(blank=True)
    is_on = models.BooleanField(default=True)
    per_second = models.FloatField(null=True, blank=True)
    at_once = models.PositiveIntegerField(null=True, blank=True)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    heard_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    hour = models.DateTimeField(null=True, blank=True)
    sent = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_found = models.JSONField(null=True, blank=True)
    read_next_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name
