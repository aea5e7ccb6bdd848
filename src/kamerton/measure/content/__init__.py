"""Whether the content is right: judges on relevance and sorting, importance by frequency."""
