"""Losses as pure functions, one term each, not weighted."""
