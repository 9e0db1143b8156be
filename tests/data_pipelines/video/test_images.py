import cv2
import numpy as np
import pytest

from data_pipelines.video import read_image, write_image
from tests.data_pipelines.video.clips import numbered_frames, write_stream, write_tone


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def test_round_trip(tmp_path, picture):
    write_image(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), picture)
    write_image(tmp_path / "grey.png", picture[..., 0])
    grey = read_image(tmp_path / "grey.png")
    np.testing.assert_array_equal(grey, np.repeat(picture[..., :1], 3, axis=2))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "grey.png"]


def test_alpha_is_dropped(tmp_path, picture):
    alpha = np.zeros((20, 30, 1), np.uint8)
    bgra = np.concatenate([picture[..., ::-1], alpha], axis=2)
    cv2.imwrite(str(tmp_path / "alpha.png"), bgra)
    np.testing.assert_array_equal(read_image(tmp_path / "alpha.png"), picture)


def test_sixteen_bits(tmp_path, picture):
    deep = picture[..., ::-1].astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    np.testing.assert_array_equal(read_image(tmp_path / "deep.png"), picture)


def test_exif_orientation(tmp_path):
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:, :16] = 255
    _, encoded = cv2.imencode(".jpg", stored)
    data = encoded.tobytes()
    # One EXIF tag in big-endian TIFF: orientation (0x112) = 6, turn clockwise to show.
    tiff = (
        b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
        + bytes(4)
    )
    segment = b"Exif\x00\x00" + tiff
    header = b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big")
    (tmp_path / "turned.jpg").write_bytes(data[:2] + header + segment + data[2:])
    image = read_image(tmp_path / "turned.jpg")
    assert image.shape == (32, 16, 3)
    assert image[:12].min() > 240
    assert image[20:].max() < 16


def test_unreadable_files_are_described(tmp_path):
    video = write_stream(tmp_path / "clip.mp4", numbered_frames(3))
    with pytest.raises(ValueError, match=r"clip.mp4: expected an image, found a video"):
        read_image(video)
    with pytest.raises(ValueError, match="expected an image, found sound"):
        read_image(write_tone(tmp_path / "tone.wav", 0.1, "pcm_s16le"))
    (tmp_path / "text.png").write_text("hello there")
    with pytest.raises(ValueError, match="found 11 bytes starting with b'hello th'"):
        read_image(tmp_path / "text.png")
    (tmp_path / "empty.png").touch()
    with pytest.raises(ValueError, match="found an empty file"):
        read_image(tmp_path / "empty.png")
    with pytest.raises(ValueError, match="found a folder"):
        read_image(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"gone.png: no such image"):
        read_image(tmp_path / "gone.png")


def test_unwritable_images(tmp_path, picture):
    with pytest.raises(ValueError, match="got float32"):
        write_image(tmp_path / "a.png", picture.astype(np.float32))
    with pytest.raises(ValueError, match="no image format is known"):
        write_image(tmp_path / "a.unknown", picture)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        write_image(tmp_path / "nowhere" / "a.png", picture)
    assert list(tmp_path.iterdir()) == []
