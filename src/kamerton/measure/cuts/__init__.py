"""Cut scores set by judges or by groups, with their errors, and the link of a panel to the levels."""

from ._angoff import AngoffPanel, CutScore, angoff
from ._bookmark import bookmark, response_probability_location
from ._groups import (
    ContrastingGroups,
    borderline_group,
    borderline_regression,
    contrasting_groups,
    hofstee,
)
from ._panel_link import LevelPoint, PanelLink, panel_link

__all__ = [
    "AngoffPanel", "ContrastingGroups", "CutScore", "LevelPoint", "PanelLink", "angoff", "bookmark",
    "borderline_group", "borderline_regression", "contrasting_groups", "hofstee", "panel_link",
    "response_probability_location",
]  # fmt: skip
