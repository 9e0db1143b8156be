import numpy as np
import pytest

from face_jax.fsrt.driven_clips import COPY, MODEL, Driven
from face_jax.fsrt.driven_features import METRIC, TOO_FEW, DrivenFeatures
from face_jax.fsrt.scores import Clip
from tests.metrics.test_embeddings import frechet_by_eigenvalues


def colours(pictures):
    """Mean and greatest of each colour."""
    pictures = np.asarray(pictures, np.float32)
    return np.concatenate([pictures.mean((1, 2)), pictures.max((1, 2))], axis=1)


def driven(seed, count, is_truth=True):
    """A source of two pictures and another number of frames."""
    rng = np.random.default_rng(seed)
    bright = rng.uniform(0.3, 1, (count + 2, 1, 1, 3))
    frames = (rng.random((count + 2, 4, 5, 3)) * bright * 255).astype(np.uint8)
    source, driving = Clip("a", frames[:2]), Clip("b", frames[2:])
    result = (rng.random(driving.frames.shape) * bright[2:] * 0.8).astype(np.float32)
    return Driven("c", source, driving, np.arange(count), result, is_truth)


def test_frames_of_all_clips_are_compared_together():
    clips = [driven(0, 19), driven(1, 30, is_truth=False)]
    features = DrivenFeatures(colours)
    for clip in clips:
        features.add(clip)
    driving, results, copies = (
        np.concatenate([colours(chosen(clip)) for clip in clips])
        for chosen in (
            lambda clip: clip.driving.frames,
            lambda clip: 255 * clip.result,
            lambda clip: np.repeat(clip.source.frames[:1], len(clip.result), axis=0),
        )
    )
    found = features.distances()
    for method, rows in ((MODEL, results), (COPY, copies)):
        number = found[method][METRIC]
        assert (number["clips"], number["frames"]) == (2, 49)
        expected = frechet_by_eigenvalues(rows, driving)
        assert number["mean"] == pytest.approx(expected, rel=1e-5)
    assert features.reasons() == {}


def test_one_frame_has_no_distance():
    features = DrivenFeatures(colours)
    assert features.distances() == {}
    features.add(driven(0, 1))
    assert features.distances() == {} and features.reasons() == {METRIC: TOO_FEW}
    features.add(driven(1, 1))
    assert features.distances()[MODEL][METRIC]["frames"] == 2
