"""What a procedure is worth: corrected validities, hits of a cut, utility, with intervals."""
