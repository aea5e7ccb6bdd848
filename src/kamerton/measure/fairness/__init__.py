"""Whether a procedure treats groups alike: adverse impact with exact intervals."""
