"""Procedures live as releases; no tables of their own yet."""
