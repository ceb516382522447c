"""One kept plan, from the question to what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from lianyi.action.work.models import Job
from lianyi.insight.ripples.planning import SeedPlan


class Plan(models.Model):
    """One row = one plan. Names of people are not kept here: only ids, which mean nothing once a person is erased.

    request: what was asked (insight.ripples.planning.Request). made: the answer (SeedPlan), null until it is worked
    out by `job`. as_of: of the tables it was made on. instead_of: the plan of which this is a variant. campaign: by
    which name its ripple goes in the log, "" until it is saved as a campaign. outcome: what came of it
    (keeping.Outcome), as of `scored_at`.
    """

    class Status(models.TextChoices):
        """A draft becomes a campaign that runs, and is over once it is closed."""

        DRAFT = "draft"
        RUNNING = "running"
        OVER = "over"

    name = models.CharField(max_length=100)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    request = models.JSONField()
    made = models.JSONField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="plans")
    instead_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="variants")
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    campaign = models.CharField(max_length=200, blank=True, db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)
    scored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["campaign"], condition=~models.Q(campaign=""), name="one_plan_per_campaign")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def plan(self) -> SeedPlan | None:
        """The answer, None while it is not worked out."""
        return None if self.made is None else SeedPlan.from_data(self.made)
