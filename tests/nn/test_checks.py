import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.checks import check_images, check_shape


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8, 8, 3), r"picture: expected \[B, H, W, 3\].*got \[8, 8, 3\]"),
        ((1, 8, 8, 4), "expected"),
        ((1, 8, 12, 3), "divisible by 8, H and W at least 16, got"),
        ((1, 16, 8, 3), "at least 16"),
    ],
)
def test_other_shapes_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        check_images(jnp.zeros(shape), "picture", multiple=8, minimum=16)


def test_fitting_shapes_pass():
    check_images(jnp.zeros((2, 16, 24, 6)), "picture", 6, multiple=8, minimum=16)
    check_images(jnp.zeros((2, 1, 7, 3)), "picture")


@pytest.mark.parametrize("shape", [(2, 5, 3), (2, 0, 3)])
def test_letters_stand_for_any_size(shape):
    check_shape("points", np.zeros(shape), (2, "P", 3))


@pytest.mark.parametrize("shape", [(2, 5, 2), (3, 5, 3), (2, 5), (1, 2, 5, 3)])
def test_arrays_of_other_shapes_are_refused(shape):
    got = str(shape).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=rf"points: expected \[2, P, 3\], got {got}"):
        check_shape("points", np.zeros(shape), (2, "P", 3))


def test_the_same_letter_stands_for_the_same_size():
    check_shape("image", np.zeros((4, 5, 5)), ("B", "S", "S"))
    with pytest.raises(ValueError, match=r"\[B, S, S\], got \(4, 5, 6\)"):
        check_shape("image", np.zeros((4, 5, 6)), ("B", "S", "S"))
