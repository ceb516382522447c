"""Rules of rewards, what they posted, and draws. All amounts are whole numbers of the currency's hundredth."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

# What stands for people who were erased begins so.
ERASED = "erased-"


class Rule(models.Model):
    """One row = for what, to whom and how much, within which limits. A rule that runs is never changed, only closed.

    campaign: whose ripple it looks at. counts: `order` (a paid order of the invited) or `check_in` (a service that they
    came for). fixed: per purchase; share: of its net value in hundredths of a percent (500 = 5 %). second: the same
    for who brought the one who brought, 0 = off. least: net value from which a purchase counts. new_only: only for who
    had bought nothing before they came. days: between the coming and the purchase. hold_days: before it can be paid.
    per_person, budget: at most so much. spent: granted less what came back; moved by conditional updates alone.
    payouts: how many payments were made. told: up to which movement the log knows them.
    """

    name = models.CharField(max_length=100, unique=True)
    campaign = models.CharField(max_length=200, db_index=True)
    counts = models.CharField(max_length=20, default="order")
    currency = models.CharField(max_length=3)
    fixed = models.BigIntegerField(default=0)
    share = models.PositiveIntegerField(default=0)
    second = models.BigIntegerField(default=0)
    least = models.BigIntegerField(default=0)
    new_only = models.BooleanField(default=True)
    days = models.PositiveIntegerField(default=30)
    hold_days = models.PositiveIntegerField(default=15)
    per_person = models.BigIntegerField()
    budget = models.BigIntegerField()
    spent = models.BigIntegerField(default=0)
    payouts = models.PositiveIntegerField(default=0)
    told = models.PositiveBigIntegerField(default=0)
    disclosure = models.JSONField(default=dict)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(spent__gte=0), name="reward_spent_not_negative"),
            models.CheckConstraint(condition=models.Q(spent__lte=models.F("budget")), name="reward_within_budget"),
        ]

    def __str__(self) -> str:
        return self.name


class Total(models.Model):
    """One row = what one person has got by one rule, less what came back."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="totals")
    person = models.CharField(max_length=64)
    amount = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "person"], name="one_total_per_rule_and_person")
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.amount}"


class Posting(models.Model):
    """One row = one movement, never changed nor deleted (triggers see to it; an erasure takes people's names out).

    what: granted, clawed_back (amount below 0), paid (below 0), refused (0, with the reason). key: what makes it that
    movement, so that it is posted once. person: who gets it; invited: for whose purchase; order_no: which; level: 1 =
    brought the buyer. due_at: from when a grant may be paid. amount: in hundredths.
    """

    class What(models.TextChoices):
        """What moved."""

        GRANTED = "granted"
        CLAWED_BACK = "clawed_back"
        PAID = "paid"
        REFUSED = "refused"

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="postings")
    key = models.CharField(max_length=600, unique=True)
    what = models.CharField(max_length=20, choices=What.choices)
    person = models.CharField(max_length=64, db_index=True)
    invited = models.CharField(max_length=64, blank=True)
    order_no = models.CharField(max_length=512, blank=True, db_index=True)
    level = models.PositiveSmallIntegerField(default=1)
    amount = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=100)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.what} {self.amount} {self.person}"


class Draw(models.Model):
    """One row = one draw. What is published cannot be changed: name, prizes, entries' rules, time, commitment.

    prizes: name, value (hundredths), count each. entry: how people come in. commitment: SHA-256 of the seed, published
    before anybody comes in. beacon: which public number of that day is mixed in, so that the organiser alone cannot
    know the outcome. entries: ticket → person id, made when entries close; tickets: their hash. winners: prize and
    ticket, as `drawing.winners` computes it from seed, beacon and tickets.
    """

    name = models.CharField(max_length=100, unique=True)
    campaign = models.CharField(max_length=200, blank=True)
    prizes = models.JSONField()
    currency = models.CharField(max_length=3)
    entry = models.CharField(max_length=20)
    rules = models.JSONField(default=dict)
    organiser = models.CharField(max_length=200)
    contact = models.CharField(max_length=200)
    draws_at = models.DateTimeField()
    redeem_until = models.DateTimeField()
    beacon = models.CharField(max_length=200)
    commitment = models.CharField(max_length=64)
    seed = models.CharField(max_length=64)
    beacon_value = models.CharField(max_length=200, blank=True)
    entries = models.JSONField(default=dict)
    tickets = models.CharField(max_length=64, blank=True)
    winners = models.JSONField(default=list)
    published_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    drawn_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=100)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.name
