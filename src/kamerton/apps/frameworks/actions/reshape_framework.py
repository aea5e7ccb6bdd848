"""Pieces of a draft: added, taken out, moved. What is taken out stays in the change as a document, so that undo puts it back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.frameworks.models import Competency, Framework, Indicator, Level, RoleProfile, Target
from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.records.models import DraftChange, Identity, Part, Project
from kamerton.values.texts import LangText

from .draft_steps import MAX_TEXT, EditConflict, locked, touch
from .install_framework_draft import lay_out_framework

LANGUAGES = ("ru", "en")
MOST_PIECES = 400
SCALE: list[dict[str, Any]] = [
    {"value": 1, "word": {"ru": "не проявляет", "en": "not shown"}},
    {"value": 2, "word": {"ru": "проявляет частично", "en": "partly shown"}},
    {"value": 3, "word": {"ru": "проявляет в обычных условиях", "en": "shown in usual conditions"}},
    {"value": 4, "word": {"ru": "проявляет в сложных условиях", "en": "shown in difficult conditions"}},
    {"value": 5, "word": {"ru": "служит примером, учит других", "en": "a model to others, teaches them"}},
]
"""The words a new model starts with; its designer may change them."""

CODE = re.compile(r"[A-ZА-Я][A-ZА-Я0-9]{0,9}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,38}")


class CodeTaken(Refused):
    code = "code_taken"
    texts = {
        "ru": "Код «{code}» уже занят или был занят раньше. Выберите другой: по коду узнают старые оценки.",
        "en": "The code “{code}” is taken or was taken before. Choose another: old scores are known by it.",
    }


def read_text(text: LangText, what: dict[str, str]) -> LangText:
    """A text in both languages without stray spaces; one language is enough to begin with."""
    clean = {language: " ".join(text.get(language, "").split()) for language in LANGUAGES}
    longest = max(len(part) for part in clean.values())
    if not any(clean.values()) or longest > MAX_TEXT:
        raise InvalidInput(
            what={
                "ru": f"{what['ru']}: напишите текст хотя бы на одном языке, до {MAX_TEXT} знаков.",
                "en": f"{what['en']}: write the text in one language at least, up to {MAX_TEXT} characters.",
            }
        )
    return clean


def read_code(code: str) -> str:
    """A code of letters and digits, in capitals."""
    clean = code.strip().upper()
    if not CODE.fullmatch(clean):
        raise InvalidInput(
            what={
                "ru": f"Код «{code.strip()[:20]}»: нужны заглавная буква и до девяти букв или цифр, например C9.",
                "en": f"The code “{code.strip()[:20]}” needs a capital letter and up to nine letters or digits, such as C9.",
            }
        )
    return clean


def codes_ever(identity: Identity, kind: str) -> set[str]:
    """Codes of a kind of piece in any release and in any change of the draft: none of them is given out again."""
    found = set(Part.objects.filter(release__identity=identity, kind=kind).values_list("code", flat=True))
    paths = DraftChange.objects.filter(identity=identity, path__startswith=f"{kind}/").values_list(
        "path", flat=True
    )
    return found | {path.split("/")[1] for path in paths}


def next_code(taken: set[str], stem: str) -> str:
    """The stem with the number after the highest one ever used."""
    numbers = [
        int(code[len(stem) :]) for code in taken if code.startswith(stem) and code[len(stem) :].isdigit()
    ]
    return f"{stem}{max(numbers, default=0) + 1}"


@transaction.atomic
def create_framework(*, actor: Actor, project: Project, slug: str, name: LangText, at: datetime) -> Framework:
    """An empty draft with a scale of five words; its address is never that of another model."""
    require(actor, project.id, "edit_model")
    clean = slug.strip().lower()
    if not SLUG.fullmatch(clean):
        raise InvalidInput(
            what={
                "ru": f"Адрес «{clean[:40]}»: нужны латинские строчные буквы, цифры и дефис, от 2 до 39 знаков.",
                "en": f"The address “{clean[:40]}” needs lower-case Latin letters, digits and hyphens, 2 to 39 of them.",
            }
        )
    if Identity.objects.filter(project=project, kind="framework", slug=clean).exists():
        raise CodeTaken(code=clean)
    text = read_text(name, {"ru": "Название модели", "en": "Name of the model"})
    document = FrameworkDocument(code=clean, name=text, scale=[], clusters=[], competencies=[], profiles=[])
    draft = lay_out_framework(actor=actor, project=project, document=document, at=at)
    draft.scale = SCALE
    draft.save(update_fields=["scale"])
    return draft


# ---------------------------------------------------------------------------------------- pieces as documents


def _competency_piece(row: Competency) -> dict[str, Any]:
    return {
        "ordinal": row.ordinal, "name": row.name, "short": row.short, "definition": row.definition, "knowledge": row.knowledge,
        "development": row.development, "trainable": row.trainable,
        "levels": [{"value": level.value, "anchor": level.anchor} for level in row.levels.order_by("value")],
        "indicators": [{"code": i.code, **_indicator_piece(i)} for i in row.indicators.order_by("ordinal")],
        "targets": {
            t.profile.role: {"target": t.target, "minimum": t.minimum, "weight": t.weight}
            for t in row.targets.select_related("profile")
        },
        "cluster": next((c["code"] for c in row.framework.clusters if row.code in c["competencies"]), ""),
    }  # fmt: skip


def _indicator_piece(row: Indicator) -> dict[str, Any]:
    return {"competency": row.competency.code, "ordinal": row.ordinal, "text": row.text, "short": row.short}


def _profile_piece(row: RoleProfile) -> dict[str, Any]:
    return {
        "ordinal": row.ordinal, "name": row.name, "short": row.short, "composite_cut": row.composite_cut,
        "targets": {
            t.competency.code: {"target": t.target, "minimum": t.minimum, "weight": t.weight}
            for t in row.targets.select_related("competency")
        },
    }  # fmt: skip


def piece_at(draft: Framework, path: str) -> dict[str, Any] | None:
    """The piece at "competency/C3", "indicator/C3.2" or "profile/R3" as plain data; None where there is none."""
    kind, _, code = path.partition("/")
    if kind == "competency":
        competency = draft.competencies.filter(code=code).first()
        return _competency_piece(competency) if competency else None
    if kind == "indicator":
        indicator = (
            Indicator.objects.filter(competency__framework=draft, code=code)
            .select_related("competency")
            .first()
        )
        return _indicator_piece(indicator) if indicator else None
    if kind == "profile":
        profile = draft.profiles.filter(role=code).first()
        return _profile_piece(profile) if profile else None
    raise NotFound(what=path)


def _put_competency(draft: Framework, code: str, piece: dict[str, Any]) -> None:
    row = Competency.objects.create(
        framework=draft, ordinal=piece["ordinal"], code=code,
        **{name: piece[name] for name in ("name", "short", "definition", "knowledge", "development", "trainable")},
    )  # fmt: skip
    Level.objects.bulk_create(Level(competency=row, **level) for level in piece["levels"])
    for indicator in piece["indicators"]:
        _put_indicator(draft, indicator["code"], indicator)
    for profile in draft.profiles.all():
        # A profile that has not heard of the competency asks for little and counts nothing until somebody decides.
        numbers = piece["targets"].get(profile.role, {"target": 3.0, "minimum": 2.0, "weight": 0.0})
        Target.objects.create(profile=profile, competency=row, **numbers)
    for cluster in draft.clusters:
        if cluster["code"] == piece["cluster"]:
            cluster["competencies"] = [*cluster["competencies"], code]
    draft.save(update_fields=["clusters"])


def _put_indicator(draft: Framework, code: str, piece: dict[str, Any]) -> None:
    home = draft.competencies.filter(code=piece["competency"]).first()
    if home is None:
        raise NotFound(what=f"competency/{piece['competency']}")
    Indicator.objects.create(
        competency=home, code=code, ordinal=piece["ordinal"], text=piece["text"], short=piece["short"]
    )


def _put_profile(draft: Framework, role: str, piece: dict[str, Any]) -> None:
    row = RoleProfile.objects.create(
        framework=draft, role=role, **{n: piece[n] for n in ("ordinal", "name", "short", "composite_cut")}
    )
    for competency in draft.competencies.all():
        numbers = piece["targets"].get(competency.code, {"target": 3.0, "minimum": 2.0, "weight": 0.0})
        Target.objects.create(profile=row, competency=competency, **numbers)


_PUT = {"competency": _put_competency, "indicator": _put_indicator, "profile": _put_profile}


def _take_out(draft: Framework, path: str) -> None:
    kind, _, code = path.partition("/")
    if kind == "competency":
        draft.competencies.filter(code=code).delete()
        for cluster in draft.clusters:
            cluster["competencies"] = [c for c in cluster["competencies"] if c != code]
        draft.save(update_fields=["clusters"])
    elif kind == "indicator":
        Indicator.objects.filter(competency__framework=draft, code=code).delete()
    else:
        draft.profiles.filter(role=code).delete()


@transaction.atomic
def put_piece(
    *, actor: Actor, draft: Framework, path: str, piece: dict[str, Any] | None, at: datetime
) -> bool:
    """Make the piece at a path be what is given, or be gone (None). Undo of both is the same with the other document."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    was = piece_at(draft, path)
    if (was is None) == (piece is None):
        return False
    if piece is None:
        _take_out(draft, path)
    else:
        kind, _, code = path.partition("/")
        _PUT[kind](draft, code, piece)
    touch(draft, path, was, piece, actor, at)
    return True


@transaction.atomic
def add_competency(
    *, actor: Actor, draft: Framework, name: LangText, definition: LangText, code: str = "", cluster: str = "", at: datetime
) -> str:  # fmt: skip
    """A competency with five empty levels, at the end; returns its code."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    text = read_text(name, {"ru": "Название компетенции", "en": "Name of the competency"})
    taken = codes_ever(draft.identity, "competency") | set(draft.competencies.values_list("code", flat=True))
    chosen = read_code(code) if code.strip() else next_code(taken, "C")
    if chosen in taken:
        raise CodeTaken(code=chosen)
    if len(taken) >= MOST_PIECES:
        raise InvalidInput(
            what={"ru": f"Компетенций больше {MOST_PIECES}.", "en": f"More than {MOST_PIECES} competencies."}
        )
    last = draft.competencies.order_by("-ordinal").first()
    empty = dict.fromkeys(LANGUAGES, "")
    piece = {
        "ordinal": last.ordinal + 1 if last else 0, "name": text, "short": {k: v[:18].strip() for k, v in text.items()},
        "definition": {k: " ".join(definition.get(k, "").split())[:MAX_TEXT] for k in LANGUAGES}, "knowledge": empty,
        "development": empty, "trainable": True, "levels": [{"value": n, "anchor": empty} for n in range(1, 6)],
        "indicators": [], "targets": {}, "cluster": cluster,
    }  # fmt: skip
    put_piece(actor=actor, draft=draft, path=f"competency/{chosen}", piece=piece, at=at)
    return chosen


@transaction.atomic
def add_indicator(
    *, actor: Actor, draft: Framework, competency: str, text: LangText, short: LangText, at: datetime
) -> str:
    """An indicator at the end of a competency; returns its code, one that was never used before."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    home = draft.competencies.filter(code=competency).first()
    if home is None:
        raise NotFound(what=f"competency/{competency}")
    words = read_text(text, {"ru": "Индикатор", "en": "Indicator"})
    taken = codes_ever(draft.identity, "indicator")
    taken |= set(Indicator.objects.filter(competency__framework=draft).values_list("code", flat=True))
    for path, was in DraftChange.objects.filter(
        identity=draft.identity, path=f"competency/{competency}"
    ).values_list("path", "before"):
        taken |= {i["code"] for i in was["indicators"]} if path and isinstance(was, dict) else set()
    code = next_code(taken, f"{competency}.")
    last = home.indicators.order_by("-ordinal").first()
    piece = {
        "competency": competency, "ordinal": last.ordinal + 1 if last else 0, "text": words,
        "short": {k: " ".join((short.get(k) or " ".join(words[k].split()[:3])).split())[:60].rstrip(",.;:") for k in LANGUAGES},
    }  # fmt: skip
    put_piece(actor=actor, draft=draft, path=f"indicator/{code}", piece=piece, at=at)
    return code


@transaction.atomic
def add_profile(
    *, actor: Actor, draft: Framework, role: str, name: LangText, short: LangText, at: datetime
) -> str:
    """A profile of a role: target 3, minimum 2 and equal weights, until the panel has set them."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    code = read_code(role)
    if draft.profiles.filter(role=code).exists():
        raise CodeTaken(code=code)
    text = read_text(name, {"ru": "Название роли", "en": "Name of the role"})
    last = draft.profiles.order_by("-ordinal").first()
    competencies = list(draft.competencies.order_by("ordinal").values_list("code", flat=True))
    piece = {
        "ordinal": last.ordinal + 1 if last else 0, "name": text,
        "short": {k: " ".join((short.get(k) or text[k]).split())[:40] for k in LANGUAGES}, "composite_cut": None,
        "targets": {c: {"target": 3.0, "minimum": 2.0, "weight": w} for c, w in zip(competencies, equal_weights(len(competencies)), strict=True)},
    }  # fmt: skip
    put_piece(actor=actor, draft=draft, path=f"profile/{code}", piece=piece, at=at)
    return code


def equal_weights(n: int) -> list[float]:
    """n shares in hundredths that add up to 1; the first take what does not divide."""
    if n == 0:
        return []
    base, rest = divmod(100, n)
    return [round((base + (k < rest)) / 100, 2) for k in range(n)]


@transaction.atomic
def move_piece(*, actor: Actor, draft: Framework, path: str, place: int, at: datetime) -> bool:
    """Put a piece at a place (from 0) among its like."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    kind, _, code = path.partition("/")
    rows: Sequence[Any]
    if kind == "competency":
        rows = list(draft.competencies.order_by("ordinal"))
    elif kind == "profile":
        rows = list(draft.profiles.order_by("ordinal"))
    elif kind == "indicator":
        home = (
            Indicator.objects.filter(competency__framework=draft, code=code)
            .select_related("competency")
            .first()
        )
        rows = list(home.competency.indicators.order_by("ordinal")) if home else []
    else:
        raise NotFound(what=path)
    key = "role" if kind == "profile" else "code"
    was = next((n for n, row in enumerate(rows) if getattr(row, key) == code), None)
    if was is None:
        raise NotFound(what=path)
    place = min(max(place, 0), len(rows) - 1)
    if place == was:
        return False
    others = [row for row in rows if getattr(row, key) != code]
    rows = [*others[:place], rows[was], *others[place:]]
    for ordinal, row in enumerate(rows):
        if row.ordinal != ordinal:
            row.ordinal = ordinal
            row.save(update_fields=["ordinal"])
    touch(draft, f"order/{path}", was, place, actor, at)
    return True


@transaction.atomic
def set_clusters(
    *, actor: Actor, draft: Framework, clusters: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]] | None = None, at: datetime
) -> bool:  # fmt: skip
    """The groups of the model, whole: [{code, name, competencies}]; each competency stands in at most one."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    known = set(draft.competencies.values_list("code", flat=True))
    rows = [
        {"code": read_code(c["code"]), "name": read_text(c["name"], {"ru": "Название группы", "en": "Name of the group"}),
         "competencies": [str(x) for x in c["competencies"]]}
        for c in clusters
    ]  # fmt: skip
    members = [code for row in rows for code in row["competencies"]]
    codes = [row["code"] for row in rows]
    if len(set(members)) != len(members) or not set(members) <= known or len(set(codes)) != len(codes):
        raise InvalidInput(
            what={
                "ru": "Компетенция может стоять только в одной группе, а код группы не должен повторяться.",
                "en": "A competency may stand in one group only, and no code of a group may repeat.",
            }
        )
    if draft.clusters == rows:
        return False
    if before is not None and draft.clusters != list(before):
        raise EditConflict(theirs=cluster_words(draft.clusters), mine=cluster_words(rows))
    was, draft.clusters = draft.clusters, rows
    draft.save(update_fields=["clusters"])
    touch(draft, "clusters", was, rows, actor, at)
    return True


def cluster_words(clusters: Sequence[dict[str, Any]]) -> str:
    """Groups in a line: "B: C1, C2; K: C3"."""
    return "; ".join(f"{c['code']}: {', '.join(c['competencies'])}" for c in clusters) or "–"


@transaction.atomic
def set_trainable(*, actor: Actor, draft: Framework, competency: str, trainable: bool, at: datetime) -> bool:
    """Whether the competency grows within 6 to 12 months; development instead of refusal hangs on it."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    row = draft.competencies.filter(code=competency).first()
    if row is None:
        raise NotFound(what=f"competency/{competency}")
    if row.trainable == trainable:
        return False
    row.trainable = trainable
    row.save(update_fields=["trainable"])
    touch(draft, f"trainable/{competency}", not trainable, trainable, actor, at)
    return True
