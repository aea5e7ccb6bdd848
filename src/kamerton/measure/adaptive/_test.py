"""An adaptive test whose state is a pure function of the stored answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .._checks import BoolArray, FloatArray
from ._bank import Bank
from ._rules import Length, Randomesque, StandardError, StoppingRule

if TYPE_CHECKING:
    from ..irt._models import _Model

Answered = Sequence[tuple[int | str, float]]
"""Items with their answers in the order given; items by place or by name."""


@dataclass(frozen=True)
class Step:
    """What comes next and what is known now.

    `item` place in the bank, or None when the test is over; `stop` then says why: `precise_enough`, `length_reached`,
    `bank_exhausted`. `theta`, `se` expected value and spread of the ability after `n` answers. `why` codes of the choice:
    `most_information` or `most_expected_information`, `content:LABEL`, `drawn_among:K`.
    """

    item: int | None
    name: str | None
    theta: float
    se: float
    n: int
    stop: str | None
    why: tuple[str, ...]
    information: float


class AdaptiveTest:
    """Chooses the next item of a test from the answers given so far.

    The ability is the expected value under the reference group's normal distribution on 121 nodes; the item is the one
    with the most Fisher information there ("max_info") or on average over what is still possible ("posterior_weighted",
    safer in the first few steps). Nothing is remembered between calls: `next(so_far)` depends on the answers, their order
    and the seed alone, so a test resumed after a year, on another machine, chooses the same items.

    Parameters: `bank` a fitted model or a `Bank`; `select`; `stop` a rule, default StandardError(0.35) (reliability about .88
    on an N(0, 1) group); `exposure` Randomesque(k) or None; `balance` label → share wanted, of the bank's content labels: the
    label furthest behind its share gives the next item; `seed` one for each person, used by the exposure rule alone.

    Do not use it for a bank below about 50 items, for items that share a text, or when all must be judged on the same
    questions.

    >>> import numpy as np
    >>> from kamerton.measure.irt import TwoParameter
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(800, 1)) - np.linspace(-2, 2, 30) + rng.logistic(size=(800, 30)) > 0).astype(float)
    >>> test = AdaptiveTest(TwoParameter().fit(x), stop=StandardError(0.6))
    >>> first = test.next([])
    >>> second = test.next([(first.item, 1.0)])
    >>> second.theta > 0 > test.next([(first.item, 0.0)]).theta
    True

    References: van der Linden & Glas (2010) *Elements of adaptive testing*. Kingsbury & Zara (1989) *Applied Measurement in
    Education* 2.
    """

    def __init__(
        self,
        bank: Bank | _Model,
        *,
        select: Literal["max_info", "posterior_weighted"] = "max_info",
        stop: StoppingRule = StandardError(0.35),  # noqa: B008 - frozen
        exposure: Randomesque | None = None,
        balance: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        self.bank = bank if isinstance(bank, Bank) else Bank.of(bank)
        if select not in {"max_info", "posterior_weighted"}:
            raise ValueError(f"select is {select!r}; it is 'max_info' or 'posterior_weighted'.")
        if balance is not None:
            missing = sorted(set(balance) - set(self.bank.content))
            if missing or not self.bank.content:
                raise ValueError(
                    f"balance names {', '.join(missing) or 'labels'}, which no item of the bank carries. "
                    "Give labels by Bank.of(model, content=…)."
                )
            if abs(sum(balance.values()) - 1) > 1e-6 or min(balance.values()) < 0:
                raise ValueError(
                    f"The shares of balance sum to {sum(balance.values()):g}; they are 0 or more and sum to 1."
                )
        if exposure is not None and exposure.best < 1:
            raise ValueError(f"Randomesque draws among at least 1 item, got {exposure.best}.")
        self.select = select
        self.stop = stop
        self.exposure = exposure
        self.balance = dict(balance) if balance is not None else None
        self.seed = seed

    def posterior(self, so_far: Answered) -> FloatArray:
        """(Q,) weights of the ability at the bank's nodes."""
        return self._weights(self._places(so_far), so_far)

    def _weights(self, places: list[int], so_far: Answered) -> FloatArray:
        bank = self.bank
        log = bank.prior
        if places:
            categories = [
                bank.category(place, answer) for place, (_, answer) in zip(places, so_far, strict=True)
            ]
            log = log + bank.log_p[places, categories].sum(axis=0)
        weights: FloatArray = np.exp(log - log.max())
        weights /= weights.sum()
        return weights

    def next(self, so_far: Answered) -> Step:
        """The next item, or why the test is over; raises ValueError on an item given twice or an unknown answer."""
        bank = self.bank
        try:
            found = [bank.lookup[pair] for pair in so_far]
        except (KeyError, TypeError):
            found = self._read(so_far)
        places = [place for place, _ in found]
        if len(set(places)) < len(places):
            self._places(so_far)
        log = bank.prior
        for _, row in found:
            log = log + row
        weights = np.exp(log - log[log.argmax()])
        total, mean, square = (bank.first_moments @ weights).tolist()
        theta = mean / total
        se = max(square / total - theta * theta, 0.0) ** 0.5
        n = len(places)
        reason = self.stop.reason(n, se) if n else None
        if reason is None and n >= bank.n_usable:
            reason = "bank_exhausted"
        if reason is not None:
            return Step(None, None, theta, se, n, reason, (), 0.0)
        why: tuple[str, ...]
        if self.select == "max_info":
            worth, why = self._near(theta), ("most_information",)
        else:
            worth, why = bank.most_table @ weights, ("most_expected_information",)
            worth /= total
        worth[places] = -1e9
        label = None if self.balance is None else self._label(places, worth > -1e8)
        if label is not None:
            worth[np.array([c != label for c in bank.content])] = -1e9
            why = (*why, f"content:{label}")
        chosen = int(worth.argmax())
        if self.exposure is not None and self.exposure.best > 1:
            k = min(self.exposure.best, int((worth > -1e8).sum()))
            best = np.argsort(-worth, kind="stable")[:k]
            chosen = int(np.random.default_rng([self.seed, n]).choice(best))
            why = (*why, f"drawn_among:{k}")
        return Step(chosen, bank.names[chosen], theta, se, n, None, why, float(worth[chosen]))

    def _near(self, theta: float) -> FloatArray:
        """(J,) information by a parabola through the three nearest nodes, a fresh array; see `Bank.information_near`."""
        bank = self.bank
        middle = min(max(round((theta - bank.lowest) / bank.spacing), 1), len(bank.nodes) - 2)
        t = (theta - bank.lowest) / bank.spacing - middle
        weights = np.array([t * (t - 1) / 2, 1 - t * t, t * (t + 1) / 2])
        found: FloatArray = weights @ bank.most_by_node[middle - 1 : middle + 2]
        return found

    def _read(self, so_far: Answered) -> list[tuple[int, FloatArray]]:
        """The slow way, which says what is wrong with an item or an answer."""
        bank = self.bank
        out = []
        for item, answer in so_far:
            place = bank.place(item)
            out.append((place, bank.log_p[place, bank.category(place, answer)]))
        return out

    def _places(self, so_far: Answered) -> list[int]:
        places = [self.bank.place(item) for item, _ in so_far]
        if len(set(places)) < len(places):
            twice = next(p for p in places if places.count(p) > 1)
            raise ValueError(
                f'item "{self.bank.names[twice]}" stands twice among the answers; each is given once.'
            )
        return places

    def _label(self, places: list[int], free: BoolArray) -> str | None:
        if self.balance is None:
            return None
        given = [self.bank.content[p] for p in places]
        behind = {
            label: share * (len(places) + 1) - given.count(label)
            for label, share in self.balance.items()
            if any(free[j] and c == label for j, c in enumerate(self.bank.content))
        }
        return max(behind, key=lambda label: behind[label]) if behind else None


@dataclass(frozen=True)
class AdaptiveSimulation:
    """Simulated persons: `theta` true, `estimate`, `se`, `length` (N,); `exposure` (J,) share of persons who saw an item."""

    theta: FloatArray
    estimate: FloatArray
    se: FloatArray
    length: FloatArray
    exposure: FloatArray

    @property
    def bias(self) -> float:
        return float(np.mean(self.estimate - self.theta))

    @property
    def rmse(self) -> float:
        return float(np.sqrt(np.mean((self.estimate - self.theta) ** 2)))


def simulate_adaptive(
    test: AdaptiveTest, theta: FloatArray, *, seed: int, most: int | None = None
) -> AdaptiveSimulation:
    """What a test would do to persons of known ability: precision, length and exposure of items.

    `theta` (N,) abilities; `seed` of the answers (and, with the person's number, of the exposure rule); `most` a limit on
    length beside the test's own rule. Use it before a test is opened: an item that everybody sees is soon known to all.

    >>> import numpy as np
    >>> from kamerton.measure.irt import TwoParameter
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(800, 1)) - np.linspace(-2, 2, 30) + rng.logistic(size=(800, 30)) > 0).astype(float)
    >>> run = simulate_adaptive(AdaptiveTest(TwoParameter().fit(x), stop=Length(10)), np.zeros(20), seed=3)
    >>> int(run.length.max())
    10
    """
    bank = test.bank
    rng = np.random.default_rng(seed)
    exposure = np.zeros(len(bank.names))
    estimate, se, length = np.empty(len(theta)), np.empty(len(theta)), np.empty(len(theta))
    limit = Length(most) if most is not None else None
    for i, true in enumerate(theta):
        own = AdaptiveTest(
            bank,
            select=test.select,
            stop=test.stop,
            exposure=test.exposure,
            balance=test.balance,
            seed=seed + i,
        )
        so_far: list[tuple[int | str, float]] = []
        probabilities: dict[int, FloatArray] = {}
        for block in bank.blocks:
            p = block.kind.probabilities(block.xi, np.array([true]))[:, 0]
            probabilities |= {int(item): p[k] for k, item in enumerate(block.items)}
        while True:
            step = own.next(so_far)
            if step.item is None or (limit is not None and limit.reason(step.n, step.se) is not None):
                break
            p = probabilities[step.item]
            category = int(rng.choice(len(p), p=p / p.sum()))
            so_far.append((step.item, bank.values[step.item][category]))
            exposure[step.item] += 1
        estimate[i], se[i], length[i] = step.theta, step.se, step.n
    return AdaptiveSimulation(
        np.asarray(theta, dtype=float), estimate, se, length, exposure / max(len(theta), 1)
    )
