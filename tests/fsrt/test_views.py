"""All views go through the detector together; each gets what is its own."""

import jax
import numpy as np
import pytest

from face_jax.fsrt.networks import describe
from face_jax.fsrt.views import color_views, cropped_keypoints, describe_views
from face_jax.train import partitioning
from face_jax.train.collectives import collectives
from face_jax.train.distributed import to_global
from face_jax.train.hlo import parse
from tests.filled import numbers_for
from tests.fsrt.small_task import random_batch, small_task

SOURCES = 2


@pytest.fixture(scope="module", params=["learned", "landmarks"])
def described(request):
    """Networks and variables, a batch and its views, and their compiled description."""
    task, batch = small_task(keypoints=request.param), random_batch(sources=SOURCES)
    key = jax.random.key(0)
    variables = numbers_for(jax.eval_shape(lambda k: task.init(k, batch), key))
    mesh = partitioning.make_mesh()
    split = to_global(batch, partitioning.batch_sharding(mesh))
    coins = np.linspace(0, 1, 8, dtype=np.float32)

    def program(variables, batch):
        views = color_views(batch, coins, False)
        return views, describe_views(task.modules, variables, views, batch)

    compiled = jax.jit(program).lower(variables, split).compile()
    return task.modules, variables, batch, compiled, compiled(variables, split), mesh


def test_as_if_each_view_were_alone(described):
    nets, variables, batch, _, (views, found), _ = described

    @jax.jit
    def alone(images, points):
        flat = images.reshape(-1, *images.shape[2:])
        both = describe(nets, variables, flat, points.reshape(-1, *points.shape[2:]))
        return [x.reshape(*images.shape[:2], *x.shape[1:]) for x in both]

    at_source = cropped_keypoints(batch, batch["source_keypoints"])
    at_driving = cropped_keypoints(batch, batch["driving_keypoints"])
    for images, points, expression in (
        (views.sources, at_source, found.source_expression),
        (views.sources_second, at_source, found.source_expression_second),
        (views.driving_first, at_driving, found.driving_expression),
    ):
        np.testing.assert_allclose(expression, alone(images, points)[1], atol=2e-5)
    whole = alone(views.driving_uncropped, batch["driving_keypoints"])[0]
    if nets.keypoints == "learned":
        expected = cropped_keypoints(batch, whole)
        np.testing.assert_allclose(found.driving_keypoints, expected, atol=2e-5)


def test_no_picture_goes_to_another_device(described):
    _, _, _, compiled, _, mesh = described
    assert collectives(parse(compiled.as_text()), dict(mesh.shape)) == []
