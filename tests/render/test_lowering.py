"""The renderer is translated for accelerators that are not here."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import Topology, antialias, rasterize
from tests.render import scenes
from tests.render.meshes import icosphere

PLATFORMS = ("cpu", "cuda", "tpu")
POINTS, FACES = icosphere(0)
TOPOLOGY = Topology.from_faces(FACES)


def draw(image, vertices):
    fragments = rasterize(vertices, FACES, (8, 12))
    soft = antialias(image, vertices, TOPOLOGY, fragments)
    return fragments.bary, fragments.zbuf, soft


def gradients(image, vertices):
    outputs, pull = jax.vjp(draw, image, vertices)
    return pull(outputs)


@pytest.mark.parametrize("function", [draw, gradients])
def test_one_program_serves_all_platforms(function):
    image = scenes.normal(0, 2, 8, 12, 1)
    vertices = np.stack([POINTS, 0.5 * POINTS]) + np.float32([0, 0, 3])
    exported = jax.export.export(jax.jit(function), platforms=PLATFORMS)(
        image, vertices
    )
    assert exported.platforms == PLATFORMS
    again = jax.export.deserialize(exported.serialize())
    shapes = [out.shape for out in again.out_avals]
    expected = jax.tree.leaves(jax.eval_shape(function, image, vertices))
    assert shapes == [out.shape for out in expected]
    assert all(out.dtype == jnp.float32 for out in again.out_avals)
