"""When the monthly report goes out and to whom; one row for each month and recipient says what became of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianyi.action.team.models import User


class Schedule(models.Model):
    """At most one row (pk 1). day, hour: of the month after, in the brand's zone. channel: the e-mail account. due_at:
    when the next one goes out."""

    is_on = models.BooleanField(default=False)
    day = models.PositiveSmallIntegerField(default=3)
    hour = models.PositiveSmallIntegerField(default=8)
    channel = models.CharField(max_length=50, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.day}. {self.hour}:00"


class Recipient(models.Model):
    """One row = a member of the team who gets the report. address: where the sign-in name is no e-mail address."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="report_recipient")
    address = models.CharField(max_length=320, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["user__name"]

    def __str__(self) -> str:
        return self.mail

    @property
    def mail(self) -> str:
        """The address that is written to."""
        return self.address or self.user.name


class Delivery(models.Model):
    """One row = the report of one month for one member; there is never a second. It is claimed (state: sending) before
    it is given to the mail server: whoever finds it claimed leaves it alone, so that a crash or two workers at once
    send it at most once. claimed_at, tries, reason: of the last try. next_at: when a waiting one is tried."""

    class State(models.TextChoices):
        """How it stands. A claim whose process died stays `sending`: nobody can know whether the mail went."""

        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"

    month = models.DateField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="report_deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    next_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-month", "user__name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["month", "user"], name="report_once_a_month")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["state", "next_at"], name="report_waiting")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.user} {self.state}"
