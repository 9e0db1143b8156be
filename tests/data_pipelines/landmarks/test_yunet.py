import numpy as np
import pytest

from data_pipelines.landmarks.five_points import box_of_five
from data_pipelines.landmarks.yunet import YuNetDetector
from tests.data_pipelines.landmarks import small_yunet
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_small_yunet(tmp_path_factory.mktemp("yunet") / "small.onnx")


def picture(width, height, *cells, color=(0, 255, 0)):
    """A dark picture with marks (column, row, side)."""
    image = np.full((height, width, 3), 20, np.uint8)
    for left, top, side in cells:
        image[top : top + side, left : left + side] = color
    return image


def test_faces_are_where_the_network_sees_them(model):
    frames = np.stack(
        [
            picture(320, 240, (160, 80, 8), (240, 40, 8)),
            picture(320, 240),
            picture(320, 240, (160, 80, 8), color=(255, 0, 0)),
            picture(320, 240, (160, 80, 8), color=(0, 0, 255)),
        ]
    )
    found = YuNetDetector(model).detect(frames)
    assert [len(faces) for faces in found] == [2, 0, 0, 0]
    face = max(found[0], key=lambda face: face.box[1])
    expected = box_of_five(small_yunet.POINTS + np.array([164, 84]))
    np.testing.assert_allclose(face.box, expected, atol=1e-3)
    assert face.landmarks is None and face.mesh is None and not face.is_crop
    assert face.score == pytest.approx(1, abs=0.05)


def test_large_pictures_are_seen_smaller_and_found_in_their_own_pixels(model):
    # 16 pixels of the picture are 8 of what the network sees.
    large = picture(1280, 720, (640, 320, 16))
    ((face,),) = YuNetDetector(model).detect(large[None])
    five = (small_yunet.POINTS + [324, 164] + 0.5) * 2 - 0.5
    np.testing.assert_allclose(face.box, box_of_five(five), atol=1e-2)
    # Seen as it is, the mark is four cells, and boxes are half as large.
    (whole,) = YuNetDetector(model, longest_side=1280).detect(large[None])
    sides = [np.diff(face.box[[0, 2]]) for face in (face, whole[0])]
    assert sides[0] == pytest.approx(2 * sides[1], rel=1e-3)


def test_scores_decide(model):
    dim = picture(320, 240, (160, 80, 8), color=(0, 130, 0))
    ((face,),) = YuNetDetector(model, least_score=0.3).detect(dim[None])
    assert 0.3 < face.score < 0.6
    assert YuNetDetector(model, least_score=0.6).detect(dim[None]) == [[]]


def test_a_missing_model_is_named_with_its_source(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.onnx: no such .* OpenCV Zoo"):
        YuNetDetector(tmp_path / "no.onnx")


@pytest.mark.parametrize("content", [b"", b"no network"])
def test_a_file_that_is_no_network_is_refused(tmp_path, content):
    path = tmp_path / "wrong.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"wrong\.onnx: expected the YuNet network"):
        YuNetDetector(path)


def test_a_network_of_another_kind_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(small_yunet, "STRIDES", (8,))
    path = write_small_yunet(tmp_path / "other.onnx")
    with pytest.raises(ValueError, match=r"other\.onnx: expected the YuNet network"):
        YuNetDetector(path)
