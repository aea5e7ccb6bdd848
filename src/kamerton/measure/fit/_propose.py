"""From probabilities to a proposal and its reasons, one person at a time (SCORING A4.5–A4.8)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ._rule import CATEGORIES, Reason, RoleRule


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is said of one person; see `FitVerdicts` for the words."""

    code: str
    letter: str
    other: str
    settle: tuple[tuple[str, str, float], ...]
    reasons: tuple[Reason, ...]


class Proposer:
    """The rule of one role, read once, applied to every person; plain numbers in, codes out."""

    def __init__(
        self,
        role: str,
        rules: Mapping[str, RoleRule],
        competencies: Sequence[str],
        instruments: Sequence[str],
    ) -> None:
        self.role = role
        self.rule = rules[role]
        self.competencies = competencies
        self.instruments = instruments
        self.others = [(k, name) for k, name in enumerate(rules) if name != role]
        self.needed = np.flatnonzero(self.rule.needed).tolist()
        self.gates = np.flatnonzero(np.isfinite(self.rule.cuts)).tolist()
        self.cuts = self.rule.cuts.tolist()
        self.weights = self.rule.weights

    def propose(
        self,
        y: list[float],
        p_met: list[float],
        p_cat: list[float],
        p_roles: list[float],
        p_comp: float,
        change: list[float],
        chosen: list[int],
        lacking: list[bool],
        flagged: bool,
    ) -> Proposal:
        """The proposal for one person from its row of every table."""
        rule, names = self.rule, self.competencies
        why: list[Reason] = []
        if flagged:
            why.append(Reason("red_flag_unresolved", {"role": self.role}))
        other, other_p = self._alternative(p_roles)
        missing = [k for k in self.needed if lacking[k]]
        if missing:
            for k in missing:
                why.append(
                    Reason("not_measured" if math.isnan(y[k]) else "insufficient", {"competency": names[k]})
                )
            return Proposal("insufficient", "", other, (), tuple(why))
        p_a = p_cat[0]
        letter = CATEGORIES[max(range(4), key=lambda k: p_cat[k])]
        why.append(
            Reason("p_a", {"p": p_a, "ready": rule.ready, "probable": rule.probable, "open": rule.open_})
        )
        for p, k in sorted((p_met[k], k) for k in self.gates):
            if p < rule.ready:
                why.append(
                    Reason(
                        "gate_below" if p < rule.probable else "gate_unsure",
                        {"competency": names[k], "p": p, "cut": self.cuts[k], "y": y[k]},
                    )
                )
        if p_comp < rule.ready:
            code = "composite_below" if p_comp < rule.probable else "composite_unsure"
            composite = float(self.weights @ np.nan_to_num(y))
            why.append(Reason(code, {"p": p_comp, "cut": rule.cut, "y": composite}))
        settle = self._settle(p_a, change, chosen)
        for competency, instrument, delta in settle:
            why.append(
                Reason("settle", {"competency": competency, "instrument": instrument, "change": delta})
            )
        code = self._code(p_cat, why)
        if flagged and code in ("ready", "probably_ready"):
            code = "open"  # a listed event stops A until a person resolves it in writing (SCORING A4.7)
        if other:
            why.append(Reason("other_role", {"role": other, "p": other_p}))
        return Proposal(code, letter, other, settle, tuple(why))

    def _code(self, p_cat: list[float], why: list[Reason]) -> str:
        rule, p_a = self.rule, p_cat[0]
        if p_a >= rule.ready:
            return "ready"
        if p_a >= rule.probable:
            return "probably_ready"
        if p_a >= rule.open_:
            return "open"
        rest = max(range(1, 4), key=lambda k: p_cat[k])
        why.append(Reason("next_category", {"category": CATEGORIES[rest], "p": p_cat[rest]}))
        if rest == 3:
            return "not_now"
        if p_cat[rest] < rule.name_b_c:
            return "not_a"
        return "developing" if rest == 1 else "other_role"

    def _settle(
        self, p_a: float, change: list[float], chosen: list[int]
    ) -> tuple[tuple[str, str, float], ...]:
        """The two gates whose further measurement moves P(A) most, where the case is open."""
        if not self.rule.open_ <= p_a < self.rule.ready:
            return ()
        order = sorted(
            (k for k in range(len(change)) if math.isfinite(change[k])), key=lambda k: (-change[k], k)
        )
        return tuple(
            (self.competencies[k], self.instruments[chosen[k]] if self.instruments else "", change[k])
            for k in order[:2]
        )

    def _alternative(self, p_roles: list[float]) -> tuple[str, float]:
        rule = self.rule
        ranked = sorted(
            ((p_roles[k], name) for k, name in self.others if not math.isnan(p_roles[k])),
            key=lambda pair: (-pair[0], pair[1]),
        )
        if not ranked or ranked[0][0] < rule.role_p:
            return "", 0.0
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < rule.role_margin:
            return "", 0.0
        return ranked[0][1], ranked[0][0]
