"""A morphable head made by formulas: the head that needs no files."""

from face_jax.heads.procedural.build import procedural_head

__all__ = ["procedural_head"]
