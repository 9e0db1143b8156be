"""Geometry of points: keypoints, hulls, similarity transforms."""
