"""Variance components of crossed and nested designs, D-studies, accuracy of raters."""
