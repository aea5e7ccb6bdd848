"""From block scores to levels by the panel's knots, with the error of the answers and of the link (`link.panel/1`)."""

from ._panel import (
    ALGORITHM,
    DEFAULT_LINK_SE,
    BlockEstimate,
    BlockLink,
    BlockTable,
    knots_from_judges,
    link_error,
    score_block,
    score_blocks,
)

__all__ = [
    "ALGORITHM",
    "DEFAULT_LINK_SE",
    "BlockEstimate",
    "BlockLink",
    "BlockTable",
    "knots_from_judges",
    "link_error",
    "score_block",
    "score_blocks",
]
