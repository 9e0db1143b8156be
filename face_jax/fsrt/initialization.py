"""How FSRT's encoder and decoder begin."""

from typing import Literal, get_args

from face_jax.nn.layers import KernelLimit, fan_in_limit, he_limit, unit_limit

Initialization = Literal["published", "he", "balanced"]
"""``published``: PyTorch's default, as the paper's networks began. It shrinks every
signal from layer to layer: for thousands of steps all pixels look alike to the
attention, and the source image is hardly seen.

``he``: He-uniform kernels around the ReLUs of the patch CNN and of the decoder's first
layers, which keep the signal. ``balanced``: the same; in first layers, image,
keypoints, pixels and expression each have a fan-in of their own, so that three colour
channels weigh as much as hundreds of encodings; and queries, keys and values keep the
variance, so that attention differs from pixel to pixel from the start. A short run then
uses the source much earlier."""


def check(initialization: str, field: str) -> None:
    """Refuses an unknown initialization.

    Args:
      initialization: what was given.
      field: where, for the error.

    Raises:
      ValueError: it is none of ``Initialization``.
    """
    if initialization not in get_args(Initialization):
        raise ValueError(
            f"{field}.initialization: expected one of {get_args(Initialization)}, "
            f"got {initialization!r}"
        )


def relu_limit(initialization: str) -> KernelLimit:
    """Bounds of kernels beside a ReLU."""
    return fan_in_limit if initialization == "published" else he_limit


def linear_limit(initialization: str) -> KernelLimit:
    """Bounds of kernels without a nonlinearity beside them."""
    return unit_limit if initialization == "balanced" else fan_in_limit
