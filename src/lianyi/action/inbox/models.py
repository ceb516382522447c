"""What waits for a person, its history, who is on duty, how soon is soon enough, and how far the log was followed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from lianyi.action.operation.models import Case
from lianyi.action.team.models import User


class Item(models.Model):
    """One row = one thing that needs a person, once for all time by its ref.

    ref: kind and id of what it is about (of the event, the case, the burst). actor, person_id: who said it, by key and
    as the tables know them; "" = nobody, or not known. account: the channel by which it came, "" = known from the
    tables only. direct: said to the brand alone. message_id: the event that an answer answers. said_at: when it was
    said; seen_at: when it came in here. due_at: until when somebody should answer, null = no target. snoozed_until:
    does not wait before. answered_at, answered_by: the first answer, a member of the team by their sign-in name, else
    the key or id of who answered, `sop …`, or "" where that is not known. closed_at, closed_by, how: see How.
    """

    class Kind(models.TextChoices):
        """What it is. SENSITIVE: a word of the brand's lists in a group without rules; with rules it is a case."""

        MESSAGE = "message"
        COMPLAINT = "complaint"
        QUESTION = "question"
        BURST = "burst"
        SENSITIVE = "sensitive"
        MODERATION = "moderation"

    class How(models.TextChoices):
        """Why it waits no more. ANSWERED: by a reply of ours, or by whoever answered there. DONE: a member of the team
        says so. DECIDED: the case was. GONE: what it was about was taken back. OVER: a burst that ended."""

        ANSWERED = "answered"
        DONE = "done"
        DECIDED = "decided"
        GONE = "gone"
        OVER = "over"

    ref = models.CharField(max_length=600, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    account = models.CharField(max_length=50, blank=True)
    channel = models.CharField(max_length=50, blank=True)
    group_key = models.CharField(max_length=512, blank=True, db_index=True)
    direct = models.BooleanField(default=False)
    actor = models.CharField(max_length=512, blank=True, db_index=True)
    person_id = models.CharField(max_length=64, blank=True, db_index=True)
    message_id = models.CharField(max_length=512, blank=True, db_index=True)
    case = models.OneToOneField(Case, null=True, blank=True, on_delete=models.CASCADE, related_name="inbox_item")
    text = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    said_at = models.DateTimeField(db_index=True)
    seen_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    assignee = models.CharField(max_length=100, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=512, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=100, blank=True)
    how = models.CharField(max_length=10, blank=True, choices=How.choices)

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at", "said_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at", "said_at"], condition=models.Q(closed_at__isnull=True), name="inbox_waiting"
            ),
            models.Index(fields=["kind", "closed_at"], name="inbox_of_kind"),
        ]

    def __str__(self) -> str:
        return self.ref


class Step(models.Model):
    """One row = something that happened to an item: more was said, somebody took it, answered, noted, put it off.

    key: what makes it that one thing, so that a second try adds none. fate: of a reply: `sending` while it is given to
    the channel (whoever finds it so later knows that nobody can know), `sent`, `dry` where nothing is said there,
    `failed`, `unknown`; reason: why.
    """

    class What(models.TextChoices):
        """What happened."""

        SAID = "said"
        REPLY = "reply"
        NOTE = "note"
        ASSIGN = "assign"
        SNOOZE = "snooze"
        CLOSE = "close"
        REOPEN = "reopen"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=600, unique=True)
    what = models.CharField(max_length=10, choices=What.choices)
    by = models.CharField(max_length=512, blank=True)
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField(blank=True)
    fate = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.what} {self.item_id}"


class Shift(models.Model):
    """One row = somebody is on duty every week at these hours. days: weekdays 1 (Monday) to 7. begins, ends: HH:MM in
    the brand's zone; where ends is not after begins it is of the next day. group_key: "" = for all groups."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="shifts")
    days = models.JSONField(default=list)
    begins = models.CharField(max_length=5)
    ends = models.CharField(max_length=5)
    group_key = models.CharField(max_length=512, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["user__name", "begins", "id"]

    def __str__(self) -> str:
        return f"{self.user} {self.begins}-{self.ends}"


class Target(models.Model):
    """One row = within how many minutes on duty something of a kind is to be answered; null = no target."""

    kind = models.CharField(max_length=12, unique=True)
    minutes = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.minutes}"


class Followed(models.Model):
    """At most one row (pk 1): up to which version of the log, and of which tables, things were taken in."""

    lake_version = models.BigIntegerField(null=True, blank=True)
    tables = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.lake_version} {self.tables}"
