"""SMIRK's configs."""
