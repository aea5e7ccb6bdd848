"""Sums over chunks of persons, in this process or spread over others: the same sums whatever the chunking."""
