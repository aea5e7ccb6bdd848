"""A competency of one person as a page shows it: cell of the heatmap, row of the profile."""

from __future__ import annotations

from dataclasses import dataclass

from kamerton.apps.decisions import rules
from kamerton.apps.decisions.models import FitResult
from kamerton.apps.frameworks.documents import Competency, FrameworkDocument, RoleProfile
from kamerton.apps.records.errors import NotFound
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.results.models import Score
from kamerton.values.texts import in_language


@dataclass(frozen=True, slots=True)
class Head:
    """Head of a competency's column: what the role asks."""

    code: str
    short: str
    name: str
    target: float
    minimum: float
    cut: float
    target_text: str
    minimum_text: str


@dataclass(frozen=True, slots=True)
class Cell:
    head: Head
    shown: rules.Shown
    text: str
    """What stands in the cell: "3,4", "2–3", "н/о"."""
    value: float | None
    se: float | None
    step: str
    """n3 … p2, or "no" where nothing may be shown."""
    mark: rules.Mark
    spoken: str
    """For those who do not see colours and marks."""

    @property
    def has_value(self) -> bool:
        return self.shown in {"number", "band"}


def short_number(value: float, language: str) -> str:
    return str(int(value)) if value == int(value) else texts.level(value, language)


def profile_of(framework: FrameworkDocument, role: str) -> RoleProfile:
    for profile in framework.profiles:
        if profile.role == role:
            return profile
    raise NotFound(what={"ru": f"профиль роли {role}", "en": f"profile of the role {role}"})


def heads_of(
    framework: FrameworkDocument, profile: RoleProfile, cuts: dict[str, float], language: str
) -> list[Head]:
    """Competencies of the role in the framework's order; `cuts` of the run rule, else minimum − 0.5."""
    targets = {target.competency: target for target in profile.targets}
    heads: list[Head] = []
    for competency in framework.competencies:
        target = targets.get(competency.code)
        if target is None:
            continue
        heads.append(
            Head(
                code=competency.code,
                short=in_language(competency.short, language),
                name=in_language(competency.name, language),
                target=target.target,
                minimum=target.minimum,
                cut=cuts.get(competency.code, target.minimum - 0.5),
                target_text=short_number(target.target, language),
                minimum_text=short_number(target.minimum, language),
            )
        )
    return heads


def composite_cut_of(profile: RoleProfile) -> float:
    if profile.composite_cut is not None:
        return profile.composite_cut
    return sum(target.weight * target.target for target in profile.targets) - 0.5


def cuts_of(fit: FitResult | None) -> dict[str, float]:
    return {str(k): float(v) for k, v in (fit.details.get("cuts") or {}).items()} if fit else {}


def competency_of(framework: FrameworkDocument, code: str) -> Competency:
    return next(c for c in framework.competencies if c.code == code)


def to_target(head: Head, shown: str, value: float, language: str) -> str:
    """Distance to the target where a number may be said; beside a band the target alone."""
    if shown == "band":
        return texts.say(language, f"цель {head.target_text}", f"target {head.target_text}")
    return texts.to_target(value, head.target, language)


def block_text(value: float, se: float, reliability: float | None, language: str) -> str:
    """A block of a test: a number only from a reliability of .70 on, otherwise its levels (SCORING A1.7)."""
    if reliability is not None and reliability >= 0.70:
        return texts.level(value, language)
    return texts.band(*rules.band_of(value, se))


def cell_of(head: Head, score: Score | None, language: str) -> Cell:
    value = score.value if score else None
    se = score.se if score else None
    flags = score.flags if score else ["not_measured"]
    shown = rules.how_to_show(value, score.reliability if score else None, flags)
    if value is None or se is None or shown in {"not_observed", "too_little"}:
        nothing = shown == "not_observed"
        text = texts.say(language, "н/о", "n/o") if nothing else texts.say(language, "мало", "few")
        spoken = texts.flag_text("not_measured" if nothing else "insufficient", language)
        return Cell(head, shown, text, None, None, "no", "", spoken)
    mark = rules.mark_of(value, se, head.cut)
    text = texts.level(value, language) if shown == "number" else texts.band(*rules.band_of(value, se))
    said = [
        f"{text} {texts.error(se, language)}" if shown == "number" else text,
        to_target(head, shown, value, language),
    ]
    if mark:
        said.append(texts.minimum_words(mark, language))
    return Cell(head, shown, text, value, se, rules.heat_step(value, head.target), mark, ", ".join(said))
