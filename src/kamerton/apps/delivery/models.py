"""Campaigns, participations, consents, invitations, sittings and answers."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class FreeText(models.Model):
    """Words a person wrote. Erasable: the rows that cite it keep a salted digest and know that it is gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="free_texts")
    text = models.TextField(blank=True)
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64, help_text="SHA-256 over salt and text")
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class Campaign(models.Model):
    """One run of a procedure: who, when, for which purpose. Pins the procedure release."""

    class Purpose(models.TextChoices):
        SELECTION = "selection"
        DEVELOPMENT = "development"
        SELF = "self"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="campaigns")
    procedure = models.ForeignKey("records.Release", on_delete=models.PROTECT, related_name="campaigns")
    slug = models.SlugField(max_length=60)
    name = models.JSONField()
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    seed = models.BigIntegerField(default=20261121)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="campaign_slug_unique"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="campaign_closes_after_it_opens"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}:{self.slug}"


class Participation(models.Model):
    """A person in a campaign, at an occasion."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="participations")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="participations")
    occasion = models.PositiveIntegerField(default=1)
    valid_until = models.DateField(null=True, blank=True)
    time_factor = models.DecimalField(max_digits=4, decimal_places=2, default=1)
    added_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "person", "occasion"], name="participation_once_an_occasion"
            ),
            models.CheckConstraint(
                condition=Q(time_factor__gte=1, time_factor__lte=4), name="time_factor_sane"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Accommodation(models.Model):
    """Conditions a person needs, as agreed. Append-only; the newest counts. Assessors and proctors see what to do,
    never why: the reason is a text of its own, for the office alone, and erasable."""

    id = models.BigAutoField(primary_key=True)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="accommodations")
    needs = models.JSONField(default=list, help_text="codes of rules.NEEDS")
    details = models.TextField(blank=True, help_text="what to do, in words that name no reason")
    reason = models.ForeignKey(FreeText, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class Invitation(models.Model):
    """A personal link. Only the hash of its token is stored; opening it changes nothing, "Start" consumes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    first_seen_at = models.DateTimeField(null=True, blank=True)
    consumed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class CandidateSession(models.Model):
    """What the cookie of a candidate points at; made when a link is consumed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="sessions")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class Consent(models.Model):
    """Given for one purpose, to one text. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=12, choices=Campaign.Purpose.choices)
    procedure = models.ForeignKey("records.Release", on_delete=models.PROTECT, related_name="+")
    text_digest = models.CharField(max_length=64)
    language = models.CharField(max_length=8)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "purpose", "text_digest"], name="consent_once_a_text"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class ConsentWithdrawal(models.Model):
    consent = models.OneToOneField(
        Consent, on_delete=models.PROTECT, primary_key=True, related_name="withdrawal"
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"withdrawal of {self.consent_id}"


class Sitting(models.Model):
    """One attempt at one form. `respondent` answers; `about` is whom it is about; usually the same person."""

    class Relation(models.TextChoices):
        SELF = "self"
        MANAGER = "manager"
        PEER = "peer"
        REPORT = "report"
        CLIENT = "client"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="sittings")
    form = models.ForeignKey("records.Release", on_delete=models.PROTECT, related_name="sittings")
    respondent = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, related_name="sittings"
    )
    about = models.ForeignKey("people.Subject", on_delete=models.PROTECT, related_name="sittings")
    relation = models.CharField(max_length=10, choices=Relation.choices, default=Relation.SELF)
    language = models.CharField(max_length=8)
    started_at = models.DateTimeField()
    limit_seconds = models.PositiveIntegerField()
    factor = models.DecimalField(max_digits=4, decimal_places=2, default=1)
    epoch = models.PositiveIntegerField(default=1)
    on_paper = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "form", "relation", "respondent"], name="one_attempt_for_life"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, finish_reason="") | Q(finished_at__isnull=False),
                name="finish_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Opening(models.Model):
    """Permission to begin the written part of an exercise, given by whoever runs it. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="openings")
    form = models.ForeignKey("records.Release", on_delete=models.PROTECT, related_name="openings")
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["participation", "form"], name="opened_once")]

    def __str__(self) -> str:
        return str(self.id)


class Answer(models.Model):
    """One saved state of one item. Append-only: the newest by (`epoch`, `seq`, `id`) counts."""

    id = models.BigAutoField(primary_key=True)
    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="answers")
    item = models.ForeignKey("records.Part", on_delete=models.PROTECT, related_name="answers")
    uuid = models.UUIDField()
    epoch = models.PositiveIntegerField(default=1)
    seq = models.PositiveIntegerField()
    value = models.JSONField(null=True)
    text = models.ForeignKey(
        FreeText, on_delete=models.PROTECT, null=True, blank=True, related_name="answers"
    )
    is_late = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sitting", "uuid"], name="answer_uuid_once")]
        indexes = [models.Index(fields=["sitting", "item"])]

    def __str__(self) -> str:
        return str(self.pk)


class TimeGrant(models.Model):
    """Extra seconds given by a person, with the reason; counts whenever the deadline is asked for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="time_grants")
    seconds = models.PositiveIntegerField()
    reason = models.TextField()
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


class Pause(models.Model):
    """A stretch in which the clock stands: ordered by the office, or a break the form allows. Ends once."""

    class Kind(models.TextChoices):
        OFFICE = "office"
        BREAK = "break"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="pauses")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    limit_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="a break runs on by itself after this"
    )
    reason = models.TextField(blank=True)
    actor_name = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sitting", "kind"], condition=Q(ended_at__isnull=True), name="one_open_pause_a_kind"),
            models.CheckConstraint(condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="pause_ends_after_it_starts"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.id)


class Event(models.Model):
    """Process data of a sitting (started, taken over, focus lost). Append-only; information, never a verdict."""

    id = models.BigAutoField(primary_key=True)
    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=30)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class OutgoingMail(models.Model):
    """A mail as it was previewed and sent; the link inside is replaced by a mark once it has gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="mails")
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, null=True, related_name="mails"
    )
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return str(self.id)
