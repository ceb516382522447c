"""Rules of groups, who sits in them, cases of moderation, kept examples, SOPs and their runs, sign-up chains."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Ruleset(models.Model):
    """One row = one version of one group's rules, never changed but for posted_id; the highest version holds.

    group_key "" = every group without rules of its own; never live. says: by language, what members read and agree to.
    welcome: by language, what newcomers read, "" = nothing. text_version: the version in which that text came up, so
    that another threshold asks nobody to agree anew. measures: as rules.py reads them. posted_id: the message in the
    group that shows the text.
    """

    group_key = models.CharField(max_length=512, blank=True)
    version = models.PositiveIntegerField()
    text_version = models.PositiveIntegerField()
    says = models.JSONField(default=dict)
    welcome = models.JSONField(default=dict)
    measures = models.JSONField(default=dict)
    account = models.CharField(max_length=50, blank=True)
    posted_id = models.CharField(max_length=512, blank=True)
    post_next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    by = models.CharField(max_length=100)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["group_key", "-version"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["group_key", "version"], name="operation_one_version")
        ]

    def __str__(self) -> str:
        return f"{self.group_key or '*'} {self.version}"


class Seat(models.Model):
    """One row = one member in one group, as far as it was seen. joined_at: null = was there before us. agreed: the
    text_version that they agreed to, 0 = none. muted_until: null = may speak. greet_at: when a welcome is due, null =
    none is. greeted: how often they were welcomed."""

    account = models.CharField(max_length=50)
    group_key = models.CharField(max_length=512)
    actor = models.CharField(max_length=512, db_index=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    said = models.PositiveIntegerField(default=0)
    agreed = models.PositiveIntegerField(default=0)
    agreed_at = models.DateTimeField(null=True, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True, db_index=True)
    greet_at = models.DateTimeField(null=True, blank=True, db_index=True)
    greeted = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["group_key", "actor"], name="operation_one_seat")
        ]

    def __str__(self) -> str:
        return f"{self.actor} in {self.group_key}"


class Said(models.Model):
    """One row = one message of the last day in a group with rules: for floods and copies. mark: a hash of the text,
    "" for one that is too short to be called a copy. shape: the same of the text without its numbers and layout.
    settled: whether who said it was no newcomer."""

    message_id = models.CharField(max_length=512, unique=True)
    group_key = models.CharField(max_length=512)
    actor = models.CharField(max_length=512)
    at = models.DateTimeField()
    mark = models.CharField(max_length=32, blank=True)
    shape = models.CharField(max_length=32, blank=True)
    settled = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["group_key", "at"], name="operation_said_in"),
            models.Index(fields=["actor", "at"], name="operation_said_by"),
            models.Index(fields=["group_key", "shape", "at"], name="operation_said_alike"),
        ]

    def __str__(self) -> str:
        return self.message_id


class Case(models.Model):
    """One row = one message with something against it. reasons: why, chance, word, sure of each. measure: what the
    rules ask for. done: parts of it that were done so far (remove, mute, expel), also where the rest failed. newcomer,
    strikes: as they were when it was said. error: why acting failed; it is tried again at next_at."""

    class State(models.TextChoices):
        """WAITING, DRY: for a person. ACTING: being done. DONE, FAILED. NOTED: noise, says a person, of a group in dry
        mode: nothing was done. FINE: a person said so; what was done is undone."""

        WAITING = "waiting"
        DRY = "dry"
        ACTING = "acting"
        DONE = "done"
        FAILED = "failed"
        NOTED = "noted"
        FINE = "fine"

    message_id = models.CharField(max_length=512, unique=True)
    account = models.CharField(max_length=50)
    group_key = models.CharField(max_length=512, db_index=True)
    actor = models.CharField(max_length=512, db_index=True)
    said_at = models.DateTimeField()
    text = models.TextField()
    reasons = models.JSONField(default=list)
    newcomer = models.BooleanField(default=False)
    strikes = models.PositiveIntegerField(default=0)
    measure = models.CharField(max_length=20)
    done = models.JSONField(default=list)
    state = models.CharField(max_length=20, choices=State.choices, db_index=True)
    by = models.CharField(max_length=100, blank=True)
    dealt_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-said_at", "-id"]

    def __str__(self) -> str:
        return f"{self.measure} {self.message_id}"


class Example(models.Model):
    """One row = one text that a person called noise or fine; later verdicts follow it."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="example")
    text = models.TextField()
    noise = models.BooleanField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"{'noise' if self.noise else 'fine'} {self.case_id}"


class Sop(models.Model):
    """One row = what is said in groups by itself, as sops.py reads it. groups: keys of the groups that it was copied
    to, in which `account` speaks. next_at: of periodic and festival ones."""

    name = models.CharField(max_length=100, unique=True)
    trigger = models.CharField(max_length=20)
    words = models.JSONField(default=list)
    days = models.JSONField(default=list)
    clock = models.CharField(max_length=5, blank=True)
    steps = models.JSONField()
    goal = models.JSONField(default=dict)
    rest_minutes = models.PositiveIntegerField(default=10)
    account = models.CharField(max_length=50)
    groups = models.JSONField(default=list)
    is_on = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    by = models.CharField(max_length=100)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One row = one SOP on one occasion in one group. key: what makes it that occasion. actors: whom it is for, [] =
    the group. step: the next one. reached: how much of the goal. why: how it ended."""

    class Why(models.TextChoices):
        """DONE: all was said. GOAL: members did what it was for. STOPPED: by a person. FAILED: the platform refused.
        DRY: the group is not live, nothing was said."""

        DONE = "done"
        GOAL = "goal"
        STOPPED = "stopped"
        FAILED = "failed"
        DRY = "dry"

    sop = models.ForeignKey(Sop, on_delete=models.CASCADE, related_name="runs")
    key = models.CharField(max_length=700, unique=True)
    account = models.CharField(max_length=50)
    group_key = models.CharField(max_length=512, db_index=True)
    actors = models.JSONField(default=list)
    answers = models.CharField(max_length=512, blank=True)
    step = models.PositiveIntegerField(default=0)
    reached = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=20, blank=True, choices=Why.choices)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-began_at", "-id"]

    def __str__(self) -> str:
        return self.key


class Signup(models.Model):
    """One row = one sign-up chain in one group. most: places, null = no end. posted_id: the message that opened it.
    closed_at: nobody signs up any more; told_at: the list stands in the group."""

    account = models.CharField(max_length=50)
    group_key = models.CharField(max_length=512, db_index=True)
    title = models.CharField(max_length=200)
    most = models.PositiveIntegerField(null=True, blank=True)
    posted_id = models.CharField(max_length=512, blank=True)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    tell_next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    told_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=100)

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at", "-id"]

    def __str__(self) -> str:
        return self.title


class Entry(models.Model):
    """One row = one person in one sign-up chain, by a message that they wrote themselves. places: by the newest of
    them, 0 = taken back. first_at: their place in the row. team: of the brand, not counted. struck_by, struck_why: an
    operator took it out."""

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="entries")
    actor = models.CharField(max_length=512, db_index=True)
    places = models.PositiveIntegerField()
    message_id = models.CharField(max_length=512)
    first_at = models.DateTimeField()
    at = models.DateTimeField()
    team = models.BooleanField(default=False)
    struck_by = models.CharField(max_length=100, blank=True)
    struck_why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["first_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["signup", "actor"], name="operation_one_entry")
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.places}"
