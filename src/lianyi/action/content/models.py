"""Contents and their versions. What was sent stays as it was: an edit makes a new version."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone


class Content(models.Model):
    """One row = one piece of content, whatever version of it is current."""

    class Kind(models.TextChoices):
        """What it is, which says what parts it has (kinds.PARTS)."""

        TEXT = "text"
        IMAGE = "image"
        LINK = "link"
        MINIPROGRAM = "miniprogram"
        EMAIL = "email"
        POSTER = "poster"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def current(self) -> Version:
        """The newest version. Every content has one from the start."""
        newest = self.versions.order_by("-number").first()
        assert newest is not None  # noqa: S101  made together with the content
        return newest


class Version(models.Model):
    """One row = one state of a content; never changed once it is saved.

    bodies: by language (`zh-hans`, `en`) the parts of its kind, texts being templates. fallback: the language that
    people get whose own there is not. variables: by name (`person.name`, `coupon`) what stands in for an unknown value,
    by language ("" = any).
    """

    content = models.ForeignKey(Content, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    bodies = models.JSONField()
    fallback = models.CharField(max_length=20)
    variables = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["content", "number"], name="one_version_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.content} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only ever a new row: what was sent must stay what it was."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class Picture(models.Model):
    """One row = one picture of the library; the file lies in `pictures/` of the workspace under `name`, which is the
    hash of its bytes, and is served to everybody who knows the name."""

    name = models.CharField(max_length=80, unique=True)
    title = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.title or self.name
