"""Instruments live as releases (forms, exercises, calibrations); no tables of their own yet."""
