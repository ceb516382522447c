"""The rules of stages in their versions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Version(models.Model):
    """One row = the rules as somebody applied them. Rows are never changed; what holds is the file that a refresh reads
    (`stages.yaml`), which is written with each version and may be written by hand as well."""

    number = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]

    def __str__(self) -> str:
        return f"stages {self.number}"
