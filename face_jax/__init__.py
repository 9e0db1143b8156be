"""face_jax: face reenactment, occluded expressions and 3D faces in JAX."""

__version__ = "0.1.0"
