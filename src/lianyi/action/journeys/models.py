"""Journeys, their versions, and the people in them. People are kept by id only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Journey(models.Model):
    """One row = one journey. number: of the version that people enter now, 0 until the first is applied."""

    class State(models.TextChoices):
        """A draft runs once it is started; paused: nobody enters or moves; over: for good, nobody is in it."""

        DRAFT = "draft"
        RUNNING = "running"
        PAUSED = "paused"
        OVER = "over"

    name = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    number = models.PositiveIntegerField(default=0)
    draft = models.TextField(blank=True)
    draft_by = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.title or self.name


class Version(models.Model):
    """One row = one state of a journey's definition, as it was applied. document: JSON of `document.Definition`."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.TextField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["journey", "number"], name="journey_version_numbers")
        ]

    def __str__(self) -> str:
        return f"{self.journey_id} version {self.number}"


class Enrolment(models.Model):
    """One row = one coming of one person into a journey.

    key: what tells comings of one person apart ("" or an order). nth: the how-manieth coming of this person and key.
    cause: what let them in; the same cause never does twice. step: where they stand, "" at the end. since: when they
    came to the step; acted_at: when the journey last did something to them (or they came), from when on events count
    for a wait. due_at: when somebody must look at them next, null where nobody need. parked: the wait's time is
    reckoned already. met_at: when what the wait is for happened. facts: what the trigger knew (order, value, title).
    trail: a line per step that is behind them, `step@seconds` or `step=way@seconds`.
    """

    class State(models.TextChoices):
        """going → over; going → aside (a failure, can be tried again); held: untouched, to compare with."""

        GOING = "going"
        OVER = "over"
        ASIDE = "aside"
        HELD = "held"

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="enrolments")
    number = models.PositiveIntegerField()
    person_id = models.CharField(max_length=64)
    key = models.CharField(max_length=200, blank=True)
    nth = models.PositiveIntegerField(default=0)
    cause = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.GOING)
    step = models.CharField(max_length=40, blank=True)
    since = models.DateTimeField()
    acted_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    parked = models.BooleanField(default=False)
    met_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    how = models.CharField(max_length=20, blank=True)
    goal_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    trail = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["journey", "person_id", "cause"], name="one_enrolment_per_cause"),
            models.UniqueConstraint(fields=["journey", "person_id", "key", "nth"], name="one_enrolment_per_coming"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=models.Q(state="going"), name="enrolments_due"),
            models.Index(fields=["journey", "state", "step"], name="enrolments_at_step"),
            models.Index(fields=["person_id"], name="enrolments_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id}: {self.person_id} {self.state} {self.step}"


class Passage(models.Model):
    """One row = how many people have left one step of one version by one way."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="passages")
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=40)
    way = models.CharField(max_length=60)
    people = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["journey", "number", "step", "way"], name="one_passage_per_way")
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.way}: {self.people}"


class Door(models.Model):
    """One row = one trigger of a running journey: how far it has been followed. mark: of the trigger's text, so that
    an edit of something else keeps the place. cursor: what the kind of trigger needs to go on."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="doors")
    mark = models.CharField(max_length=64)
    trigger = models.TextField()
    cursor = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    worker = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["journey", "mark"], name="one_door_per_trigger")
        ]

    def __str__(self) -> str:
        return f"{self.journey_id} {self.trigger}"


class Following(models.Model):
    """One row: how far journeys have followed the log (memory.following), and who does so now."""

    version = models.BigIntegerField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    keys = models.CharField(max_length=100, blank=True)
    worker = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"log up to {self.version}"


class Stranger(models.Model):
    """One row = an event that opens a door or ends a wait, by somebody whom the tables do not know yet."""

    happening = models.CharField(max_length=64)
    event = models.JSONField()
    at = models.DateTimeField()
    event_id = models.CharField(max_length=512)
    who = models.CharField(max_length=512)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["happening", "event_id"], name="one_stranger_per_event")
        ]

    def __str__(self) -> str:
        return f"{self.event_id} at {self.at}"


class Choice(models.Model):
    """One row = one coming of one person to a split: which arm they got. mark: of the split's text at that time."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="choices")
    step = models.CharField(max_length=40)
    mark = models.CharField(max_length=64)
    arm = models.CharField(max_length=40)
    at = models.DateTimeField()
    reached_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["enrolment", "step"], name="one_arm_per_enrolment")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["mark", "arm", "at"], name="choices_of_arm")]

    def __str__(self) -> str:
        return f"{self.step}={self.arm}"


class Verdict(models.Model):
    """One row = a split was decided, once and for all. mark: of the split's text. winner: "" = no arm is better for
    sure, the shares stay. figures: per arm the people counted and those who reached the goal; p of each pair."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="verdicts")
    step = models.CharField(max_length=40)
    mark = models.CharField(max_length=64)
    winner = models.CharField(max_length=40, blank=True)
    figures = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["journey", "step", "mark"], name="one_verdict_per_split")
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.winner or 'no winner'}"


class Task(models.Model):
    """One row = something that a person of the team shall do about somebody. key: of enrolment and step, so that a
    task is never given twice. to: login name, or role."""

    class State(models.TextChoices):
        """An open task is done or dropped."""

        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    key = models.CharField(max_length=120, unique=True)
    person_id = models.CharField(max_length=64, blank=True, db_index=True)
    kind = models.CharField(max_length=20, default="task")
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    to = models.CharField(max_length=100)
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    journey = models.ForeignKey(Journey, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks")
    step = models.CharField(max_length=40, blank=True)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    done_by = models.CharField(max_length=100, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at", "id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["state", "due_at"], name="tasks_due")]

    def __str__(self) -> str:
        return self.title
