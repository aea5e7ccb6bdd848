"""How many seats the assessed people fill, with what all share drawn once for all (`seats.joint/1`)."""

from ._joint import ALGORITHM, SeatCount, count_seats, permutation

__all__ = ["ALGORITHM", "SeatCount", "count_seats", "permutation"]
