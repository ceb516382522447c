"""Jobs, and the files that people uploaded for them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone


class Job(models.Model):
    """One piece of long work: one row = one job. `lease_until` is when its worker counts as dead unless it renews."""

    class State(models.TextChoices):
        """waiting → running → done | failed | cancelled; running → waiting when the worker died."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    by = models.CharField(max_length=100)
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(null=True, blank=True)
    message = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["state", "not_before"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    @property
    def can_be_cancelled(self) -> bool:
        """Whether it may still be stopped. An erasure that runs may not: the person has a right to its end."""
        return self.state == self.State.WAITING or (self.state == self.State.RUNNING and self.kind != "erase")

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}


class Upload(models.Model):
    """A file on its way into the log: where it lies, how it is to be read, and the jobs that read it.

    format: "" = as recognised. mapping: YAML, "" = as guessed or remembered. options: encoding, room, me.
    The file itself is deleted once it has landed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=1000)
    size = models.BigIntegerField()
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    format = models.CharField(max_length=60, blank=True)
    label = models.CharField(max_length=60, blank=True)
    mapping = models.TextField(blank=True)
    options = models.JSONField(default=dict)
    check_job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="checked")
    import_job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="imported")

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return self.name
