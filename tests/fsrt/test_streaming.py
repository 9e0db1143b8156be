import gc
import weakref

import numpy as np
import pytest

from face_jax.fsrt.inference import animate, describe_frames, encode_sources
from face_jax.fsrt.motion import MotionOptions, find_best_frame
from face_jax.fsrt.smoothing import smooth
from face_jax.fsrt.streaming import DrivingChunk, find_initial, frame_at, stream
from tests.fsrt.tiny_model import CHUNK, IMAGE_SIZE, build_model, moving_frames

OPTIONS = MotionOptions(relative=True, adapt_scale=True)


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def frames():
    return moving_frames(7, IMAGE_SIZE, IMAGE_SIZE)


@pytest.fixture(scope="module")
def scene(model):
    return encode_sources(model, moving_frames(1, IMAGE_SIZE, IMAGE_SIZE, seed=1))


def chunks(frames, size=CHUNK, **columns):
    for begin in range(0, len(frames), size):
        part = slice(begin, begin + size)
        rows = {name: values[part] for name, values in columns.items()}
        yield DrivingChunk(frames[part], **rows)


def joined(results):
    return np.concatenate([result.frames for result in results])


@pytest.mark.parametrize("smoothing", [0.0, 0.6])
def test_a_stream_equals_the_whole_clip(model, scene, frames, smoothing):
    results = list(
        stream(model, scene, chunks(frames), OPTIONS, smoothing=smoothing, chunk=CHUNK)
    )
    whole = animate(model, scene, frames, OPTIONS, smoothing=smoothing, chunk=CHUNK)
    assert np.abs(joined(results).astype(int) - whole).max() <= 1
    assert [len(result.frames) for result in results] == [4, 3]
    motion = describe_frames(model, frames, batch=CHUNK)
    raw = np.concatenate([result.raw_keypoints for result in results])
    np.testing.assert_allclose(raw, motion.keypoints, atol=1e-6)
    filtered = np.concatenate([result.smooth_keypoints for result in results])
    expected = smooth(motion, smoothing, 25).keypoints
    np.testing.assert_allclose(filtered, expected, atol=1e-6)


def test_best_frame_of_a_stream_is_that_of_the_clip(model, scene, frames):
    initial = find_initial(model, scene, chunks(frames), chunk=CHUNK)
    keypoints = describe_frames(model, frames, batch=CHUNK).keypoints
    assert initial.number == find_best_frame(scene.sources.keypoints[0], keypoints)
    results = stream(
        model, scene, chunks(frames), OPTIONS, initial=initial, chunk=CHUNK
    )
    whole = animate(model, scene, frames, OPTIONS, initial="best", chunk=CHUNK)
    assert np.abs(joined(results).astype(int) - whole).max() <= 1


def test_landmarks_decide_the_best_frame_where_there_are_any(model, scene, frames):
    landmarks = np.random.default_rng(0).normal(size=(7, 68, 2)).astype(np.float32)
    source = 2.5 * landmarks[5] + 10  # size and place do not matter
    valid = np.ones(7, bool)

    def search():
        columns = {"landmarks": landmarks, "valid": valid}
        return find_initial(
            model,
            scene,
            chunks(frames, **columns),
            source_landmarks=source,
            chunk=CHUNK,
        ).number

    assert search() == 5
    valid[5] = False
    assert search() == find_best_frame(source, landmarks, valid) != 5
    valid[:] = False
    with pytest.raises(ValueError, match="none of the 7 driving frames"):
        search()


def test_a_given_frame_is_found_in_its_chunk(model, scene, frames):
    initial = frame_at(model, chunks(frames), 6, smoothing=0.5, chunk=CHUNK)
    motion = smooth(describe_frames(model, frames, batch=CHUNK), 0.5, 25)
    np.testing.assert_allclose(initial.motion.keypoints, motion.keypoints[6], atol=1e-6)
    with pytest.raises(ValueError, match=r"within the 7 driving frames .* got 7"):
        frame_at(model, chunks(frames), 7, chunk=CHUNK)


def test_few_chunks_are_alive_at_a_time(model, scene, frames):
    references = []
    most = 0

    def watched():
        nonlocal most
        for _ in range(6):
            part = frames[:4].copy()
            references.append(weakref.ref(part))
            gc.collect()
            most = max(most, sum(one() is not None for one in references))
            yield DrivingChunk(part)
            del part

    for result in stream(model, scene, watched(), OPTIONS, chunk=CHUNK):
        del result
    assert most <= 3
