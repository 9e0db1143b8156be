"""Class activation maps: which places of a picture an expression was recognised by.

Grad-CAM (arXiv 1610.02391) and Grad-CAM++ (arXiv 1710.11063) on the maps that the
attention heads see; Latent-OFER (arXiv 2307.11404) chooses latents by them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import flax.struct
import jax
import jax.numpy as jnp

from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.nn.apply import apply
from face_jax.nn.resample import resize_bilinear
from face_jax.types import Array

Method = Literal["grad_cam", "grad_cam_plus_plus"]

WEIGHT_EPSILON = 1e-6
"""Added to the denominator of Grad-CAM++'s weights."""


@flax.struct.dataclass
class ActivationMaps:
    """What speaks for one class in each of B pictures, head by head.

    Attributes:
      maps: [B, K, h, w] float32, weighted sums of channels; negative where a place
        speaks against the class.
      classes: int32 [B], the class of each picture.
    """

    maps: Array
    classes: Array


def class_activation_maps(
    network: ExpressionNetwork,
    variables: Mapping[str, Any],
    images: Array,
    classes: Array | None = None,
    method: Method = "grad_cam_plus_plus",
) -> ActivationMaps:
    """Maps of all heads at once; static under ``jit``: network and method.

    Args:
      network: trained on expressions; batch norms use their stored statistics.
      variables: its variables.
      images: [B, H, W, 3] float, as the network takes them.
      classes: int [B], what is asked for; None asks for the likeliest class.
      method: how channels are weighed.

    Returns:
      The maps, before the ReLU.

    Raises:
      ValueError: there is no such method, or the images are not [B, H, W, 3].
    """
    if method not in _WEIGHTS:
        raise ValueError(f"method: expected one of {list(_WEIGHTS)}, got {method!r}")
    attended = apply(network, variables, images, method=network.attend)

    def classify(attended: Array) -> Array:
        return apply(network, variables, attended, method=network.classify)

    logits, pull_back = jax.vjp(classify, attended)
    chosen = jnp.argmax(logits, axis=-1) if classes is None else classes
    (gradients,) = pull_back(jax.nn.one_hot(chosen, logits.shape[-1]))
    attended, gradients = (x.astype(jnp.float32) for x in (attended, gradients))
    weights = _WEIGHTS[method](attended, gradients)
    maps = jnp.einsum("bkc,bkhwc->bkhw", weights, attended)
    return ActivationMaps(maps=maps, classes=chosen.astype(jnp.int32))


def shown_maps(maps: Array, size: tuple[int, int]) -> Array:
    """What speaks for the class, as large as the picture.

    Args:
      maps: [B, K, h, w], of ``class_activation_maps``.
      size: height and width of the picture.

    Returns:
      [B, K, height, width] float32: each map without its negative part, resized with
      half-pixel centres, and stretched to [0, 1]; 0 where it is the same everywhere.
    """
    flat = jax.nn.relu(maps).reshape(-1, *maps.shape[2:], 1)
    large = resize_bilinear(flat, size).reshape(*maps.shape[:2], *size)
    large = large - large.min(axis=(2, 3), keepdims=True)
    highest = large.max(axis=(2, 3), keepdims=True)
    return large / jnp.where(highest > 0, highest, 1.0)


def _grad_cam(activations: Array, gradients: Array) -> Array:
    """Weights [B, K, C] from two arrays [B, K, h, w, C]: gradients, averaged."""
    return gradients.mean(axis=(2, 3))


def _grad_cam_plus_plus(activations: Array, gradients: Array) -> Array:
    """Likewise: positive gradients, each place's by what it adds to the logit.

    The share of a place is G^2 / (2 G^2 + G^3 sum A), 0 where G is.
    """
    total = activations.sum(axis=(2, 3), keepdims=True)
    denominator = 2 * gradients**2 + total * gradients**3 + WEIGHT_EPSILON
    share = jnp.where(gradients != 0, gradients**2 / denominator, 0.0)
    return jnp.sum(jax.nn.relu(gradients) * share, axis=(2, 3))


_WEIGHTS: dict[str, Callable[[Array, Array], Array]] = {
    "grad_cam": _grad_cam,
    "grad_cam_plus_plus": _grad_cam_plus_plus,
}
