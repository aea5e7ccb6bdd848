"""Pictures drawn on the server as SVG: attributes for places, classes for colours, a sentence for those who cannot see.

Each function takes a frozen dataclass and the reader's language and returns a SafeString.
"""

from .composite import CompositeStrip, composite_strip
from .glyphs import CATEGORY_CODES, category_glyph
from .interval import Interval, interval
from .probability import ProbabilityPart, probability_strip
from .profile import ProfileRow, profile_axis, profile_row

__all__ = [
    "CATEGORY_CODES",
    "CompositeStrip",
    "Interval",
    "ProbabilityPart",
    "ProfileRow",
    "category_glyph",
    "composite_strip",
    "interval",
    "probability_strip",
    "profile_axis",
    "profile_row",
]
