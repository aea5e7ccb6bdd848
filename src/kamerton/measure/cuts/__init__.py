"""Cut scores set by judges or by groups, with their errors, and consistency of decisions."""
