"""Configs of FSRT, face reenactment (arXiv 2404.09736)."""
