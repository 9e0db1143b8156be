import numpy as np
import pytest

from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.tiles import distinct, tilings


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (641, 479), (512, 512)])
def test_every_face_of_half_a_side_lies_in_one_square(size):
    coverings = list(tilings(*size))
    assert [squares[0][2] for squares in coverings] == (
        [size[0] // 2] if size[0] == size[1] else [min(size), min(size) // 2]
    )
    for squares in coverings:
        left, top, side = np.array(squares, float).T
        assert (left >= 0).all() and (left + side <= size[0]).all()
        assert (top >= 0).all() and (top + side <= size[1]).all()
        half = side[0] // 2 - 1
        x, y = np.meshgrid(*(np.linspace(0, extent - half, 60) for extent in size))
        within = (x[..., None] >= left) & (x[..., None] + half <= left + side)
        within &= (y[..., None] >= top) & (y[..., None] + half <= top + side)
        assert within.any(axis=-1).all()


def test_small_pictures_are_seen_as_a_whole_alone():
    assert list(tilings(200, 200)) == [] and list(tilings(90, 120)) == []
    assert [squares[0][2] for squares in tilings(400, 200)] == [200]


def test_a_face_in_two_squares_is_taken_from_the_one_that_shows_it_best():
    def face(left, size):
        return Face(np.array([left, 40, left + size, 40 + size], float), None, 1.0)

    whole, cut, other = face(90, 20), face(92, 16), face(20, 20)
    near, far = np.array([50, 0, 150, 100.0]), np.array([0, 0, 100, 100.0])
    found = distinct([(cut, far), (whole, near), (other, far)])
    assert {id(face) for face in found} == {id(whole), id(other)}
