"""The page of a person against a role: profile, why of every number, evidence, proposal, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kamerton.apps.decisions import queries, rules
from kamerton.apps.decisions.models import Decision, FitResult
from kamerton.apps.decisions.reasons import probability, reason_sentence
from kamerton.apps.frameworks.documents import Competency, FrameworkDocument
from kamerton.apps.people import queries as people
from kamerton.apps.people.models import Person
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.reporting.models import ReportIssue
from kamerton.apps.results.models import Score
from kamerton.values.texts import in_language

from .cells import (
    Cell,
    Head,
    cell_of,
    competency_of,
    composite_cut_of,
    cuts_of,
    heads_of,
    profile_of,
    to_target,
)
from .evidence import Chain, EvidenceRow, evidence_of, instrument_names
from .headlines import Headline, headlines_of
from .runs import RunFacts, run_facts

CONSENT_WORDS = {
    "selection": {"ru": "согласие: отбор", "en": "consent: selection"},
    "development": {"ru": "согласие: развитие", "en": "consent: development"},
    "self": {"ru": "согласие: для себя", "en": "consent: for oneself"},
}


@dataclass(frozen=True, slots=True)
class ProfileRow:
    cell: Cell
    error: str
    n: int
    level_word: str
    remark: str
    is_short: bool
    chain: Chain


@dataclass(frozen=True, slots=True)
class Said:
    """A strength or a gap in the words of the model's anchors."""

    name: str
    text: str
    anchor: str
    """The behaviour at the level reached."""
    ahead: str
    """The behaviour one level up."""
    development: str


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the probability strip."""

    code: str
    word: str
    p: float
    text: str


@dataclass(frozen=True, slots=True)
class OtherRole:
    role: str
    name: str
    p: float | None
    """None where the evidence does not reach for that role."""
    text: str
    is_suggested: bool


@dataclass(frozen=True, slots=True)
class DecisionRow:
    id: UUID
    outcome: str
    outcome_word: str
    role_name: str
    reason: str
    by: str
    at: str
    run_number: int
    is_against: bool
    standing: str
    stands: str


@dataclass(frozen=True, slots=True)
class IssueRow:
    number: str
    language: str
    audience: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class PersonPage:
    fit: FitResult
    person_id: UUID
    name: str
    short_name: str
    is_outside: bool
    facts: list[str]
    role: str
    role_name: str
    role_short: str
    run: RunFacts
    heads: list[Head]
    headlines: list[Headline]
    rows: list[ProfileRow]
    strengths: list[Said]
    gaps: list[Said]
    develop: list[Said]
    profile_sentence: str
    difference: str
    evidence: list[EvidenceRow]
    category: str
    category_word: str
    proposed: str
    proposed_word: str
    probability: str
    chance: str
    composite_sentence: str
    shares: list[Share]
    reasons: list[str]
    settle: list[str]
    stability: str
    other_roles: list[OtherRole]
    decisions: list[DecisionRow]
    reports: list[IssueRow]
    who_sees: str
    appeal: str
    retention: str
    scale_words: dict[int, str]

    @property
    def chains(self) -> list[Chain]:
        return [row.chain for row in self.rows]


def person_page(project: Project, role: str, person_id: UUID, language: str) -> PersonPage:
    run = queries.current_run(project.id, role)
    if run is None:
        raise NotFound(what={"ru": f"расчёт по роли {role}", "en": f"a run for the role {role}"})
    return page_of_fit(queries.fit_of(run, person_id), project, language)


def page_of_fit(fit: FitResult, project: Project, language: str) -> PersonPage:
    """The page of one fit, be it of the newest run or of the run a decided case keeps."""
    run = fit.run
    role = queries.role_of(run)
    person: Person = fit.subject.person  # type: ignore[assignment]
    framework = document_of(fit.profile.release, FrameworkDocument)
    procedure = document_of(fit.procedure, ProcedureDocument)
    profile = profile_of(framework, role)
    heads = heads_of(framework, profile, cuts_of(fit), language)
    scores = list(Score.objects.filter(run=run, subject_id=fit.subject_id).order_by("id"))
    combined = {score.code: score for score in scores if score.source == "combined"}
    evidence = evidence_of(
        project=project, run=run, participation=fit.participation, procedure=procedure, scores=scores, heads=heads,
        language=language,
    )  # fmt: skip
    rows = [
        _profile_row(head, combined.get(head.code), evidence.chains[head.code], framework, language)
        for head in heads
    ]
    told = _differences(fit)
    names = _names(framework, procedure, language)
    cut = float(fit.details.get("composite_cut") or composite_cut_of(profile))
    said = {row.cell.head.code: _said(row, framework, language) for row in rows if row.cell.has_value}
    return PersonPage(
        fit=fit,
        person_id=person.id,
        name=people.full_name(person, language),
        short_name=people.short_name(person, language),
        is_outside=person.is_outside,
        facts=_facts(person, fit, project, language),
        role=role,
        role_name=in_language(profile.name, language),
        role_short=in_language(profile.short, language),
        run=run_facts(run, project, language),
        heads=heads,
        headlines=headlines_of(fit, framework, profile, cut, language),
        rows=rows,
        strengths=[said[code] for code in told.strengths if code in said][:3],
        gaps=[said[code] for code in told.gaps if code in said][:3],
        develop=[said[code] for code in _to_develop(rows, told, framework)],
        profile_sentence=texts.profile_sentence(
            [names[c] for c in told.strengths[:3]], [names[c] for c in told.gaps[:3]], language
        ),
        difference=texts.level(told.threshold, language) if told.threshold == told.threshold else "",
        evidence=evidence.rows,
        category=fit.category,
        category_word=texts.category_word(fit.category, language),
        proposed=rules.proposed_outcome(fit.category),
        proposed_word=in_language(rules.OUTCOME_WORDS[rules.proposed_outcome(fit.category)], language),
        probability=probability(fit.probability_a, language) if fit.probability_a is not None else "",
        chance=texts.chance_sentence(fit.probability_a, language) if fit.probability_a is not None else "",
        composite_sentence=texts.composite_sentence(fit.composite, fit.composite_se or 0.0, cut, language)
        if fit.composite is not None
        else "",
        shares=_shares(fit, language),
        reasons=[reason_sentence(reason, language, names) for reason in fit.reasons],
        settle=[
            f"{names.get(row['competency'], row['competency'])}: {names.get(row['instrument'], row['instrument'])}"
            for row in fit.details.get("settle") or []
        ],
        stability=probability(fit.stability, language) if fit.stability is not None else "",
        other_roles=_other_roles(fit, names, language),
        decisions=[
            _decision_row(d, fit, names, project, language) for d in queries.decisions_about(person.id, role)
        ],
        reports=_issues(fit, project, language),
        who_sees=in_language(procedure.texts.who_sees, language),
        appeal=in_language(procedure.texts.appeal, language),
        retention=in_language(procedure.texts.retention, language),
        scale_words={step.value: in_language(step.word, language) for step in framework.scale},
    )


def _names(framework: FrameworkDocument, procedure: ProcedureDocument, language: str) -> dict[str, str]:
    """Words for every code a reason may carry."""
    names = {c.code: in_language(c.short, language) for c in framework.competencies}
    names |= {p.role: in_language(p.name, language) for p in framework.profiles}
    return names | instrument_names(procedure, language)


def _facts(person: Person, fit: FitResult, project: Project, language: str) -> list[str]:
    unit, title = people.unit_and_title(person, language)
    campaign = fit.participation.campaign
    first = texts.moment(campaign.opens_at, project.zone, language).split(",")[0]
    last = texts.moment(campaign.closes_at, project.zone, language).split(",")[0]
    facts = [", ".join(part for part in (title, unit) if part)]
    if person.is_outside:
        facts = [texts.say(language, "внешний кандидат", "outside candidate")]
    facts.append(f"{in_language(campaign.name, language)}, {first}–{last}")
    facts.append(in_language(CONSENT_WORDS[campaign.purpose], language))
    return [fact for fact in facts if fact]


def _profile_row(
    head: Head, score: Score | None, chain: Chain, framework: FrameworkDocument, language: str
) -> ProfileRow:
    cell = cell_of(head, score, language)
    word, remark = "", ""
    if cell.value is not None and cell.se is not None:
        words = {step.value: in_language(step.word, language) for step in framework.scale}
        if cell.shown == "number":
            word = words.get(rules.level_of(cell.value), "")
        else:
            word = texts.say(language, "уровни", "levels") + f" {cell.text}"
        remark = texts.minimum_words(cell.mark, language) or to_target(head, cell.shown, cell.value, language)
    return ProfileRow(
        cell=cell,
        error=texts.error(cell.se, language) if cell.se is not None and cell.shown == "number" else "",
        n=score.n if score else 0,
        level_word=word or cell.spoken,
        remark=remark,
        is_short=cell.mark == "below",
        chain=chain,
    )


def _differences(fit: FitResult) -> rules.Differences:
    y = {str(code): float(value) for code, value in (fit.details.get("y") or {}).items() if value is not None}
    v = fit.details.get("V") or []
    codes = list(fit.details.get("y") or {})
    if len(v) != len(codes):
        return rules.Differences((), (), float("nan"))
    return rules.differences(y, codes, v)


def _said(row: ProfileRow, framework: FrameworkDocument, language: str) -> Said:
    competency: Competency = competency_of(framework, row.cell.head.code)
    reached = rules.level_of(row.cell.value or 1.0)
    anchors = {level.value: in_language(level.anchor, language) for level in competency.levels}
    return Said(
        name=row.cell.head.name,
        text=row.cell.text,
        anchor=anchors.get(reached, ""),
        ahead=anchors.get(reached + 1, ""),
        development=in_language(competency.development, language),
    )


def _to_develop(rows: list[ProfileRow], told: rules.Differences, framework: FrameworkDocument) -> list[str]:
    """At most two goals (the rule of the plan): named gaps first, then what lies farthest below its target."""
    trainable = {c.code for c in framework.competencies if c.trainable}
    short = sorted(
        (row.cell.value - row.cell.head.target, row.cell.head.code)
        for row in rows
        if row.cell.has_value and row.cell.value is not None and row.cell.value < row.cell.head.target
    )
    known = {code for _, code in short}
    order = [code for code in told.gaps if code in known] + [
        code for _, code in short if code not in told.gaps
    ]
    return [code for code in order if code in trainable][:2]


def _shares(fit: FitResult, language: str) -> list[Share]:
    """A, B, C, D as parts of one bar, largest first."""
    words = {"A": "ready", "B": "developing", "C": "other_role", "D": "not_now"}
    shares = [
        Share(
            words[key], texts.category_word(words[key], language), float(p), probability(float(p), language)
        )
        for key in words
        if (p := (fit.probabilities or {}).get(key)) is not None
    ]
    return sorted(shares, key=lambda share: -share.p)


def _other_roles(fit: FitResult, names: dict[str, str], language: str) -> list[OtherRole]:
    rows = [
        OtherRole(
            row["role"],
            names.get(row["role"], row["role"]),
            row["p"],
            texts.say(language, "нет данных", "no data")
            if row["p"] is None
            else probability(row["p"], language),
            row["role"] == fit.suggested_role,
        )
        for row in fit.other_roles or []
    ]
    return sorted(rows, key=lambda row: -1.0 if row.p is None else row.p, reverse=True)


def _decision_row(
    decision: Decision, fit: FitResult, names: dict[str, str], project: Project, language: str
) -> DecisionRow:
    stands = queries.standing_of(decision, fit)
    return DecisionRow(
        id=decision.id,
        outcome=decision.outcome,
        outcome_word=in_language(rules.OUTCOME_WORDS[decision.outcome], language),
        role_name=names.get(decision.role, decision.role),
        reason=decision.reason,
        by=decision.actor_name,
        at=texts.moment(decision.at, project.zone, language),
        run_number=decision.fit.run.number,
        is_against=decision.outcome != decision.proposed,
        standing=in_language(stands.text, language),
        stands=stands.kind,
    )


def _issues(fit: FitResult, project: Project, language: str) -> list[IssueRow]:
    issues = ReportIssue.objects.filter(
        project=project, fit__subject_id=fit.subject_id, fit__run__campaign_group=fit.run.campaign_group
    ).defer("document")
    return [
        IssueRow(
            issue.number,
            issue.language,
            issue.audience,
            texts.moment(issue.at, project.zone, language),
            issue.actor_name,
        )
        for issue in issues.order_by("-at", "-number")
    ]
