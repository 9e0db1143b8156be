import numpy as np
import pytest

from data_pipelines.landmarks.files import load_landmarks, save_landmarks
from data_pipelines.landmarks.schemas import MEDIAPIPE_TO_68


def moving_points(frames, count=68):
    """Points that move linearly: every coordinate grows by 2 per frame."""
    start = np.arange(count * 2, dtype=np.float32).reshape(count, 2)
    return start + 2 * np.asarray(frames, np.float32)[:, None, None]


def test_published_layout(tmp_path):
    points = np.random.default_rng(0).uniform(20, 230, (5, 68, 2))
    points[3] = 0  # no face found
    np.save(tmp_path / "clip.npy", points)
    track = load_landmarks(tmp_path / "clip.npy", 5)
    np.testing.assert_array_equal(track.valid, [1, 1, 1, 0, 1])
    np.testing.assert_allclose(track.points, points.astype(np.float32), atol=1e-4)
    assert track.points.dtype == np.float32
    assert np.isnan(track.irises).all()
    assert len(track) == 5


def test_published_layout_is_scaled_to_the_frame(tmp_path):
    points = np.zeros((2, 68, 2))
    points[0, :2] = [(-0.5, 255.5), (127.5, 63.5)]
    np.save(tmp_path / "clip.npy", points)
    track = load_landmarks(tmp_path / "clip.npy", 2, frame_size=(640, 480))
    np.testing.assert_allclose(track.points[0, :2], [(-0.5, 479.5), (319.5, 119.5)])
    assert not track.points[1].any()


def test_frames_between_detections_are_interpolated(tmp_path):
    frames = [0, 2, 4, 10, 30, 32]
    save_landmarks(tmp_path / "a.npz", moving_points(frames), frames, (100, 80))
    track = load_landmarks(tmp_path / "a.npz", 40, max_gap=6)
    expected = [*range(11), 30, 31, 32, 33]
    np.testing.assert_array_equal(np.flatnonzero(track.valid), expected)
    inside = [n for n in expected if n != 33]
    np.testing.assert_allclose(track.points[inside], moving_points(inside), rtol=1e-6)
    np.testing.assert_array_equal(track.points[33], track.points[32])
    assert not track.points[~track.valid].any()


def test_first_and_last_detection_are_held_for_less_than_a_step(tmp_path):
    frames = [3, 6, 9, 12]
    save_landmarks(tmp_path / "a.npz", moving_points(frames), frames, (100, 80))
    track = load_landmarks(tmp_path / "a.npz", 20)
    np.testing.assert_array_equal(np.flatnonzero(track.valid), range(1, 15))


def test_every_frame_and_a_still(tmp_path):
    save_landmarks(tmp_path / "a.npz", moving_points(range(4)), range(4), (100, 80))
    track = load_landmarks(tmp_path / "a.npz")
    np.testing.assert_array_equal(track.points, moving_points(range(4)))
    save_landmarks(tmp_path / "b.npz", moving_points([0]), [0], (100, 80))
    assert load_landmarks(tmp_path / "b.npz", 1).valid.all()


def test_no_detection_at_all(tmp_path):
    save_landmarks(tmp_path / "a.npz", np.zeros((0, 68, 2)), [], (100, 80))
    track = load_landmarks(tmp_path / "a.npz", 3)
    assert (track.points.shape, track.valid.any()) == ((3, 68, 2), False)


def test_mesh_gives_landmarks_and_irises(tmp_path):
    mesh = np.random.default_rng(0).uniform(0, 90, (3, 478, 3)).astype(np.float32)
    save_landmarks(tmp_path / "a.npz", mesh, [0, 2, 4], (100, 80))
    track = load_landmarks(tmp_path / "a.npz", 5)
    np.testing.assert_allclose(track.points[2], mesh[1, MEDIAPIPE_TO_68, :2], rtol=1e-6)
    middle = (mesh[0] + mesh[1])[[468, 473], :2] / 2
    np.testing.assert_allclose(track.irises[1], middle, rtol=1e-6)


def test_irises_stay_unknown_where_they_are(tmp_path):
    irises = np.zeros((2, 2, 2))
    irises[1] = np.nan
    save_landmarks(tmp_path / "a.npz", moving_points([0, 1]), [0, 1], (9, 9), irises)
    known = np.isfinite(load_landmarks(tmp_path / "a.npz").irises).all(axis=(1, 2))
    np.testing.assert_array_equal(known, [True, False])


def test_another_frame_size(tmp_path):
    save_landmarks(tmp_path / "a.npz", moving_points([0]), [0], (100, 80))
    track = load_landmarks(tmp_path / "a.npz", frame_size=(200, 160))
    np.testing.assert_allclose(track.points, moving_points([0]) * 2 + 0.5)


def test_files_of_another_clip(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((7, 68, 2)))
    with pytest.raises(ValueError, match="expected landmarks of 9 frames, found 7"):
        load_landmarks(tmp_path / "a.npy", 9)
    save_landmarks(tmp_path / "a.npz", moving_points([0, 9]), [0, 9], (100, 80))
    with pytest.raises(ValueError, match="expected frames 0 to 4, found frame 9"):
        load_landmarks(tmp_path / "a.npz", 5)


def test_unreadable_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.npy"):
        load_landmarks(tmp_path / "gone.npy")
    for name in ("bad.npy", "bad.npz"):
        (tmp_path / name).write_text("nonsense")
        with pytest.raises(ValueError, match=f"{name}: unreadable landmark file"):
            load_landmarks(tmp_path / name)
    (tmp_path / "points.txt").touch()
    with pytest.raises(ValueError, match=r"ending in \.npy or \.npz"):
        load_landmarks(tmp_path / "points.txt")
    np.save(tmp_path / "a.npy", np.ones((7, 67, 2)))
    with pytest.raises(
        ValueError, match=r"expected \[frames, 68, 2\], found \[7, 67, 2\]"
    ):
        load_landmarks(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", points=np.ones((1, 68, 2)))
    with pytest.raises(ValueError, match=r"no {'(frames|size)', '(frames|size)'}"):
        load_landmarks(tmp_path / "a.npz")


def test_nothing_is_written_when_shapes_do_not_fit(tmp_path):
    with pytest.raises(ValueError, match="2 increasing frame numbers"):
        save_landmarks(tmp_path / "a.npz", moving_points([0, 1]), [1, 0], (9, 9))
    with pytest.raises(ValueError, match=r"points \[n, 68 or 478, 2 or 3\]"):
        save_landmarks(tmp_path / "a.npz", np.zeros((1, 5, 2)), [0], (9, 9))
    assert list(tmp_path.iterdir()) == []
