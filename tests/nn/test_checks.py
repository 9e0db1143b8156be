import jax.numpy as jnp
import pytest

from face_jax.nn.checks import check_images


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
