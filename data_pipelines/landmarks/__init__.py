"""Landmarks: schemes of points, files of them, and finding faces."""
