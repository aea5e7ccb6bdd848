"""Organisation, persons, users and what they may do, conflicts of interest."""

from __future__ import annotations

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q


class Unit(models.Model):
    """A division or department; units form a tree."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="units")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    code = models.CharField(max_length=60)
    name = models.JSONField(help_text="text by language")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "code"], name="unit_code_unique")]

    def __str__(self) -> str:
        return f"{self.project_id}:{self.code}"


class Position(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="positions")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="positions")
    title = models.JSONField(help_text="text by language")

    def __str__(self) -> str:
        return str(self.id)


class Person(models.Model):
    """One human being in a project: employee, candidate and assessor are relations, not kinds of person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="people")
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="duplicates"
    )
    search_key = models.CharField(max_length=300, blank=True, help_text="casefolded, ё→е, all identities")
    sort_key = models.CharField(max_length=300, blank=True, help_text="orders ё after е, before ж")
    is_outside = models.BooleanField(default=False, help_text="came as an outside candidate")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["project", "sort_key"])]
        constraints = [
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="person_not_merged_into_itself")
        ]

    def __str__(self) -> str:
        return str(self.id)


class PersonIdentity(models.Model):
    """Who the person is. The one row that erasing a person empties."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="identity")
    family_name = models.JSONField(default=dict, help_text="by language")
    given_name = models.JSONField(default=dict, help_text="by language")
    middle_name = models.JSONField(default=dict, help_text="by language")
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True, help_text="E.164")
    employee_number = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["email"]), models.Index(fields=["employee_number"])]

    def __str__(self) -> str:
        return f"identity of {self.person_id}"


class Employment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="employments")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="employments")
    manager = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_date__isnull=True)
                | Q(from_date__isnull=True)
                | Q(to_date__gte=F("from_date")),
                name="employment_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, login: str | None) -> User:
        return self.get(login=login)


class User(AbstractBaseUser):
    """An account that signs in. What it may do stands in `RoleGrant`, per project."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    login = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=8, default="ru")
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False, help_text="may create projects on this installation")
    created_at = models.DateTimeField()

    USERNAME_FIELD = "login"
    objects = UserManager()

    def __str__(self) -> str:
        return self.login


class RoleGrant(models.Model):
    """What a user is in a project, from a day to a day."""

    class Role(models.TextChoices):
        DESIGNER = "designer"
        EXPERT = "expert"
        ASSESSOR = "assessor"
        LEADER = "leader"
        LINE_MANAGER = "line_manager"
        OFFICE = "office"
        ADMINISTRATOR = "administrator"
        PSYCHOMETRICIAN = "psychometrician"
        AUDITOR = "auditor"
        KEY_ACCOUNT_MANAGER = "key_account_manager"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    project = models.ForeignKey("records.Project", on_delete=models.CASCADE, related_name="grants")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    role = models.CharField(max_length=24, choices=Role.choices)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "project", "role"], name="one_grant_of_a_role")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} in {self.project_id}"


class Conflict(models.Model):
    """Two people of whom one may not rate the other: kin, or another declared interest."""

    class Kind(models.TextChoices):
        KIN = "kin"
        INTEREST = "interest"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.CASCADE, related_name="conflicts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="conflicts")
    other = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="conflicts_as_other")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "other", "kind"], name="conflict_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind} {self.other_id}"


class Subject(models.Model):
    """Whom a score is about: a person, a group or a unit."""

    class Kind(models.TextChoices):
        PERSON = "person"
        GROUP = "group"
        UNIT = "unit"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="subjects")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    person = models.OneToOneField(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="subject"
    )
    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="subject")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind="person", person__isnull=False, unit__isnull=True)
                    | Q(kind="unit", unit__isnull=False, person__isnull=True)
                    | Q(kind="group", person__isnull=True, unit__isnull=True)
                ),
                name="subject_is_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


class GroupMember(models.Model):
    """The frozen member list of a group subject."""

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="group_memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "person"], name="group_member_once")]

    def __str__(self) -> str:
        return f"{self.subject_id}/{self.person_id}"
