"""What waits to be sent and what became of it, what is paused, and how each channel account stands."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

# Under this name a contact's variables hold the draw that it came from; templates have no use for it.
CHOICE = "_choice"
CHOSEN = ("choice", "options", "chosen", "propensity")


class Contact(models.Model):
    """One row = one intended contact: one message to one person through one channel account.

    No name and no address stands here, only the person's id. key: by which whoever asks knows it; the same key is the
    same contact for ever. content: a version of content; body: what is sent where it is no content. personal: whom or
    what to send was chosen by what is known of the person. not_before: when it is due (again); ready: it has been seen
    to be due; paused: it belongs to something that is paused. rule, values: of the last decision of the policy (its
    version in `policy`), made at decided_at. confirmed_by: the human who let it go. worker, lease: who has it claimed,
    and until when that counts. attempts: how often it was given to the channel. provider_id: by which the provider
    speaks of it. reason: in the provider's words. given_at: when it was last marked as being given; sent_at: when the
    provider took it. told: the event of its end is in the inbox.
    """

    class State(models.TextChoices):
        """waiting → claimed → delivering → sent | failed | unknown; before that held, refused, expired, cancelled."""

        WAITING = "waiting"
        HELD = "held"
        CLAIMED = "claimed"
        DELIVERING = "delivering"
        SENT = "sent"
        FAILED = "failed"
        REFUSED = "refused"
        EXPIRED = "expired"
        CANCELLED = "cancelled"
        UNKNOWN = "unknown"

    key = models.CharField(max_length=200, unique=True)
    person_id = models.CharField(max_length=64)
    channel = models.CharField(max_length=50)
    purpose = models.CharField(max_length=60)
    content = models.BigIntegerField(null=True, blank=True)
    body = models.JSONField(null=True, blank=True)
    variables = models.JSONField(default=dict)
    campaign = models.CharField(max_length=200, blank=True)
    journey = models.CharField(max_length=200, blank=True)
    step = models.CharField(max_length=200, blank=True)
    priority = models.IntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    transactional = models.BooleanField(default=False)
    personal = models.BooleanField(default=True)
    confirm = models.BooleanField(default=False)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    ready = models.BooleanField(default=False)
    paused = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING)
    rule = models.CharField(max_length=60, blank=True)
    values = models.JSONField(default=dict)
    policy = models.PositiveIntegerField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=100, blank=True)
    worker = models.CharField(max_length=64, blank=True)
    lease = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    provider_id = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    given_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            # Queues: what will be due, and what is, the most urgent first; each is looked at every second.
            models.Index(
                fields=["not_before"],
                condition=models.Q(state="waiting", ready=False, paused=False),
                name="contacts_will_be_due",
            ),
            models.Index(
                fields=["channel", "-priority", "id"],
                condition=models.Q(state="waiting", ready=True, paused=False),
                name="contacts_ready",
            ),
            models.Index(fields=["state", "not_before"]),
            models.Index(fields=["person_id", "-id"]),
            models.Index(fields=["campaign", "state"]),
            models.Index(fields=["journey", "state"], condition=~models.Q(journey=""), name="contacts_of_journey"),
            models.Index(fields=["ended_at"], condition=models.Q(told=False), name="contacts_untold"),
            models.Index(fields=["lease"], condition=models.Q(lease__isnull=False), name="contacts_leased"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Two at once for one person could both pass a cap that has room for one.
            models.UniqueConstraint(
                fields=["person_id"],
                condition=models.Q(state__in=["claimed", "delivering"]),
                name="contacts_one_at_a_time",
            )
        ]

    @property
    def choice(self) -> dict[str, Any]:
        """What was drawn by chance: choice, options (with the chance of each), chosen, propensity; {}: nothing was."""
        found = self.variables.get(CHOICE)
        return {name: found[name] for name in CHOSEN if name in found} if isinstance(found, dict) else {}

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be tried by itself."""
        return self.state in OVER


State = Contact.State
OVER = (State.SENT, State.FAILED, State.REFUSED, State.EXPIRED, State.CANCELLED, State.UNKNOWN)
# What may still be stopped: nothing has been given to a channel.
STOPPABLE = (State.WAITING, State.HELD)


class Pause(models.Model):
    """One row = something that does not send for now: all, a campaign, a journey, or a channel account."""

    class What(models.TextChoices):
        """What a pause holds back."""

        ALL = "all"
        CAMPAIGN = "campaign"
        JOURNEY = "journey"
        CHANNEL = "channel"

    what = models.CharField(max_length=20, choices=What.choices)
    name = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["what", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["what", "name"], name="paused_once")
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.name}".strip()


class Line(models.Model):
    """One row = how sending by one channel account goes, known to all workers.

    failures: tries that failed one after the other. closed_until: nothing is given to it before; set by the provider's
    own word (retry_after) or by the circuit breaker. trips: how often the breaker has opened since the last success.
    """

    channel = models.CharField(max_length=50, unique=True)
    failures = models.PositiveIntegerField(default=0)
    trips = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    results_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.channel
