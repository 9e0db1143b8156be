import numpy as np

from data_pipelines.landmarks.files import load_landmarks
from data_pipelines.landmarks.schemas import MEDIAPIPE_TO_68
from data_pipelines.video import VideoWriter, write_image
from tests.measure.real_faces import main


def test_collection_is_split_into_files(tmp_path):
    for folder in ("clips", "stills"):
        (tmp_path / folder).mkdir()
    with VideoWriter(tmp_path / "clips" / "a.mp4", 25) as writer:
        for _ in range(4):
            writer.write(np.zeros((32, 48, 3), np.uint8))
    write_image(tmp_path / "stills" / "a.png", np.zeros((20, 30, 3), np.uint8))
    meshes = np.random.default_rng(0).integers(0, 240, (2, 478, 3)).astype(np.int16)
    np.savez(
        tmp_path / "all.npz",
        clip_file=["clips/a.mp4"],
        clip_index=[0, 0],
        clip_frame=[0, 2],
        clip_xyz8=meshes,
        still_file=["stills/a.png"],
        still_index=[0, 0],
        still_face=[0, 1],
        still_xyz8=meshes,
    )
    main(tmp_path / "all.npz", tmp_path / "out")
    clip = load_landmarks(tmp_path / "out" / "clips" / "a.npz", 4, (48, 32))
    expected = meshes[1, MEDIAPIPE_TO_68, :2] / 8 - 0.5
    np.testing.assert_allclose(clip.points[2], expected)
    np.testing.assert_allclose(clip.irises[2], meshes[1, [468, 473], :2] / 8 - 0.5)
    still = load_landmarks(tmp_path / "out" / "stills" / "a.npz", 1, (30, 20))
    np.testing.assert_allclose(
        still.points[0], meshes[0, MEDIAPIPE_TO_68, :2] / 8 - 0.5
    )
