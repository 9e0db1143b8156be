import numpy as np
import pytest

from data_pipelines.landmarks import schemas


@pytest.fixture
def face():
    """A rough upright face in a 200 x 200 picture, mirror symmetric about x = 99.5."""
    points = np.zeros((68, 2), np.float32)
    angle = np.linspace(np.pi, 0, 17)
    points[:17] = np.stack([60 * np.cos(angle), 20 + 70 * np.sin(angle)], axis=1)
    points[17:22] = np.stack([np.linspace(-50, -12, 5), [-30, -38, -40, -38, -34]], 1)
    points[27:31] = [(0, -15), (0, -5), (0, 5), (0, 14)]
    points[31:36] = [(-10, 20), (-5, 22), (0, 23), (5, 22), (10, 20)]
    points[36:42] = [
        (-40, -15),
        (-34, -20),
        (-26, -20),
        (-20, -15),
        (-26, -11),
        (-34, -11),
    ]
    points[48:55] = [
        (-20, 45),
        (-12, 40),
        (-5, 38),
        (0, 39),
        (5, 38),
        (12, 40),
        (20, 45),
    ]
    points[55:60] = [(12, 52), (5, 55), (0, 56), (-5, 55), (-12, 52)]
    points[60:65] = [(-16, 45), (-6, 43), (0, 43), (6, 43), (16, 45)]
    points[65:68] = [(6, 49), (0, 50), (-6, 49)]
    for left, right in [(17, 26), (18, 25), (19, 24), (20, 23), (21, 22)]:
        points[right] = points[left] * (-1, 1)
    for left, right in [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]:
        points[right] = points[left] * (-1, 1)
    return points + np.float32(99.5)


def test_mirror_is_an_involution_and_maps_a_symmetric_face_to_itself(face):
    table = np.array(schemas.MIRROR)
    np.testing.assert_array_equal(table[table], np.arange(68))
    np.testing.assert_allclose(schemas.mirror_landmarks(face, 200), face, atol=1e-4)


def test_mirror_agrees_with_a_mirrored_picture():
    picture = np.zeros((10, 12), np.uint8)
    picture[4, 3] = 255
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[36] = (3, 4)
    x, y = schemas.mirror_landmarks(landmarks, 12)[45]
    assert picture[:, ::-1][int(y), int(x)] == 255


def test_semantic_keypoints(face):
    keypoints = dict(
        zip(schemas.SEMANTIC_KEYPOINTS, schemas.semantic_keypoints(face), strict=True)
    )
    np.testing.assert_allclose(keypoints["left_eye"], (69.5, 84.1667), atol=1e-3)
    np.testing.assert_allclose(keypoints["right_brow"][0] - 99.5, 31, atol=1)
    np.testing.assert_array_equal(keypoints["chin"], face[8])
    np.testing.assert_allclose(keypoints["lower_lip"] - keypoints["upper_lip"], (0, 7))


def test_semantic_keypoints_keep_leading_axes_and_mirror(face):
    track = np.stack([face, face + 3])
    keypoints = schemas.semantic_keypoints(track)
    assert keypoints.shape == (2, 10, 2)
    assert keypoints.dtype == np.float32
    mirrored = schemas.semantic_keypoints(schemas.mirror_landmarks(track, 200))
    swapped = keypoints[:, [1, 0, 3, 2, 4, 6, 5, 7, 8, 9]] * (-1, 1) + (199, 0)
    np.testing.assert_allclose(mirrored, swapped, atol=1e-4)


def test_mediapipe_selection():
    assert len(set(schemas.MEDIAPIPE_TO_68)) == 68
    mesh = np.arange(478 * 3, dtype=np.float32).reshape(478, 3)
    np.testing.assert_array_equal(schemas.mediapipe_to_68(mesh)[8], mesh[152, :2])


def test_rescaling_keeps_corners_and_centres():
    corners = np.array([[-0.5, -0.5], [99.5, 49.5], [49.5, 24.5]])
    scaled = schemas.rescale_landmarks(corners, (100, 50), (256, 256))
    np.testing.assert_allclose(scaled, [[-0.5, -0.5], [255.5, 255.5], [127.5, 127.5]])


def test_region_box(face):
    box = schemas.region_box(face, "mouth", margin=0.25)
    np.testing.assert_allclose(box, np.array([-30, 28, 30, 66]) + 100, atol=1e-4)
    assert schemas.region_box(np.stack([face] * 3), "eyes").shape == (3, 4)
    with pytest.raises(ValueError, match=r"expected a region in .*got 'ear'"):
        schemas.region_box(face, "ear")


def test_face_box_reaches_from_the_hairline_to_the_chin(face):
    left, top, right, bottom = schemas.face_box(face)
    np.testing.assert_allclose([left, right, bottom], [40, 160, 190], atol=1e-4)
    np.testing.assert_allclose(top, 60 - 0.2 * 130, atol=1e-3)


def test_wrong_number_of_points():
    with pytest.raises(
        ValueError, match=r"expected landmarks \[..., 68, 2\], got \[5, 2\]"
    ):
        schemas.semantic_keypoints(np.zeros((5, 2)))
