"""What is kept of audiences. Of people there are only ids here and in the files of members, never a name or a key."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Audience(models.Model):
    """One row = one audience.

    kind: live (a condition, followed) or list (people put in by hand). condition, version: the one that is valid now.
    build: number of the file with its members, 0 before the first; base: the last change that the file knows. count:
    members now; as_of: the moment for which they speak. next_due: when somebody may enter or leave by time alone; null
    while that is not worked out.
    """

    class Kind(models.TextChoices):
        """How its people are known."""

        LIVE = "live"
        LIST = "list"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    about = models.CharField(max_length=500, blank=True)
    condition = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    archived = models.BooleanField(default=False)
    build = models.PositiveIntegerField(default=0)
    built_version = models.PositiveIntegerField(default=0)
    base = models.BigIntegerField(default=0)
    count = models.PositiveIntegerField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    next_due = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def live(self) -> bool:
        """Whether it is defined by a condition."""
        return self.kind == self.Kind.LIVE


class Version(models.Model):
    """One row = one condition that an audience ever had."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    condition = models.TextField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["audience", "number"], name="one_condition_per_version")
        ]


class Change(models.Model):
    """One row = one person who entered an audience or left it. Its id is the place in the log of changes.

    why: event (something happened to the person), time (nothing but time), recount (after a refresh of the tables),
    version (the condition was changed), hand (put in or taken out).
    """

    class Why(models.TextChoices):
        """What the change came of."""

        EVENT = "event"
        TIME = "time"
        RECOUNT = "recount"
        VERSION = "version"
        HAND = "hand"

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="changes")
    person_id = models.CharField(max_length=64, db_index=True)
    entered = models.BooleanField()
    why = models.CharField(max_length=10, choices=Why.choices)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["audience", "id"], name="changes_of_audience")]


class Size(models.Model):
    """One row = how many people were in an audience at a moment: at most one an hour, and one for each recount."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="sizes")
    at = models.DateTimeField()
    count = models.PositiveIntegerField()
    entered = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["audience", "at"], name="one_size_per_moment")
        ]


class Following(models.Model):
    """The one row that says up to where the log has been followed: its version, and the tables that were valid then.

    holder, until: the process that follows now, and until when nobody else may.
    """

    lake_version = models.BigIntegerField(null=True, blank=True)
    tables = models.CharField(max_length=100, blank=True)
    holder = models.CharField(max_length=100, blank=True)
    until = models.DateTimeField(null=True, blank=True)
