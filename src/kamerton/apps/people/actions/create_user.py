from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.people.models import User
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotPermitted, Refused


class LoginTaken(Refused):
    code = "login_taken"
    texts = {
        "ru": "Учётная запись {login} уже есть. Выдайте ей роль или выберите другое имя для входа.",
        "en": "There is an account {login} already. Grant it a role or choose another login.",
    }


@transaction.atomic
def create_user(
    *,
    actor: Actor,
    login: str,
    name: str,
    password: str | None,
    language: str = "ru",
    is_operator: bool = False,
    at: datetime,
) -> User:
    """An account. Without a password it cannot sign in (accounts of a sample)."""
    if actor.kind not in {"operator", "system"}:
        raise NotPermitted(permission={"ru": "заводить учётные записи", "en": "create accounts"})
    login = login.strip().lower()
    if User.objects.filter(login=login).exists():
        raise LoginTaken(login=login)
    user = User(login=login, name=name, language=language, is_operator=is_operator, created_at=at)
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save(force_insert=True)
    write_audit(
        actor=actor, project_id=None, verb="create_user", object_kind="user", object_id=user.id, at=at
    )
    return user
