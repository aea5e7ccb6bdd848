"""Whether a person or a group changed: reliable change, before and after with a comparison group."""
