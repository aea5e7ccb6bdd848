"""Agreement of raters and of groups: correlations within classes, kappas, concordance, indices of a group."""
