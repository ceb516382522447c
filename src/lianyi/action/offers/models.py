"""Offers in their versions. Amounts are whole numbers of the currency's hundredth."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Offer(models.Model):
    """One row = one version of an offer as it was published. What it gives is never changed: another price is another
    version. There is no row per person and no price per person: who is entitled follows from `condition` alone.

    kind: coupon (for one order) or tier (as long as the condition holds). condition: who is entitled, in words that
    people know of themselves (publishing.PUBLIC). says: by language, as it is published. percent: off, in hundredths
    of a percent (1000 = 10 %); amount: off, or this. least: worth of an order from which it holds. most: people to
    whom it is issued, drawn among the entitled; 0 = all. experiment: from which its effect is known, e.g.
    campaign/spring. code: by which orders name it, besides its name. plan: as it was worked out (planning.plan) at
    `planned_at`. issued: people who got it.
    """

    class Kind(models.TextChoices):
        """What it is."""

        COUPON = "coupon"
        TIER = "tier"

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    condition = models.TextField()
    says = models.JSONField(default=dict)
    percent = models.PositiveIntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    least = models.BigIntegerField(default=0)
    most = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3)
    experiment = models.CharField(max_length=300, blank=True)
    code = models.CharField(max_length=40, blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    plan = models.JSONField(default=dict)
    planned_at = models.DateTimeField(null=True, blank=True)
    issued = models.PositiveIntegerField(default=0)
    issued_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=100)
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["name", "version"], name="offer_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def key(self) -> str:
        """How events name this version."""
        return f"offer:{self.pk}"
