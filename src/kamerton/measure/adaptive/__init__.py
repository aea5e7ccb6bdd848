"""Tests that choose the next item by what is known so far; the state is a function of the answers."""

from ._bank import Bank
from ._rules import AnyOf, Length, Randomesque, StandardError, StoppingRule
from ._test import AdaptiveSimulation, AdaptiveTest, Step, simulate_adaptive

__all__ = [
    "AdaptiveSimulation",
    "AdaptiveTest",
    "AnyOf",
    "Bank",
    "Length",
    "Randomesque",
    "StandardError",
    "Step",
    "StoppingRule",
    "simulate_adaptive",
]
