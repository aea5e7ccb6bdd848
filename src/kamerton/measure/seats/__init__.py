"""How many seats the assessed people fill, with what all share drawn once for all (`seats.joint/1`); what may be said
of groups: means, shares of levels, differences."""

from ._groups import (
    GroupDifference,
    GroupProfile,
    LevelShares,
    compare_groups,
    group_profiles,
    holm,
    level_shares,
)
from ._joint import ALGORITHM, SeatCount, count_seats, permutation

__all__ = [
    "ALGORITHM",
    "GroupDifference",
    "GroupProfile",
    "LevelShares",
    "SeatCount",
    "compare_groups",
    "count_seats",
    "group_profiles",
    "holm",
    "level_shares",
    "permutation",
]
