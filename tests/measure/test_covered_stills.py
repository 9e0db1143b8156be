import numpy as np

from data_pipelines.landmarks.files import load_landmarks, save_landmarks
from data_pipelines.video import read_image, write_image
from tests.measure.covered_stills import main


def test_faces_are_cut_out_and_covered(tmp_path):
    for folder in ("landmarks", "stills"):
        (tmp_path / folder).mkdir()
    picture = np.full((90, 120, 3), 128, np.uint8)
    points = np.random.default_rng(0).uniform((50, 30), (80, 70), (68, 2))
    for name in ("a", "b"):
        write_image(tmp_path / "stills" / f"{name}.png", picture)
        file = tmp_path / "landmarks" / f"{name}.npz"
        save_landmarks(file, points[None], np.zeros(1), (120, 90))
    main(tmp_path / "stills", tmp_path / "landmarks", tmp_path / "out", 9)
    for name in ("a_hand", "b_mask"):
        covered = read_image(tmp_path / "out" / f"{name}.png")
        assert covered.shape[0] == covered.shape[1] and np.any(covered != 128)
        size = (covered.shape[1], covered.shape[0])
        found = load_landmarks(tmp_path / "out" / f"{name}.npz", 1, size)
        middle = (found.points[0].min(axis=0) + found.points[0].max(axis=0)) / 2
        np.testing.assert_allclose(middle, covered.shape[0] / 2, atol=1)
