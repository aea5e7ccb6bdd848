"""Fit with a role, decisions of people, seats."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class FitResult(models.Model):
    """How a subject's estimates fit a role: probabilities, the proposed category, reasons. Append-only."""

    class Category(models.TextChoices):
        READY = "ready"
        PROBABLY_READY = "probably_ready"
        OPEN = "open"
        DEVELOPING = "developing"
        OTHER_ROLE = "other_role"
        NOT_NOW = "not_now"
        NOT_A = "not_a"
        INSUFFICIENT = "insufficient"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey("results.ScoreRun", on_delete=models.PROTECT, related_name="fit_results")
    subject = models.ForeignKey("people.Subject", on_delete=models.PROTECT, related_name="fit_results")
    participation = models.ForeignKey(
        "delivery.Participation", on_delete=models.PROTECT, related_name="fit_results"
    )
    profile = models.ForeignKey("records.Part", on_delete=models.PROTECT, related_name="fit_results")
    procedure = models.ForeignKey("records.Release", on_delete=models.PROTECT, related_name="fit_results")
    category = models.CharField(max_length=16, choices=Category.choices)
    probability_a = models.FloatField(null=True)
    composite = models.FloatField(null=True)
    composite_se = models.FloatField(null=True)
    probabilities = models.JSONField(help_text="A, B, C, D, met by competency, minimums, composite")
    other_roles = models.JSONField(default=list)
    suggested_role = models.CharField(max_length=20, blank=True)
    stability = models.FloatField(null=True)
    reasons = models.JSONField(help_text="codes with parameters")
    details = models.JSONField(help_text="y, V, posterior, cuts, thresholds, settle, distance")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "subject"], name="fit_once_a_run")]
        indexes = [models.Index(fields=["run", "category", "-composite"])]

    def __str__(self) -> str:
        return str(self.id)


class Decision(models.Model):
    """A named person decided. Against the proposal only with a reason. Append-only; the newest counts."""

    class Outcome(models.TextChoices):
        APPOINT = "appoint"
        DEVELOP = "develop"
        OTHER_ROLE = "other_role"
        NOT_NOW = "not_now"
        MORE_EVIDENCE = "more_evidence"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fit = models.ForeignKey(FitResult, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=14, choices=Outcome.choices)
    proposed = models.CharField(max_length=14, choices=Outcome.choices)
    role = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    key = models.UUIDField(unique=True, help_text="made by the form; a second click is the same decision")
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome=models.F("proposed")) | ~Q(reason=""),
                name="against_the_proposal_needs_a_reason",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class SeatPlan(models.Model):
    """How many people a role needs, by segment of clients and period."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="seat_plans")
    role = models.CharField(max_length=20)
    ordinal = models.PositiveIntegerField(default=0)
    segment = models.JSONField()
    period = models.CharField(max_length=20, default="2027")
    accounts = models.PositiveIntegerField()
    accounts_per_seat = models.FloatField()
    seats = models.PositiveIntegerField()
    profile = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "role", "period", "ordinal"], name="seat_plan_row_unique"
            ),
            models.CheckConstraint(condition=Q(accounts_per_seat__gt=0), name="accounts_per_seat_positive"),
        ]

    def __str__(self) -> str:
        return str(self.id)
