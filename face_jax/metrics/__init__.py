"""Measures of pictures, landmarks, heads, identities, meshes, classes and numbers."""
