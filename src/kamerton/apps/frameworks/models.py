"""The draft of a competency framework. Publishing freezes it into a release."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Framework(models.Model):
    identity = models.OneToOneField(
        "records.Identity", on_delete=models.PROTECT, primary_key=True, related_name="framework"
    )
    code = models.CharField(max_length=40)
    name = models.JSONField()
    scale = models.JSONField(help_text="five words: [{value, word}]")
    clusters = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Competency(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="competencies")
    ordinal = models.PositiveIntegerField()
    code = models.CharField(max_length=20)
    name = models.JSONField()
    short = models.JSONField()
    definition = models.JSONField()
    knowledge = models.JSONField()
    development = models.JSONField(default=dict)
    trainable = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["framework", "code"], name="competency_code_unique")]

    def __str__(self) -> str:
        return f"{self.framework_id}:{self.code}"


class Indicator(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    competency = models.ForeignKey(Competency, on_delete=models.CASCADE, related_name="indicators")
    ordinal = models.PositiveIntegerField()
    code = models.CharField(max_length=20)
    text = models.JSONField()
    short = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["competency", "code"], name="indicator_code_unique")]

    def __str__(self) -> str:
        return f"{self.competency_id}:{self.code}"


class Level(models.Model):
    """A behavioural anchor of one competency at one level of the scale."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    competency = models.ForeignKey(Competency, on_delete=models.CASCADE, related_name="levels")
    value = models.PositiveIntegerField()
    anchor = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["competency", "value"], name="level_value_unique"),
            models.CheckConstraint(condition=Q(value__gte=1, value__lte=5), name="level_from_one_to_five"),
        ]

    def __str__(self) -> str:
        return f"{self.competency_id}:{self.value}"


class RoleProfile(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="profiles")
    ordinal = models.PositiveIntegerField()
    role = models.CharField(max_length=20)
    tier = models.CharField(max_length=20, blank=True)
    name = models.JSONField()
    short = models.JSONField()
    composite_cut = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["framework", "role", "tier"], name="profile_of_a_role_unique")
        ]

    def __str__(self) -> str:
        return f"{self.framework_id}:{self.role}"


class Dismissal(models.Model):
    """A question to the wording set aside, with the reason; it returns as soon as the words change. Append-only."""

    id = models.BigAutoField(primary_key=True)
    identity = models.ForeignKey("records.Identity", on_delete=models.PROTECT, related_name="dismissals")
    mark = models.CharField(max_length=16)
    reason = models.CharField(max_length=500)
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity", "mark"], name="dismissed_once")]

    def __str__(self) -> str:
        return self.mark


class Target(models.Model):
    """What a role asks of one competency: target and minimum on the scale, weight in the composite."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    profile = models.ForeignKey(RoleProfile, on_delete=models.CASCADE, related_name="targets")
    competency = models.ForeignKey(Competency, on_delete=models.CASCADE, related_name="targets")
    target = models.FloatField()
    minimum = models.FloatField()
    weight = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "competency"], name="target_unique"),
            models.CheckConstraint(condition=Q(target__gte=1, target__lte=5), name="target_on_the_scale"),
            models.CheckConstraint(
                condition=Q(minimum__gte=1, minimum__lte=F("target")), name="minimum_not_above_target"
            ),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=1), name="weight_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id}/{self.competency_id}"
