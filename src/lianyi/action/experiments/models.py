"""The global control group in its versions, and up to where the assignments of journeys are told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Group(models.Model):
    """One row = the global control group as somebody set it. The highest number holds; rows are never changed.

    share: of all people, who get nothing but what they are owed; 0 = none. salt: the name under which the hash draws
    them: the same salt keeps the same people, also with another share (the smaller group lies within the larger)."""

    number = models.PositiveIntegerField(unique=True)
    share = models.FloatField()
    salt = models.CharField(max_length=60)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]

    def __str__(self) -> str:
        return f"{self.share:.0%}"


class Told(models.Model):
    """One row = one source of assignments: the last enrolment whose place in a journey is told to the log."""

    name = models.CharField(max_length=40, unique=True)
    enrolment = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name
