"""SMIRK, expressive faces in three dimensions from single pictures (arXiv 2404.04104)."""
