"""The composite and the clusters: what the battery can carry (SCORING B5)."""

from __future__ import annotations

from dataclasses import dataclass

from kamerton.apps.decisions.models import FitResult
from kamerton.apps.decisions.reasons import decimal
from kamerton.apps.frameworks.documents import FrameworkDocument, RoleProfile
from kamerton.apps.reporting import report_texts as texts
from kamerton.values.texts import in_language


@dataclass(frozen=True, slots=True)
class Headline:
    """The composite or a cluster: what the battery can carry."""

    code: str
    name: str
    value: float
    se: float
    text: str
    error: str
    target: float
    wall: float | None
    remark: str


def headlines_of(
    fit: FitResult, framework: FrameworkDocument, profile: RoleProfile, cut: float, language: str
) -> list[Headline]:
    targets = {target.competency: target for target in profile.targets}
    found: list[Headline] = []
    if fit.composite is not None and fit.composite_se is not None:
        target = sum(t.weight * t.target for t in profile.targets)
        by = decimal(abs(fit.composite - cut), 2, language)
        at_line = texts.composite(fit.composite, language) == texts.composite(cut, language)
        above = fit.composite > cut
        remark = (
            texts.say(language, "на линии порога", "at the line of the cut")
            if at_line
            else texts.say(
                language,
                f"{'выше' if above else 'ниже'} порога на {by}",
                f"{by} {'above' if above else 'below'} the cut",
            )
        )
        found.append(
            Headline(
                "composite",
                texts.say(language, "Общий балл", "Composite"),
                fit.composite,
                fit.composite_se,
                texts.composite(fit.composite, language),
                texts.error(fit.composite_se, language, 2),
                target,
                cut,
                remark,
            )
        )
    clusters = fit.details.get("clusters") or {}
    for cluster in framework.clusters:
        row = clusters.get(cluster.code) or clusters.get(f"cluster:{cluster.code}")
        inside = [targets[c] for c in cluster.competencies if c in targets]
        weight = sum(t.weight for t in inside)
        if not row or row.get("value") is None or not weight:
            continue
        target = sum(t.weight * t.target for t in inside) / weight
        value, se = float(row["value"]), float(row["se"])
        found.append(
            Headline(
                cluster.code,
                in_language(cluster.name, language),
                value,
                se,
                texts.level(value, language),
                texts.error(se, language),
                target,
                None,
                texts.to_target(value, target, language),
            )
        )
    return found
