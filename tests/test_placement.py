"""Loaded models on several devices, in other types, and under the caller's transforms."""

import dataclasses

import jax
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

import face_jax
from face_jax.fsrt import inference as fsrt
from face_jax.latent_ofer import model as latent_ofer
from face_jax.placement import count_parts
from face_jax.smirk import inference as smirk
from face_jax.train import partitioning
from tests.fsrt import tiny_model
from tests.latent_ofer import small_pipeline
from tests.smirk import small_model
from tests.smirk.small_task import write_head

FRAMES = 8


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    tiny_model.save_checkpoint(root / "fsrt", tiny_model.build_model())
    small_model.save_checkpoint(root / "smirk", write_head(root))
    small_pipeline.save_pipeline(root / "latent_ofer")
    return root


def divided():
    """Rows over the eight emulated devices."""
    return partitioning.batch_sharding(partitioning.make_mesh(data=2, fsdp=4))


def reenact(model):
    frames = tiny_model.moving_frames(FRAMES)
    scene = fsrt.encode_sources(model, frames[:1])
    motion = fsrt.describe_frames(model, frames, batch=FRAMES)
    frames = fsrt.render(model, scene, motion, chunk=FRAMES, rounded=False)
    return {"keypoints": motion.keypoints, "frames": frames}


def reconstruct(model):
    images = pictures(model.image_size)
    faces = smirk.encode(model, images)
    meshes = smirk.decode(model, faces)
    made = smirk.resynthesise(model, images, faces)
    acted = smirk.reenact(model, images[0], smirk.first(faces), faces)
    drawn = smirk.render(model, faces).image
    return {
        "camera": faces.camera,
        "vertices": meshes.vertices,
        "drawn": drawn,
        "made": made.image,
        "acted": acted.image,
    }


def recognize(model):
    found = latent_ofer.classify(model, pictures(model.pipeline.image_size))
    return {"probabilities": found.probabilities, "scores": found.scores}


def pictures(side):
    return tiny_model.moving_frames(FRAMES, side, side)


RUNS = {"fsrt": reenact, "smirk": reconstruct, "latent_ofer": recognize}


@pytest.mark.parametrize("system", RUNS)
def test_rows_are_divided_over_devices(folders, system):
    alone = face_jax.load(folders / system)
    spread = face_jax.load(folders / system, sharding=divided())
    leaf = jax.tree.leaves(spread.variables)[0]
    assert len(leaf.sharding.device_set) == 8 and leaf.is_fully_replicated
    expected, found = RUNS[system](alone), RUNS[system](spread)
    for name, array in found.items():
        if isinstance(array, jax.Array):
            assert len(array.sharding.device_set) == 8, name
            assert array.addressable_shards[0].data.shape[0] == 1, name
        np.testing.assert_allclose(array, expected[name], atol=2e-3, err_msg=name)
        off = np.abs(np.asarray(array) - np.asarray(expected[name]))
        assert off.mean() < 1e-5, name


@pytest.mark.parametrize("system", RUNS)
def test_bfloat16_computes_about_the_same(folders, system):
    model = face_jax.load(folders / system, dtype="bfloat16")
    types = {leaf.dtype.name for leaf in jax.tree.leaves(model.variables)}
    assert "float32" in types and "bfloat16" not in types
    found, expected = RUNS[system](model), RUNS[system](face_jax.load(folders / system))
    changes = []
    for name, array in found.items():
        values, given = np.asarray(array, float), np.asarray(expected[name], float)
        changes.append(np.abs(values - given).mean() / given.std())
        assert changes[-1] < 0.1, name
    # Another type of the computation is seen in its rounding.
    assert max(changes) > 1e-5


def test_rows_that_cannot_be_divided(folders):
    model = face_jax.load(folders / "smirk", sharding=divided())
    with pytest.raises(ValueError, match=r"expected a multiple of 8, .* got 3"):
        smirk.encode(model, pictures(model.image_size)[:3])
    model = face_jax.load(folders / "fsrt", sharding=divided())
    with pytest.raises(ValueError, match=r"expected a multiple of 8, .* got 4"):
        fsrt.describe_frames(model, tiny_model.moving_frames(4), batch=4)


def test_parts_of_shardings():
    mesh = partitioning.make_mesh(data=2, fsdp=2, tensor=2)
    for spec, parts in (
        ((), 1),
        ((None,), 1),
        (("fsdp",), 2),
        ((("data", "fsdp"),), 4),
    ):
        assert count_parts(NamedSharding(mesh, PartitionSpec(*spec))) == parts


def test_models_run_under_the_callers_transforms(folders):
    model = face_jax.load(folders / "smirk")
    images = pictures(model.image_size)
    faces = smirk.encode(model, images)
    jitted = jax.jit(lambda model, images: smirk.encode(model, images))(model, images)
    np.testing.assert_allclose(jitted.camera, faces.camera, atol=1e-5)
    mapped = jax.vmap(lambda images: smirk.encode(model, images).camera)(
        images.reshape(2, 4, *images.shape[1:])
    )
    np.testing.assert_allclose(mapped.reshape(8, 3), faces.camera, atol=1e-5)

    def height(expression_params):
        head = dataclasses.replace(faces.head, expression_params=expression_params)
        moved = smirk.decode(model, dataclasses.replace(faces, head=head))
        return moved.projected[..., 1].mean()

    slope = jax.grad(height)(faces.head.expression_params)
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0


def test_classification_runs_under_jit_and_vmap(folders):
    model = face_jax.load(folders / "latent_ofer")
    images = pictures(model.pipeline.image_size)
    expected = latent_ofer.classify(model, images).probabilities
    jitted = jax.jit(lambda model, x: latent_ofer.classify(model, x).probabilities)
    np.testing.assert_allclose(jitted(model, images), expected, atol=1e-5)
    mapped = jax.vmap(lambda x: latent_ofer.classify(model, x).probabilities)(
        images.reshape(2, 4, *images.shape[1:])
    )
    np.testing.assert_allclose(mapped.reshape(expected.shape), expected, atol=1e-5)
