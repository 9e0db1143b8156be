import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt import decoding, inference
from face_jax.fsrt.encoding import pixel_grid
from face_jax.fsrt.inference import (
    animate,
    describe_frames,
    encode_sources,
    render,
)
from face_jax.fsrt.motion import MotionOptions, transfer_jit
from face_jax.fsrt.networks import decode, describe, encode
from face_jax.fsrt.smoothing import smooth
from face_jax.nn.resample import resize_antialiased
from tests.fsrt.tiny_model import CHUNK, IMAGE_SIZE, build_model, moving_frames


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def frames():
    return moving_frames(7, IMAGE_SIZE, IMAGE_SIZE)


@pytest.fixture(scope="module")
def scene(model, frames):
    return encode_sources(model, frames[:2])


def colours_by_hand(networks, variables, sources, driving):
    """The published inference in absolute mode on prepared pictures."""
    keypoints, expression = describe(networks, variables, sources)
    item = (sources[None], keypoints[None], expression[None])
    latent = encode(networks, variables, *item)
    keypoints, expression = describe(networks, variables, driving)
    pixels = pixel_grid(*driving.shape[1:3]).reshape(-1, 2)
    state = (keypoints[None], expression[None])
    colours = decode(networks, variables, latent, pixels, *state)
    return colours[0].reshape(driving.shape)


def test_stages_equal_the_networks_composed_by_hand(model, frames):
    by_hand = jax.jit(functools.partial(colours_by_hand, model.networks))
    colours = by_hand(model.variables, frames[:2] / 255.0, frames / 255.0)
    expected = np.clip(np.asarray(colours), 0, 1) * 255
    result = animate(model, encode_sources(model, frames[:2]), frames, chunk=CHUNK)
    assert result.dtype == np.uint8 and result.shape == frames.shape
    assert np.abs(result - expected).max() <= 0.52  # rounded, not truncated
    changes = np.abs(np.diff(result.astype(int), axis=0))
    assert result.std() > 20 and changes.mean() > 1  # the model is worth testing


@pytest.mark.parametrize("chunk", [1, 16])
def test_the_chunk_size_does_not_change_the_result(model, scene, frames, chunk):
    whole = animate(model, scene, frames, chunk=CHUNK)
    result = animate(model, scene, frames, chunk=chunk)
    assert result.shape == whole.shape
    assert np.abs(result.astype(int) - whole).max() <= 1


def test_one_program_serves_clips_of_any_length(model, scene, frames):
    animate(model, scene, frames[:4], chunk=CHUNK)
    compiled = (
        decoding.decode_tiles._cache_size(),
        inference.describe_pictures._cache_size(),
    )
    animate(model, scene, frames[:1], chunk=CHUNK)
    animate(model, scene, np.concatenate([frames, frames]), chunk=CHUNK)
    assert compiled == (
        decoding.decode_tiles._cache_size(),
        inference.describe_pictures._cache_size(),
    )


def test_one_frame_clip(model, scene, frames):
    result = animate(model, scene, frames[:1], chunk=CHUNK)
    assert result.shape == (1, IMAGE_SIZE, IMAGE_SIZE, 3)


def test_pictures_of_other_sizes_are_squeezed(model):
    large = moving_frames(3, 50, 70)
    motion = describe_frames(model, large, batch=3)
    small = resize_antialiased(jnp.asarray(large) / 255.0, (IMAGE_SIZE, IMAGE_SIZE))
    describe_jit = jax.jit(functools.partial(describe, model.networks))
    keypoints, expression = describe_jit(model.variables, small)
    np.testing.assert_allclose(motion.keypoints, keypoints, atol=1e-5)
    np.testing.assert_allclose(motion.expression, expression, atol=1e-4)
    mixed = encode_sources(model, [large[0], moving_frames(1, 32, 32)[0]])
    assert mixed.sources.keypoints.shape == (2, 10, 2)
    np.testing.assert_allclose(mixed.sources.keypoints[0], keypoints[0], atol=1e-5)


def test_smoothing_and_initial_frame_compose_from_the_stages(model, scene, frames):
    options = MotionOptions(
        relative=True, adapt_scale=True, pose_strength=0.5, expression_strength=1.5
    )
    result = animate(
        model,
        scene,
        frames,
        options,
        initial=-3,
        smoothing=0.5,
        frame_rate=10,
        chunk=CHUNK,
    )
    motion = smooth(describe_frames(model, frames, batch=CHUNK), 0.5, 10)
    source, initial = scene.sources.frame(0), motion.frame(4)
    driven = transfer_jit(source, motion, initial, options=options)
    expected = render(model, scene, driven, chunk=CHUNK)
    assert np.abs(result.astype(int) - expected).max() <= 1


def test_relative_motion_from_its_own_frame_reproduces_the_source_state(model, frames):
    scene = encode_sources(model, frames[3:4])
    options = MotionOptions(relative=True, adapt_scale=True)
    relative = animate(model, scene, frames, options, initial="best", chunk=CHUNK)
    absolute = animate(model, scene, frames, chunk=CHUNK)
    # The source is a frame of the driver: the best frame is itself, and its motion
    # relative to itself is its own.
    assert np.abs(relative.astype(int) - absolute).max() <= 1


def test_first_source_sets_the_state_and_all_sources_the_look(model, frames):
    pair = encode_sources(model, frames[[0, 5]])
    swapped = encode_sources(model, frames[[5, 0]])
    alone = encode_sources(model, frames[:1])

    def drive(scene, driving, options=None):
        return animate(model, scene, driving, options, chunk=CHUNK).astype(int)

    driven = drive(pair, frames)
    assert np.abs(driven - drive(swapped, frames)).max() <= 1  # a set
    assert np.abs(driven - drive(alone, frames)).max() > 2
    still = MotionOptions(pose_strength=0.0, expression_strength=0.0)
    kept = drive(pair, frames, still)
    own = drive(pair, jax.tree.map(lambda rows: rows[:1], pair.sources))
    assert np.abs(kept - own).max() <= 1


def test_landmark_models_need_landmarks(frames):
    model = build_model("landmarks")
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (7, 10, 2))
    scene = encode_sources(model, frames[:1], points[:1])
    np.testing.assert_allclose(scene.sources.keypoints[0], points[0], rtol=1e-6)
    result = animate(model, scene, frames, landmark_keypoints=points, chunk=CHUNK)
    assert result.shape == frames.shape
    with pytest.raises(ValueError, match=r"landmark_keypoints \[7, K, 2\] expected"):
        animate(model, scene, frames)
    with pytest.raises(ValueError, match=r"\[7, K, 2\] expected, got \[6, 10, 2\]"):
        animate(model, scene, frames, landmark_keypoints=points[:6])
    with pytest.raises(ValueError, match="finite"):
        animate(model, scene, frames, landmark_keypoints=points * np.nan)


def test_impossible_requests_are_refused(model, scene, frames):
    with pytest.raises(ValueError, match="at least one picture expected"):
        encode_sources(model, [])
    with pytest.raises(ValueError, match="7 driving frames expected, got 7"):
        animate(model, scene, frames, initial=7)
