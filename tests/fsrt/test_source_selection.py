import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.inference import describe_frames
from face_jax.fsrt.motion import Motion
from face_jax.fsrt.source_selection import select_sources, spread_indices
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, moving_frames


def motion(yaw, mouth):
    """Keypoints that follow ``yaw`` and a vector that follows ``mouth``, both [T]."""
    keypoints = np.tile(np.asarray(yaw)[:, None, None], (1, 10, 2))
    expression = np.tile(np.asarray(mouth)[:, None], (1, 4))
    return Motion(jnp.asarray(keypoints), jnp.asarray(expression))


def test_the_central_frame_comes_first_then_the_extremes():
    turning = motion(yaw=[-1.0, -0.5, 0.1, 0.5, 0.9], mouth=np.zeros(5))
    assert spread_indices(turning, 3) == [2, 0, 4]


def test_pose_and_expression_count_alike_whatever_their_units():
    yaw = np.array([0.0, 0.01, -0.01, 0.0, 0.0, 0.0])
    mouth = np.array([0.0, 0.0, 0.0, 100.0, -100.0, 0.0])
    assert set(spread_indices(motion(yaw, mouth), 5)) == {0, 1, 2, 3, 4}


def test_repeated_frames_are_not_chosen_twice():
    still = motion(np.zeros(4), np.zeros(4))
    assert spread_indices(still, 4) == [0, 1, 2, 3]


@pytest.mark.parametrize("count", [0, 5])
def test_too_many_sources_are_refused(count):
    with pytest.raises(ValueError, match="clip's 4 frames expected"):
        spread_indices(motion(np.zeros(4), np.zeros(4)), count)


def test_frames_of_a_clip_are_described_and_chosen():
    model, frames = build_model(), moving_frames(7, IMAGE_SIZE, IMAGE_SIZE)
    frames[5] = frames[2]  # the same twice: one of them adds nothing
    chosen = select_sources(model, frames, 6)
    assert chosen == spread_indices(describe_frames(model, frames), 6)
    assert not {2, 5} <= set(chosen)
    assert chosen == select_sources(model, frames, 6)
