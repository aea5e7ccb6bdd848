"""Kamerton: from a described role to a decision about people."""

__version__ = "0.1.0"
