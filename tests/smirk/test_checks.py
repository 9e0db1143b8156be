import numpy as np
import pytest

from face_jax.smirk.checks import check_shape


@pytest.mark.parametrize("shape", [(2, 5, 3), (2, 0, 3)])
def test_letters_stand_for_any_size(shape):
    check_shape("points", np.zeros(shape), (2, "P", 3))


@pytest.mark.parametrize("shape", [(2, 5, 2), (3, 5, 3), (2, 5), (1, 2, 5, 3)])
def test_other_shapes_are_refused(shape):
    got = str(shape).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=rf"points: expected \[2, P, 3\], got {got}"):
        check_shape("points", np.zeros(shape), (2, "P", 3))


def test_the_same_letter_stands_for_the_same_size():
    check_shape("image", np.zeros((4, 5, 5)), ("B", "S", "S"))
    with pytest.raises(ValueError, match=r"\[B, S, S\], got \(4, 5, 6\)"):
        check_shape("image", np.zeros((4, 5, 6)), ("B", "S", "S"))
