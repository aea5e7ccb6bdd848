"""A bank of calibrated items with its curves tabulated once, so that a step costs a product and not a calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray, frozen
from ..irt._engine import Block, State

if TYPE_CHECKING:
    from ..irt._models import _Model

NODES = 121
"""Nodes on [−6, 6]: a spacing of 0.1, a third of the narrowest posterior that an adaptive test reaches."""


@dataclass(frozen=True)
class Bank:
    """Items of a fitted model, with labels of content; made by `Bank.of(model)`.

    `names` (J,), `content` (J,) labels or empty, `categories` (J,) numbers of categories, `log_p` (J, K, Q) logarithms of the
    category probabilities at `nodes` (Q,), −∞ beyond an item's own categories; `prior` (Q,) log-weights of the reference
    group. Items without parameters (constant, never presented) are never chosen.
    """

    names: tuple[str, ...]
    content: tuple[str, ...]
    categories: IntArray
    values: tuple[tuple[float, ...], ...]
    nodes: FloatArray
    log_p: FloatArray
    prior: FloatArray
    blocks: tuple[Block, ...] = field(repr=False)

    @classmethod
    def of(cls, model: _Model, content: Sequence[str] | None = None) -> Self:
        """The bank of a fitted item response model; `content` one label an item, for balance."""
        model.require_fitted()
        count = len(model.item_names_)
        if content is not None and len(content) != count:
            raise ValueError(f"content has {len(content)} labels for {count} items.")
        nodes = np.linspace(-6.0, 6.0, NODES)
        p = model.probabilities(nodes).transpose(1, 2, 0)
        with np.errstate(divide="ignore"):
            log_p = np.where(p > 0, np.log(np.maximum(p, 1e-300)), -np.inf)
        fitted: State = model._state()
        z = (nodes - model.latent_mean_[0]) / model.latent_sd_[0]
        prior = -0.5 * z**2
        return cls(
            names=model.item_names_,
            content=tuple(content or ()),
            categories=model.n_categories_,
            values=model.categories_,
            nodes=frozen(nodes),
            log_p=frozen(log_p),
            prior=frozen(prior - np.log(np.exp(prior).sum())),
            blocks=fitted.blocks,
        )

    @cached_property
    def information_table(self) -> FloatArray:
        """(J, Q) Fisher information at the nodes."""
        return frozen(np.stack([self.information(float(t)) for t in self.nodes], axis=1))

    @cached_property
    def _by_node(self) -> FloatArray:
        return np.ascontiguousarray(self.information_table.T)

    @cached_property
    def moments(self) -> FloatArray:
        """(Q, 2) nodes and their squares."""
        return np.column_stack((self.nodes, self.nodes**2))

    @cached_property
    def _places_of_values(self) -> tuple[dict[float, int], ...]:
        return tuple({v: k for k, v in enumerate(values)} for values in self.values)

    def information_near(self, theta: float) -> FloatArray:
        """(J,) information by a parabola through the three nearest nodes: within 0.02 % of `information` for slopes up to 3."""
        spacing = self.nodes[1] - self.nodes[0]
        middle = int(np.clip(round((theta - self.nodes[0]) / spacing), 1, len(self.nodes) - 2))
        t = (theta - self.nodes[middle]) / spacing
        weights = np.array([t * (t - 1) / 2, 1 - t * t, t * (t + 1) / 2])
        found: FloatArray = weights @ self._by_node[middle - 1 : middle + 2]
        return found

    @cached_property
    def lookup(self) -> dict[tuple[int | str, float], tuple[int, FloatArray]]:
        """(item, answer) → its place and its (Q,) log-probabilities; items by number and by name."""
        out: dict[tuple[int | str, float], tuple[int, FloatArray]] = {}
        for place, values in enumerate(self.values):
            for k, value in enumerate(values):
                found = (place, self.log_p[place, k])
                out[place, value] = out[self.names[place], value] = found
        return out

    @cached_property
    def most_by_node(self) -> FloatArray:
        """(Q, J) as `information_table`, below nothing where an item may never be chosen."""
        return frozen(np.where(self.usable, self._by_node, -1e9))

    @cached_property
    def most_table(self) -> FloatArray:
        """(J, Q) as `information_table`, below nothing where an item may never be chosen."""
        return frozen(np.ascontiguousarray(self.most_by_node.T))

    @cached_property
    def n_usable(self) -> int:
        return int(self.usable.sum())

    @cached_property
    def lowest(self) -> float:
        return float(self.nodes[0])

    @cached_property
    def spacing(self) -> float:
        return float(self.nodes[1] - self.nodes[0])

    @cached_property
    def first_moments(self) -> FloatArray:
        """(3, Q) ones, nodes and their squares."""
        return frozen(np.stack((np.ones_like(self.nodes), self.nodes, self.nodes**2)))

    @cached_property
    def usable(self) -> BoolArray:
        """(J,) True where an item has parameters."""
        return frozen(self.categories > 1)

    def information(self, theta: float) -> FloatArray:
        """(J,) Fisher information of every item at one ability."""
        out = np.zeros(len(self.names))
        at = np.array([theta])
        for block in self.blocks:
            s = block.kind.slopes(block.xi, at)
            out[block.items] = (s.first**2 / s.p).sum(axis=2)[:, 0]
        return out

    def place(self, item: int | str) -> int:
        """The place of an item named or numbered; raises ValueError on one that is not here."""
        if isinstance(item, str):
            if item not in self.names:
                raise ValueError(f'The bank holds no item "{item}".')
            return self.names.index(item)
        if not 0 <= int(item) < len(self.names):
            raise ValueError(f"The bank holds items 0 to {len(self.names) - 1}, got {item}.")
        return int(item)

    def category(self, place: int, answer: float) -> int:
        """The place of an answer among the item's categories."""
        found = self._places_of_values[place].get(answer)
        if found is None:
            raise ValueError(
                f'item "{self.names[place]}": answer {answer:g} is not among '
                f"{', '.join(f'{v:g}' for v in self.values[place])}."
            )
        return found
