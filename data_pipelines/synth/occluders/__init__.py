"""Things that hide parts of faces, drawn as transparent pictures by our own code."""

from data_pipelines.synth.occluders.frame import Scene
from data_pipelines.synth.occluders.layer import composite
from data_pipelines.synth.occluders.library import (
    OCCLUDERS,
    describe_scene,
    draw_occluder,
)

__all__ = ["OCCLUDERS", "Scene", "composite", "describe_scene", "draw_occluder"]
