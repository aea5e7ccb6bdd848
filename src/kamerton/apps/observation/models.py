"""Who observes whom in which exercise; notes, ratings, what assessors agree."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Appointment(models.Model):
    """An assessor observes a participant in an exercise."""

    class Role(models.TextChoices):
        OBSERVER = "observer"
        LEAD = "lead"
        ROLE_PLAYER = "role_player"
        INTERVIEWER = "interviewer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(
        "delivery.Participation", on_delete=models.PROTECT, related_name="appointments"
    )
    exercise = models.ForeignKey("records.Release", on_delete=models.PROTECT, related_name="appointments")
    instrument = models.CharField(max_length=12, help_text="column of the matrix, e.g. E2")
    assessor = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.OBSERVER)
    at = models.DateTimeField(null=True, blank=True)
    room = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participation", "exercise", "assessor"], name="appointment_once")
        ]

    def __str__(self) -> str:
        return str(self.id)


class Note(models.Model):
    """What the participant said or did, with its time in the exercise, tied to an indicator. Append-only."""

    class Sign(models.TextChoices):
        PLUS = "+"
        MINUS = "-"
        NONE = ""

    id = models.BigAutoField(primary_key=True)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="notes")
    uuid = models.UUIDField()
    indicator = models.ForeignKey(
        "records.Part", on_delete=models.PROTECT, null=True, blank=True, related_name="notes"
    )
    sign = models.CharField(max_length=1, choices=Sign.choices, blank=True)
    text = models.ForeignKey("delivery.FreeText", on_delete=models.PROTECT, related_name="notes")
    second = models.PositiveIntegerField(help_text="from the start of the exercise")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["appointment", "uuid"], name="note_uuid_once")]

    def __str__(self) -> str:
        return str(self.pk)


class Rating(models.Model):
    """A level on the anchors, or the reason why there is none. Append-only; the newest counts."""

    class Reason(models.TextChoices):
        NOT_OBSERVED = "not_observed"
        WITHDRAWN = "withdrawn"

    id = models.BigAutoField(primary_key=True)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="ratings")
    competency = models.ForeignKey("records.Part", on_delete=models.PROTECT, related_name="ratings")
    value = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=14, choices=Reason.choices, blank=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__gte=1, value__lte=5, reason="") | (Q(value__isnull=True) & ~Q(reason="")),
                name="rating_is_a_level_or_a_reason",
            )
        ]
        indexes = [models.Index(fields=["appointment", "competency"])]

    def __str__(self) -> str:
        return str(self.pk)


class AnswerLevel(models.Model):
    """A level given to the answer to one question of a structured interview. Append-only; the newest counts.

    It supports the rating of the competency and enters no score by itself.
    """

    id = models.BigAutoField(primary_key=True)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="answer_levels")
    question = models.CharField(max_length=12)
    value = models.PositiveSmallIntegerField(null=True, help_text="empty: not asked or not answered")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=1, value__lte=5),
                name="answer_level_on_the_scale",
            )
        ]
        indexes = [models.Index(fields=["appointment", "question"])]

    def __str__(self) -> str:
        return str(self.pk)


class TextRating(models.Model):
    """A rater's score of a short text on its rubric; blind to the person. Append-only."""

    id = models.BigAutoField(primary_key=True)
    answer = models.ForeignKey("delivery.Answer", on_delete=models.PROTECT, related_name="text_ratings")
    assessor = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="text_ratings")
    score = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "assessor"], name="text_rating_once")]

    def __str__(self) -> str:
        return str(self.pk)


class Training(models.Model):
    """Training of an assessor that was held: what, when, how long, passed or not. Append-only."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="trainings")
    assessor = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="trainings")
    held = models.DateField()
    hours = models.DecimalField(max_digits=5, decimal_places=1)
    what = models.CharField(max_length=300)
    passed = models.BooleanField(help_text="licensed to rate after it")
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=200), name="training_hours_sane")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Agreement(models.Model):
    """What the assessors agree at integration, beside the mechanical result. Enters nothing without a reason."""

    id = models.BigAutoField(primary_key=True)
    participation = models.ForeignKey(
        "delivery.Participation", on_delete=models.PROTECT, related_name="agreements"
    )
    competency = models.ForeignKey("records.Part", on_delete=models.PROTECT, related_name="agreements")
    value = models.FloatField()
    reason = models.TextField()
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(value__gte=1, value__lte=5), name="agreement_on_the_scale")
        ]

    def __str__(self) -> str:
        return str(self.pk)
