import dataclasses
import pathlib

import jax.numpy as jnp
import numpy as np
import pytest

from data_pipelines.landmarks.schemas import SEMANTIC_KEYPOINTS, semantic_keypoints
from data_pipelines.synth.motion import draw_motion
from data_pipelines.synth.people import draw_person
from data_pipelines.synth.rig import Rig
from data_pipelines.synth.viewpoint import Viewpoint
from face_jax.fsrt.motion import (
    SEMANTIC_HEAD,
    HeadModel,
    Motion,
    MotionOptions,
    find_best_frame,
    initial_index,
    transfer,
)
from face_jax.geometry.cameras import project_weak_perspective
from face_jax.geometry.head import pose_head
from face_jax.geometry.landmarks import landmarks_68
from face_jax.heads.procedural import procedural_head

GOLDEN = pathlib.Path(__file__).parents[1] / "parity/fixtures/fsrt/kp_transfer.npz"
STRENGTHS = [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (0.5, 1.7)]


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as data:
        return {name: data[name] for name in data.files if "/" in name}


def motion(keypoints, seed=0, size=6):
    shape = (*np.shape(keypoints)[:-2], size)
    expression = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return Motion(jnp.asarray(keypoints), jnp.asarray(expression))


def scenario(golden):
    source = motion(golden["in/kp_source"], seed=1)
    driving = motion(golden["in/kp_driving"], seed=2)
    return source, driving, driving.frame(0)


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("adapt_scale", [False, True])
def test_full_strength_is_the_published_rule(golden, relative, adapt_scale):
    source, driving, initial = scenario(golden)
    options = MotionOptions(relative=relative, adapt_scale=adapt_scale)
    result = transfer(source, driving, initial, options)
    name = ("relative" if relative else "absolute") + ("_adapt" if adapt_scale else "")
    expected = golden[f"out/{name}"]
    np.testing.assert_allclose(result.keypoints, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(result.expression, driving.expression)


@pytest.mark.parametrize("relative", [False, True])
def test_strengths_approach_the_published_rule_continuously(golden, relative):
    source, driving, initial = scenario(golden)
    options = {"relative": relative, "adapt_scale": True}
    full = transfer(source, driving, initial, MotionOptions(**options))
    nearly = transfer(
        source,
        driving,
        initial,
        MotionOptions(**options, pose_strength=1 + 1e-6, expression_strength=1 - 1e-6),
    )
    np.testing.assert_allclose(nearly.keypoints, full.keypoints, atol=3e-5)


@pytest.mark.parametrize("relative", [False, True])
def test_no_strength_keeps_the_source(golden, relative):
    source, driving, initial = scenario(golden)
    options = MotionOptions(
        relative=relative, pose_strength=0.0, expression_strength=0.0
    )
    result = transfer(source, driving, initial, options)
    for frame in range(len(driving)):
        np.testing.assert_allclose(result.keypoints[frame], source.keypoints, atol=1e-6)
        np.testing.assert_allclose(result.expression[frame], source.expression)


def complex_points(keypoints):
    keypoints = np.asarray(keypoints, np.float64)
    return keypoints[..., 0] + 1j * keypoints[..., 1]


def reference_transfer(source, driving, initial, relative, scale, p, e):
    """The rule of the module's docstring in complex numpy, one frame at a time."""
    s, d0 = complex_points(source), complex_points(initial)
    frames = []
    for d in complex_points(driving):
        b = d0 if relative else s
        k = s + scale * (d - d0) if relative else d
        w = np.vdot(b - b.mean(), d - d.mean()) / np.vdot(b - b.mean(), b - b.mean())

        def pose(strength, b=b, d=d, w=w):
            travel = strength * scale * (d.mean() - b.mean())
            return s.mean() + travel + w**strength * (s - s.mean())

        residual = scale * (d - d.mean() - w * (b - b.mean()))
        cross = k - pose(1) - residual
        frames.append(pose(p) + e * w ** (p - 1) * residual + p * e * cross)
    return np.stack([np.real(frames), np.imag(frames)], -1)


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("strengths", STRENGTHS)
def test_strengths_follow_the_documented_formula(golden, relative, strengths):
    source, driving, initial = scenario(golden)
    p, e = strengths
    options = MotionOptions(
        relative=relative,
        adapt_scale=True,
        pose_strength=p,
        expression_strength=e,
    )
    result = transfer(source, driving, initial, options)
    scale = 1.0
    if relative:
        scale = np.sqrt(
            golden["out/source_hull_area"] / golden["out/driving_hull_area"]
        )
    expected = reference_transfer(
        source.keypoints, driving.keypoints, initial.keypoints, relative, scale, p, e
    )
    np.testing.assert_allclose(result.keypoints, expected, atol=2e-5)


@pytest.mark.parametrize("relative", [False, True])
def test_pose_only_moves_the_source_rigidly(golden, relative):
    source, driving, initial = scenario(golden)
    options = MotionOptions(relative=relative, expression_strength=0.0)
    result = transfer(source, driving, initial, options)
    s = complex_points(source.keypoints)
    for k in complex_points(result.keypoints):
        factor = (k[1:] - k[0]) / (s[1:] - s[0])
        np.testing.assert_allclose(factor, factor[0], rtol=2e-4)
    np.testing.assert_array_equal(
        result.expression, np.tile(source.expression, (len(driving), 1))
    )


def test_head_motion_and_mouth_motion_come_apart():
    # The driver turns in the plane, moves and opens the mouth (keypoint 9).
    rng = np.random.default_rng(4)
    face = rng.uniform(-0.5, 0.5, (10, 2))
    mouth = np.zeros((10, 2))
    mouth[9, 1] = 0.1
    head = 1.2 * rotation(0.4)
    driving = np.stack([face, face @ head.T + 0.2, (face + mouth) @ head.T + 0.2])
    source_face = rng.uniform(-0.5, 0.5, (10, 2))
    source = motion(source_face, seed=5)
    driver = motion(driving, seed=6)
    rigid = HeadModel(weights=(1.0,) * 9 + (0.0,))

    def drive(p, e):
        options = MotionOptions(
            relative=True,
            pose_strength=p,
            expression_strength=e,
            head=rigid,
        )
        return np.asarray(transfer(source, driver, driver.frame(0), options).keypoints)

    pose_only, expression_only = drive(1.0, 0.0), drive(0.0, 1.0)
    np.testing.assert_allclose(pose_only[1], pose_only[2], atol=1e-5)
    np.testing.assert_allclose(expression_only[1], source_face, atol=1e-5)
    np.testing.assert_allclose(expression_only[2], source_face + mouth, atol=1e-5)
    np.testing.assert_allclose(drive(0.0, 2.0)[2], source_face + 2 * mouth, atol=1e-5)


def test_turning_the_head_is_pose_and_not_expression():
    # Ten semantic points of a solid face that turns left and right and opens its mouth.
    depths = np.array(SEMANTIC_HEAD.depths)
    eyes, brows = [(-5, 0), (5, 0)], [(-5.5, -4), (5.5, -4)]
    mouth = [(-4, 11), (4, 11), (0, 11), (0, 11)]
    flat = np.array([*eyes, *brows, (0, 5), *mouth, (0, 17)])
    solid = np.column_stack([flat / 40, depths / 4])
    opened = solid.copy()
    opened[8:, 1] += 0.08  # lower lip and chin

    def seen(points, yaw):
        x, y, z = points.T
        return np.stack([x * np.cos(yaw) + z * np.sin(yaw) + 0.3 * yaw, y], 1)

    driver = motion(np.stack([seen(solid, 0), seen(solid, 0.3), seen(opened, 0.3)]))
    source = motion(seen(solid, 0) * 1.1 + 0.05, seed=1)

    def drive(p, e):
        options = MotionOptions(
            relative=True,
            pose_strength=p,
            expression_strength=e,
            head=SEMANTIC_HEAD,
        )
        return np.asarray(transfer(source, driver, driver.frame(0), options).keypoints)

    pose_only, expression_only = drive(1.0, 0.0), drive(0.0, 1.0)
    lips = slice(7, 9)
    np.testing.assert_allclose(pose_only[1], pose_only[2], atol=1e-5)
    turned = seen(solid, 0.3) - seen(solid, 0)
    assert np.abs(pose_only[1] - source.keypoints - turned).max() < 0.02
    assert np.abs(np.diff(pose_only[2, lips, 1])) < 1e-5  # the mouth stays shut
    assert np.abs(expression_only[1] - source.keypoints).max() < 0.02
    assert 0.07 < np.diff(expression_only[2, lips, 1]).item() < 0.09


@pytest.fixture(scope="module")
def synthetic_faces():
    """Keypoints of a clip that turns, nods and talks, and of another person."""
    return synthetic_keypoints(60, seed=3), synthetic_keypoints(1, seed=8)


def synthetic_keypoints(num_frames, seed):
    head = procedural_head()
    moves, person = draw_motion(num_frames, seed), draw_person(seed, head)
    parameters = Rig(head).parameters(moves.weights, moves.gaze, moves.rotation)
    shape = np.float32(person.shape_params)
    parameters = dataclasses.replace(parameters, shape_params=shape)
    points = landmarks_68(head, pose_head(head, parameters).vertices, parameters)
    camera = Viewpoint(head).cameras(moves.rotation, moves.shift, moves.zoom, 0.5)
    projected = project_weak_perspective(points, camera)
    return semantic_keypoints(np.asarray(projected[..., :2]))


@pytest.mark.parametrize("relative", [False, True])
def test_strengths_of_zero_measured_on_synthetic_faces(synthetic_faces, relative):
    driver, source = motion(synthetic_faces[0]), motion(synthetic_faces[1][0], seed=1)

    def spread(p, e):
        """Deviation over time of head position, turn, and opening of the mouth."""
        options = MotionOptions(
            relative=relative,
            adapt_scale=True,
            pose_strength=p,
            expression_strength=e,
            head=SEMANTIC_HEAD,
        )
        k = transfer(source, driver, driver.frame(0), options).keypoints
        names = dict(zip(SEMANTIC_KEYPOINTS, np.moveaxis(k, 1, 0), strict=True))
        left, right = names["left_eye"], names["right_eye"]
        between = np.linalg.norm(left - right, axis=-1)
        turn = (names["nose_tip"] - (left + right) / 2)[:, 0] / between
        lips = np.linalg.norm(names["upper_lip"] - names["lower_lip"], axis=-1)
        head = np.std((left + right) / 2, axis=0).max()
        return np.array([head, turn.std(), (lips / between).std()])

    full, pose_only, expression_only = spread(1, 1), spread(1, 0), spread(0, 1)
    assert (full > [0.03, 0.03, 0.05]).all()
    np.testing.assert_allclose(pose_only[:2], full[:2], rtol=0.1)
    assert pose_only[2] < 0.02 * full[2]
    assert (expression_only[:2] < 0.02 * full[:2]).all()
    np.testing.assert_allclose(expression_only[2], full[2], rtol=0.1)


def test_the_head_model_describes_the_semantic_keypoints():
    rigid = [
        name
        for name, weight in zip(SEMANTIC_KEYPOINTS, SEMANTIC_HEAD.weights, strict=True)
        if weight
    ]
    assert rigid == ["left_eye", "right_eye", "nose_tip"]
    deepest = SEMANTIC_KEYPOINTS[int(np.argmax(SEMANTIC_HEAD.depths))]
    assert deepest == "nose_tip" and len(SEMANTIC_HEAD.depths) == 10


def test_relative_expression_adds_the_change(golden):
    source, driving, initial = scenario(golden)
    options = MotionOptions(relative_expression=True, expression_strength=0.5)
    result = transfer(source, driving, initial, options)
    expected = source.expression + 0.5 * (driving.expression - driving.expression[0])
    np.testing.assert_allclose(result.expression, expected, rtol=1e-6)


def test_best_frame_matches_the_golden_index(golden):
    source, driving = golden["in/landmarks_source"], golden["in/landmarks_driving"]
    best = int(golden["out/best_frame"])
    assert find_best_frame(source, driving) == best
    valid = np.ones(len(driving), bool)
    valid[best] = False
    others = [i for i in range(len(driving)) if i != best]
    assert (
        find_best_frame(source, driving, valid)
        == (others[find_best_frame(source, driving[others])])
    )


def test_forward_and_backward_joined_equal_the_initial_frame(golden):
    source, driving, _ = scenario(golden)
    options = MotionOptions(relative=True, adapt_scale=True)
    best = 3
    indices = np.arange(len(driving))
    forward, backward = indices[best:], indices[: best + 1][::-1]
    halves = [
        np.asarray(
            transfer(
                source,
                Motion(driving.keypoints[half], driving.expression[half]),
                driving.frame(half[0]),
                options,
            ).keypoints
        )
        for half in (backward, forward)
    ]
    joined = np.concatenate([halves[0][::-1], halves[1][1:]])
    whole = transfer(source, driving, driving.frame(best), options)
    np.testing.assert_array_equal(joined, whole.keypoints)


@pytest.mark.parametrize(
    "options", [{"pose_strength": -1.0}, {"expression_strength": float("nan")}]
)
def test_strengths_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="strength: a number >= 0 expected"):
        MotionOptions(**options)


def test_initial_index_and_missing_faces_are_checked():
    assert initial_index(-1, 5) == 4
    with pytest.raises(ValueError, match="5 driving frames expected, got 5"):
        initial_index(5, 5)
    with pytest.raises(ValueError, match="no driving frame has a detected face"):
        find_best_frame(np.zeros((68, 2)), np.zeros((3, 68, 2)), np.zeros(3, bool))
