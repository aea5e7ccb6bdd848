"""Rules of a competency framework and differences of two of them, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.values.texts import LangText

LANGUAGES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class RuleBreach:
    code: str
    where: str
    texts: dict[str, str]


def _breach(code: str, where: str, ru: str, en: str) -> RuleBreach:
    return RuleBreach(code, where, {"ru": f"{where}: {ru}", "en": f"{where}: {en}"})


def breaches(document: FrameworkDocument) -> list[RuleBreach]:
    """Everything that stands in the way of publishing."""
    found: list[RuleBreach] = []
    if sorted(level.value for level in document.scale) != [1, 2, 3, 4, 5]:
        found.append(
            _breach(
                "scale", "шкала / scale", "нужны пять уровней от 1 до 5", "five levels from 1 to 5 are needed"
            )
        )
    codes = [c.code for c in document.competencies]
    if not codes:
        found.append(
            _breach(
                "empty", document.code, "в модели нет ни одной компетенции", "the model has no competency"
            )
        )
    if len(set(codes)) != len(codes):
        found.append(
            _breach("codes", document.code, "код компетенции повторяется", "a competency code repeats")
        )
    for c in document.competencies:
        if [level.value for level in c.levels] != [1, 2, 3, 4, 5]:
            found.append(
                _breach("levels", c.code, "нужны пять уровней с якорями", "five anchored levels are needed")
            )
        if not c.indicators:
            found.append(_breach("indicators", c.code, "нет ни одного индикатора", "there is no indicator"))
        texts = [(c.code, c.name), (c.code, c.definition)]
        texts += [(i.code, i.text) for i in c.indicators]
        texts += [(f"{c.code}, {level.value}", level.anchor) for level in c.levels]
        for where, text in texts:
            if any(not text.get(language) for language in LANGUAGES):
                found.append(
                    _breach(
                        "not_translated",
                        where,
                        "нет текста на одном из языков",
                        "the text is missing in one language",
                    )
                )
        anchors = [level.anchor.get("ru", "") for level in c.levels]
        if len(set(anchors)) != len(anchors):
            found.append(
                _breach(
                    "levels_do_not_grow",
                    c.code,
                    "два уровня описаны одинаково",
                    "two levels are worded the same",
                )
            )
    for profile in document.profiles:
        have = [t.competency for t in profile.targets]
        if sorted(have) != sorted(codes):
            found.append(
                _breach(
                    "profile_incomplete",
                    profile.role,
                    "профиль охватывает не все компетенции",
                    "the profile does not cover every competency",
                )
            )
        total = sum(t.weight for t in profile.targets)
        if abs(total - 1) > 1e-6:
            found.append(
                _breach(
                    "weights",
                    profile.role,
                    f"сумма весов {total:.2f}, должна быть 1",
                    f"the weights add up to {total:.2f}, they must add up to 1",
                )
            )
        for t in profile.targets:
            if not 1 <= t.minimum <= t.target <= 5:
                found.append(
                    _breach("targets", f"{profile.role}, {t.competency}",
                            f"минимум {t.minimum:g} и цель {t.target:g}: нужно 1, минимум, цель, 5 по возрастанию",
                            f"minimum {t.minimum:g} and target {t.target:g}: 1, minimum, target, 5 must rise")
                )  # fmt: skip
    members = [code for cluster in document.clusters for code in cluster.competencies]
    if document.clusters and sorted(members) != sorted(codes):
        found.append(
            _breach(
                "clusters",
                document.code,
                "группы должны делить все компетенции без остатка",
                "clusters must divide all competencies",
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of two documents, in words. `kind`: wording, number or structure."""

    path: str
    kind: str
    texts: dict[str, str]


def _number(value: float, language: str) -> str:
    text = f"{value:g}"
    return text.replace(".", ",") if language == "ru" else text


def differences(old: FrameworkDocument, new: FrameworkDocument) -> list[Change]:
    """What changed, in words: "level 3 of C5 reworded; minimum of C3 for KAM was 3, now 4"."""
    found: list[Change] = []
    if old.name != new.name:
        found.append(
            Change("name", "wording", {"ru": "Название модели изменено", "en": "The model was renamed"})
        )
    if old.scale != new.scale:
        found.append(
            Change("scale", "wording", {"ru": "Слова шкалы изменены", "en": "The words of the scale changed"})
        )
    if old.clusters != new.clusters:
        found.append(
            Change(
                "clusters", "structure", {"ru": "Группы компетенций изменены", "en": "The clusters changed"}
            )
        )
    old_c, new_c = {c.code: c for c in old.competencies}, {c.code: c for c in new.competencies}
    found += [
        Change(code, "structure", {"ru": f"Добавлена компетенция {code}", "en": f"Competency {code} added"})
        for code in new_c
        if code not in old_c
    ]
    found += [
        Change(code, "structure", {"ru": f"Убрана компетенция {code}", "en": f"Competency {code} removed"})
        for code in old_c
        if code not in new_c
    ]
    words = {"name": ("название", "the name"), "short": ("краткое название", "the short name"), "definition": ("определение", "the definition"),
             "knowledge": ("знания", "the knowledge"), "development": ("первый шаг развития", "the development step")}  # fmt: skip
    for code, c in new_c.items():
        was = old_c.get(code)
        if was is None:
            continue
        for name, (ru, en) in words.items():
            if getattr(was, name) != getattr(c, name):
                found.append(
                    Change(
                        f"competency/{code}/{name}",
                        "wording",
                        {"ru": f"{code}: переписано поле «{ru}»", "en": f"{code}: {en} reworded"},
                    )
                )
        if was.trainable != c.trainable:
            found.append(
                Change(
                    f"competency/{code}/trainable",
                    "number",
                    {
                        "ru": f"{code}: {'развивается' if c.trainable else 'не развивается'} за 6–12 месяцев",
                        "en": f"{code}: {'can' if c.trainable else 'cannot'} be developed in 6–12 months",
                    },
                )
            )
        before = {i.code: i for i in was.indicators}
        after = {i.code: i for i in c.indicators}
        for key in after:
            if key not in before:
                found.append(
                    Change(
                        f"indicator/{key}",
                        "structure",
                        {"ru": f"Добавлен индикатор {key}", "en": f"Indicator {key} added"},
                    )
                )
            elif before[key] != after[key]:
                found.append(
                    Change(
                        f"indicator/{key}",
                        "wording",
                        {"ru": f"Индикатор {key} переписан", "en": f"Indicator {key} reworded"},
                    )
                )
        found += [
            Change(
                f"indicator/{key}",
                "structure",
                {"ru": f"Убран индикатор {key}", "en": f"Indicator {key} removed"},
            )
            for key in before
            if key not in after
        ]
        for level_was, level in zip(was.levels, c.levels, strict=False):
            if level_was != level:
                found.append(
                    Change(
                        f"competency/{code}/level/{level.value}",
                        "wording",
                        {
                            "ru": f"Уровень {level.value} в {code} переписан",
                            "en": f"Level {level.value} of {code} reworded",
                        },
                    )
                )
    found += _profile_differences(old, new)
    return found


def _profile_differences(old: FrameworkDocument, new: FrameworkDocument) -> list[Change]:
    found: list[Change] = []
    before, after = {p.role: p for p in old.profiles}, {p.role: p for p in new.profiles}
    found += [
        Change(
            f"profile/{r}",
            "structure",
            {"ru": f"Добавлен профиль роли {r}", "en": f"Profile of role {r} added"},
        )
        for r in after
        if r not in before
    ]
    found += [
        Change(
            f"profile/{r}",
            "structure",
            {"ru": f"Убран профиль роли {r}", "en": f"Profile of role {r} removed"},
        )
        for r in before
        if r not in after
    ]
    words = {"target": ("Цель", "Target"), "minimum": ("Минимум", "Minimum"), "weight": ("Вес", "Weight")}
    for role, profile in after.items():
        was = before.get(role)
        if was is None:
            continue
        title = {lang: profile.short.get(lang) or role for lang in LANGUAGES}
        if was.composite_cut != profile.composite_cut:
            found.append(
                Change(
                    f"profile/{role}/composite_cut",
                    "number",
                    {
                        "ru": f"Порог общего балла для роли «{title['ru']}» изменён",
                        "en": f"Composite cut for {title['en']} changed",
                    },
                )
            )
        old_t = {t.competency: t for t in was.targets}
        for t in profile.targets:
            prior = old_t.get(t.competency)
            for name, (ru, en) in words.items():
                if prior is not None and getattr(prior, name) != getattr(t, name):
                    a, b = getattr(prior, name), getattr(t, name)
                    found.append(
                        Change(f"profile/{role}/target/{t.competency}/{name}", "number",
                               {"ru": f"{ru} {t.competency} для роли «{title['ru']}»: было {_number(a, 'ru')}, стало {_number(b, 'ru')}",
                                "en": f"{en} of {t.competency} for {title['en']}: was {_number(a, 'en')}, now {_number(b, 'en')}"})
                    )  # fmt: skip
    return found


def advised_kind(changes: list[Change]) -> str:
    """What the system advises: a changed number or structure is *scoring*; a reworded anchor at least *equivalent*."""
    if any(change.kind in {"number", "structure"} for change in changes):
        return "scoring"
    if any("/level/" in change.path or change.path.startswith("indicator/") for change in changes):
        return "equivalent"
    return "wording"


_FIELD_WORDS: dict[str, dict[str, str]] = {
    "name": {"ru": "название", "en": "name"},
    "short": {"ru": "краткое название", "en": "short name"},
    "definition": {"ru": "определение", "en": "definition"},
    "knowledge": {"ru": "знания", "en": "knowledge"},
    "development": {"ru": "шаг развития", "en": "development step"},
    "text": {"ru": "текст", "en": "text"},
    "target": {"ru": "цель", "en": "target"},
    "minimum": {"ru": "минимум", "en": "minimum"},
    "weight": {"ru": "вес", "en": "weight"},
}


_PIECES: dict[str, dict[str, str]] = {
    "competency": {"ru": "Компетенция", "en": "Competency"},
    "indicator": {"ru": "Индикатор", "en": "Indicator"},
    "profile": {"ru": "Профиль роли", "en": "Profile of role"},
}


def place_words(path: str) -> dict[str, str]:
    """An edit's path in words: "competency/C3/level/3/ru" → "C3, уровень 3 (RU)"."""
    steps = path.split("/")
    if path == "clusters":
        return {"ru": "Группы компетенций", "en": "Clusters"}
    if steps[0] == "order":
        return {"ru": f"{steps[2]}: место в списке", "en": f"{steps[2]}: place in the list"}
    if steps[0] == "trainable":
        return {
            "ru": f"{steps[1]}: развивается ли за год",
            "en": f"{steps[1]}: can it be developed in a year",
        }
    if len(steps) == 2 and steps[0] in _PIECES:
        return {lang: f"{_PIECES[steps[0]][lang]} {steps[1]}" for lang in LANGUAGES}
    tag = steps[-1].upper()
    if steps[0] == "profile" and len(steps) == 5:
        return {lang: f"{steps[1]}, {steps[3]}: {_FIELD_WORDS[steps[4]][lang]}" for lang in LANGUAGES}
    if steps[0] == "competency" and len(steps) == 5:
        return {
            "ru": f"{steps[1]}, уровень {steps[3]} ({tag})",
            "en": f"{steps[1]}, level {steps[3]} ({tag})",
        }
    if len(steps) == 4 and steps[2] in _FIELD_WORDS:
        return {lang: f"{steps[1]}, {_FIELD_WORDS[steps[2]][lang]} ({tag})" for lang in LANGUAGES}
    return {"ru": f"Название модели ({tag})", "en": f"Name of the model ({tag})"}


def text_at(document: FrameworkDocument, path: str) -> LangText | None:
    """The text a `Change` speaks of, or None where it is about numbers or structure."""
    steps = path.split("/")
    if path == "name":
        return document.name
    if steps[0] == "indicator":
        found = (i for c in document.competencies for i in c.indicators if i.code == steps[1])
        indicator = next(found, None)
        return indicator.text if indicator else None
    competency = next((c for c in document.competencies if len(steps) > 1 and c.code == steps[1]), None)
    if competency is None or steps[0] != "competency" or len(steps) < 3:
        return None
    if steps[2] == "level" and len(steps) == 4:
        return next((level.anchor for level in competency.levels if str(level.value) == steps[3]), None)
    text = getattr(competency, steps[2], None)
    return text if isinstance(text, dict) else None
