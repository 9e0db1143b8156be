"""Differentiable rendering of triangle meshes: rasterize, interpolate, shade."""

from face_jax.render.antialias import antialias
from face_jax.render.interpolate import interpolate
from face_jax.render.rasterize import Fragments, rasterize, rasterize_attributes
from face_jax.render.renderer import Rendering, render_mesh
from face_jax.render.shading import directional_shading
from face_jax.render.topology import Topology

__all__ = [
    "Fragments",
    "Rendering",
    "Topology",
    "antialias",
    "directional_shading",
    "interpolate",
    "rasterize",
    "rasterize_attributes",
    "render_mesh",
]
