"""Latent-OFER: expressions of faces that something hides (arXiv 2307.11404)."""
