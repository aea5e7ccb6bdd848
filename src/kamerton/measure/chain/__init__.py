"""From item scores and ratings to the category: what both the product and the simulations call."""

from ._evaluate import ChainResult, evaluate
from ._spec import Calibration, ChainData, ChainSpec

__all__ = ["Calibration", "ChainData", "ChainResult", "ChainSpec", "evaluate"]
