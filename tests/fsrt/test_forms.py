"""The fast form is the plain one but for rounding, with the same parameters."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt import decoding
from face_jax.fsrt.decoding import render
from face_jax.fsrt.inference import describe_frames, encode_sources
from face_jax.fsrt.networks import build_networks
from face_jax.nn import dot_product_attention
from face_jax.placement import place_everywhere
from face_jax.train import partitioning
from tests.filled import numbers_for
from tests.fsrt.small_task import random_batch, small_task
from tests.fsrt.tiny_model import (
    CHUNK,
    IMAGE_SIZE,
    NETWORKS,
    build_model,
    moving_frames,
)

SIZE = (40, 44)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Attention in several blocks even at the sizes of tests."""
    monkeypatch.setattr(dot_product_attention, "SCORES_PER_BLOCK", 1000)


def in_form(model, form):
    networks = build_networks(**NETWORKS, keypoints="learned", form=form)
    return dataclasses.replace(model, networks=networks)


def seen(model):
    """An identity, and the motion of three frames."""
    sources = moving_frames(2, IMAGE_SIZE, IMAGE_SIZE)
    frames = moving_frames(3, IMAGE_SIZE, IMAGE_SIZE)
    return encode_sources(model, sources), describe_frames(model, frames, batch=CHUNK)


def drawn(model, scene, motion):
    given = {"size": SIZE, "chunk": CHUNK, "rounded": False}
    return render(model, scene, motion, **given)


@pytest.fixture(scope="module")
def plainly():
    model = in_form(build_model(), "plain")
    scene, motion = seen(model)
    return scene, motion, drawn(model, scene, motion)


def assert_close(actual, expected):
    for ours, theirs in zip(
        jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True
    ):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * scale)


def test_motion_identity_and_pictures_do_not_depend_on_the_form(plainly):
    model = in_form(build_model(), "fast")
    scene, motion, pictures = plainly
    assert_close(seen(model), (scene, motion))
    assert_close(drawn(model, scene, motion), pictures)


def test_queries_may_be_divided_over_devices(plainly, monkeypatch):
    # 44 columns over 8 devices: four of the 48 lie outside the picture.
    monkeypatch.setattr(decoding, "CPU_QUERIES_PER_TILE", CHUNK * 12)
    rows = partitioning.batch_sharding(partitioning.make_mesh())
    model = in_form(build_model(), "fast")
    variables = place_everywhere(model.variables, rows)
    model = dataclasses.replace(model, variables=variables, rows=rows)
    scene, motion, expected = plainly
    # Three frames: fewer than devices.
    given = {"size": SIZE, "chunk": 3, "rounded": False}
    assert_close(render(model, place_scene(scene, rows), motion, **given), expected)


def place_scene(scene, rows):
    return dataclasses.replace(scene, memory=place_everywhere(scene.memory, rows))


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["phase1", "phase2"])
def test_loss_and_gradients_do_not_depend_on_the_form(phase):
    batch, key = random_batch(rows=2), jax.random.key(3)
    settings = {"keypoints": "learned", "vgg19_weights": None, "phase3_start": None}
    tasks = {}
    for form in ("fast", "plain"):
        task = small_task(**settings)
        tasks[form] = dataclasses.replace(
            task, networks={**task.networks, "form": form}
        )
    shapes = jax.eval_shape(lambda k: tasks["fast"].init(k, batch), key)
    variables = numbers_for(shapes)

    def losses(task):
        def loss(variables):
            return task.generator_loss(variables, batch, key, {}, phase=phase)[0]

        return jax.jit(jax.value_and_grad(loss))(variables)

    (fast, fast_gradients), (plain, gradients) = map(losses, tasks.values())
    np.testing.assert_allclose(fast, plain, rtol=1e-5)
    for name, expected in gradients.items():
        scale = max(float(jnp.abs(x).max()) for x in jax.tree.leaves(expected))
        compare = functools.partial(np.testing.assert_allclose, atol=2e-5 * scale)
        jax.tree.map(compare, fast_gradients[name], expected)


def test_another_form_is_refused():
    with pytest.raises(ValueError, match=r"networks\.form: expected one of .*'slow'"):
        build_networks(form="slow")
