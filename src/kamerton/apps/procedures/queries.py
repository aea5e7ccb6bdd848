"""Reading released procedures with what they pin, the matrix with its checks, and where a competency is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from kamerton.apps.frameworks.documents import Competency, FrameworkDocument, RoleProfile
from kamerton.apps.instruments.queries import Instrument, instrument_of, instruments_in_force
from kamerton.apps.procedures import rules
from kamerton.apps.procedures.documents import CutRecord, ProcedureDocument, ProcedureInstrument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import document_of, latest_release, releases_in_force


@dataclass(frozen=True, slots=True)
class InstrumentOfProcedure:
    """A column of the matrix, with the release it pins (None: nothing released)."""

    column: ProcedureInstrument
    instrument: Instrument | None
    newer: int | None
    """Number of a later release in force that this procedure does not use."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A cut-score record with the knots of its blocks."""

    record: CutRecord
    blocks: tuple[rules.BlockKnots, ...]


@dataclass(frozen=True, slots=True)
class ProcedureView:
    """A released procedure, read with the releases it pins; nothing here is newer than what it measures with."""

    slug: str
    release: Release
    document: ProcedureDocument
    framework: FrameworkDocument | None
    framework_release: Release | None
    instruments: tuple[InstrumentOfProcedure, ...]
    checks: tuple[rules.Check, ...]

    @property
    def competencies(self) -> list[Competency]:
        return self.framework.competencies if self.framework else []

    @property
    def weights(self) -> dict[str, dict[str, int]]:
        """Competency → instrument → 2 (main) or 1 (second)."""
        table: dict[str, dict[str, int]] = {}
        for cell in self.document.matrix:
            table.setdefault(cell.competency, {})[cell.instrument] = cell.weight
        return table

    @property
    def coverage(self) -> rules.Coverage:
        return rules.coverage(self.document, [c.code for c in self.competencies])

    @property
    def total_minutes(self) -> int:
        return rules.total_minutes(self.document)

    @property
    def profile(self) -> RoleProfile | None:
        """The role profile the fit rule names."""
        profiles = self.framework.profiles if self.framework else []
        return next((p for p in profiles if p.role == self.document.fit_rule.role), None)

    @property
    def panels(self) -> list[Panel]:
        forms = {c.column.code: c.instrument.form for c in self.instruments if c.instrument}
        panels: list[Panel] = []
        for record in self.document.cuts:
            form = forms.get(record.instrument)
            panels.append(Panel(record, tuple(rules.block_knots(record, form.items)) if form else ()))
        return panels


def _pinned(project_id: UUID, documents: Iterable[ProcedureDocument]) -> dict[str, Release]:
    """Release id → release, for everything the documents pin inside the project."""
    ids = {value for document in documents for value in document.pins.values()}
    rows = Release.objects.filter(pk__in=ids, identity__project_id=project_id).select_related("identity")
    return {str(release.pk): release for release in rows}


def _views(project_id: UUID, releases: list[Release]) -> list[ProcedureView]:
    documents = [document_of(release, ProcedureDocument) for release in releases]
    pinned = _pinned(project_id, documents)
    in_force: dict[tuple[str, str], Instrument] = {
        (i.kind, i.slug): i for i in instruments_in_force(project_id)
    }
    return [
        _view(release, document, pinned, in_force)
        for release, document in zip(releases, documents, strict=True)
    ]


def _view(
    release: Release,
    document: ProcedureDocument,
    pinned: dict[str, Release],
    in_force: dict[tuple[str, str], Instrument],
) -> ProcedureView:
    framework_release = pinned.get(document.pins.get("framework", "")) or latest_release(
        release.identity.project_id, "framework", document.framework
    )
    framework = document_of(framework_release, FrameworkDocument) if framework_release else None
    columns: list[InstrumentOfProcedure] = []
    for column in document.instruments:
        latest = in_force.get((column.kind, column.slug))
        own = pinned.get(document.pins.get(column.code, ""))
        used = instrument_of(own) if own else latest
        is_newer = latest and used and latest.release.number > used.release.number
        columns.append(
            InstrumentOfProcedure(column, used, latest.release.number if latest and is_newer else None)
        )
    checks = rules.procedure_checks(
        document,
        [c.code for c in framework.competencies] if framework else [],
        incomplete=[c.column.code for c in columns if c.instrument and not c.instrument.is_complete],
        missing=[c.column.code for c in columns if c.instrument is None],
        measured={c.column.code: c.instrument.competencies for c in columns if c.instrument},
    )
    return ProcedureView(
        release.identity.slug, release, document, framework, framework_release, tuple(columns), tuple(checks)
    )  # fmt: skip


def procedures_in_force(project_id: UUID) -> list[ProcedureView]:
    """The newest release of each procedure, external lanes first."""
    views = _views(project_id, releases_in_force(project_id, "procedure"))
    return sorted(views, key=lambda view: (view.document.lane != "external", view.slug))


def procedure_by_slug(project_id: UUID, slug: str) -> ProcedureView:
    release = latest_release(project_id, "procedure", slug)
    if release is None:
        raise NotFound(what=slug)
    return _views(project_id, [release])[0]


@dataclass(frozen=True, slots=True)
class Use:
    """An instrument that gives evidence of a competency: by how many items, or by one rating scale."""

    instrument: Instrument
    items: int


def uses_of_competency(project_id: UUID, framework: str, code: str) -> list[Use]:
    """Where a competency of the framework is used; the page says what a change of it touches."""
    return _uses(instruments_in_force(project_id), framework, code)


def _uses(instruments: Iterable[Instrument], framework: str, code: str) -> list[Use]:
    uses: list[Use] = []
    for instrument in instruments:
        if instrument.document.framework != framework or code not in instrument.competencies:
            continue
        if instrument.form and instrument.form.exercise:
            continue  # its exercise measures; the written part is evidence beside the anchors
        items = sum(item.competency == code for item in instrument.form.items) if instrument.form else 0
        uses.append(Use(instrument, items))
    return uses
