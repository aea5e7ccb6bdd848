"""Tests that choose the next item by what is known so far; the state is a function of the answers."""
