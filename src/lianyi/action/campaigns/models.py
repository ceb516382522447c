"""One campaign, from a draft to what came of it. Whom it is for lies in a file of ids beside the database."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Campaign(models.Model):
    """One row = one campaign.

    name: as links, codes and events carry it; a plan of a ripple may be the campaign of the same name. holdout: share
    of the audience that gets nothing, by a stable hash; unit: of each person, or of each community as a whole. at: when
    it starts, null = once it is started. window: hours of the person's day between which it goes, "" = any. people,
    as_of: of the audience as it was checked; exactly these get it. given: how many of them were looked at, by the order
    of their ids; asked: how many contacts came of that.
    """

    class State(models.TextChoices):
        """draft → checked → running ⇄ paused → over; what does not run can be thrown away, what runs be stopped."""

        DRAFT = "draft"
        CHECKED = "checked"
        RUNNING = "running"
        PAUSED = "paused"
        OVER = "over"
        STOPPED = "stopped"

    name = models.CharField(max_length=200, unique=True)
    audience = models.CharField(max_length=100)
    content = models.CharField(max_length=100)
    version = models.BigIntegerField(null=True, blank=True)
    channel = models.CharField(max_length=50)
    purpose = models.CharField(max_length=60, default="marketing")
    holdout = models.FloatField(default=0.1)
    unit = models.CharField(max_length=10, default="person")
    at = models.DateTimeField(null=True, blank=True)
    window = models.CharField(max_length=11, blank=True)
    confirm = models.BooleanField(default=False)
    priority = models.IntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    people = models.PositiveIntegerField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    given = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.name
