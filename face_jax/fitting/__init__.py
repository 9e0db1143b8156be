"""Inverse rendering: the head, its expression, pose and camera behind a picture."""
