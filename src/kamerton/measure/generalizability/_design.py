"""Designs in the notation of generalizability theory: "p x i", "p x (r:e)", and the effects they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

TOKEN = re.compile(r"\s*([A-Za-z_]\w*|[()×:*])")


@dataclass(frozen=True)
class Effect:
    """One source of variance: `primary` facets (before the colon) and all `indices` (with what they are nested in)."""

    name: str
    primary: frozenset[str]
    indices: frozenset[str]


@dataclass(frozen=True)
class Design:
    """Facets in the order they stand in the text, what each is nested in, and the effects, smallest first.

    The last effect holds every facet: with one observation a cell it is also the residual.
    """

    text: str
    facets: tuple[str, ...]
    nested_in: Mapping[str, frozenset[str]]
    effects: tuple[Effect, ...]

    def effect(self, name: str) -> Effect:
        """The effect of that name; raises KeyError naming those there are."""
        for effect in self.effects:
            if effect.name == name:
                return effect
        raise KeyError(
            f"design {self.text!r} has no effect {name!r}; it has {[e.name for e in self.effects]}."
        )


def _tokens(text: str) -> list[str]:
    out, at = [], 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if found is None:
            raise ValueError(
                f"design {text!r}: cannot read {text[at:]!r}. Write facets with x and :, e.g. 'p x (r:e)'."
            )
        out.append("x" if found.group(1) in "×*" else found.group(1))
        at = found.end()
    return out


def parse_design(text: str) -> Design:
    """Read a design: `a x b` crossed, `a:b` a nested in b, brackets group; "x", "×" and "*" are one sign.

    >>> [e.name for e in parse_design("p x (r:e)").effects]
    ['p', 'e', 'r:e', 'pe', 'pr:e']
    >>> [e.name for e in parse_design("person x rater").effects]
    ['person', 'rater', 'person x rater']
    """
    tokens = _tokens(text)
    order: list[str] = []
    nests: dict[str, set[str]] = {}
    place = 0

    def fail(what: str) -> ValueError:
        return ValueError(f"design {text!r}: {what}. Write e.g. 'p x i', 'p x r x e', 'p x (r:e)'.")

    def factor() -> set[str]:
        nonlocal place
        if place >= len(tokens):
            raise fail("it ends where a facet is expected")
        token = tokens[place]
        place += 1
        if token == "(":  # noqa: S105 - a bracket, not a secret
            inner = expression()
            if place >= len(tokens) or tokens[place] != ")":
                raise fail("a bracket is not closed")
            place += 1
            return inner
        if token in ("x", ":", ")"):
            raise fail(f"{token!r} stands where a facet is expected")
        if token in nests:
            raise fail(f"facet {token!r} stands twice")
        order.append(token)
        nests[token] = set()
        return {token}

    def term() -> set[str]:
        nonlocal place
        groups = [factor()]
        while place < len(tokens) and tokens[place] == ":":
            place += 1
            groups.append(factor())
        for inner, group in enumerate(groups):
            for outer in groups[inner + 1 :]:
                for facet in group:
                    nests[facet] |= outer
        return set().union(*groups)

    def expression() -> set[str]:
        nonlocal place
        facets = term()
        while place < len(tokens) and tokens[place] == "x":
            place += 1
            facets |= term()
        return facets

    expression()
    if place < len(tokens):
        raise fail(f"{tokens[place]!r} is left over")
    nested = {facet: frozenset(inside) for facet, inside in nests.items()}
    return Design(text, tuple(order), nested, _effects(tuple(order), nested))


def _effects(facets: tuple[str, ...], nested: Mapping[str, frozenset[str]]) -> tuple[Effect, ...]:
    found = []
    for size in range(1, len(facets) + 1):
        for chosen in combinations(facets, size):
            if any(a in nested[b] for a in chosen for b in chosen):
                continue
            indices = frozenset(chosen).union(*(nested[f] for f in chosen))
            found.append(Effect(_name(chosen, indices, facets), frozenset(chosen), indices))
    return tuple(sorted(found, key=lambda e: len(e.indices)))


def _name(chosen: tuple[str, ...], indices: frozenset[str], facets: tuple[str, ...]) -> str:
    join = "" if all(len(f) == 1 for f in facets) else " x "
    inside = [f for f in facets if f in indices and f not in chosen]
    return join.join(chosen) + (":" + join.join(inside) if inside else "")
