"""The policy in its versions, addresses that are not written to, and what people said about consent just now."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Version(models.Model):
    """One row = the whole policy as somebody wrote it. The highest number holds; rows are never changed."""

    number = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]

    def __str__(self) -> str:
        return f"policy {self.number}"


class Suppressed(models.Model):
    """One row = one address or other key that is not written to by a channel ("" = by none).

    Only a salted hash of the key is kept (`mark`), so that the list outlives an erasure and gives nobody away.
    everything: transactional messages stop as well, e.g. because the address does not exist.
    """

    class Reason(models.TextChoices):
        """Why it is on the list."""

        ASKED = "asked"
        COMPLAINED = "complained"
        BOUNCED = "bounced"
        IMPORTED = "imported"
        LAW = "law"
        OTHER = "other"

    mark = models.CharField(max_length=64)
    channel = models.CharField(max_length=50, blank=True)
    everything = models.BooleanField(default=False)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["mark", "channel"], name="suppressed_once")
        ]

    def __str__(self) -> str:
        return f"{self.mark[:8]}… {self.reason}"


class Word(models.Model):
    """One row = a word on consent that was said to us directly, kept here until the tables know its event, so that it
    holds from the moment it was said."""

    person_id = models.CharField(max_length=64, db_index=True)
    purpose = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=50, blank=True)
    granted = models.BooleanField()
    at = models.DateTimeField()
    event = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.purpose} {self.channel} {'granted' if self.granted else 'withdrawn'}"
