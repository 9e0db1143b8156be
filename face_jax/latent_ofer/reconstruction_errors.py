"""Covered patches by how badly the rest of the picture tells them.

A plain detector: each patch is hidden from a masked autoencoder, which predicts it from
others, and what was not to be expected is taken for covered. It is what one has without
a classifier of latents (Latent-OFER, arXiv 2307.11404). Its weakness is that a patch
amid a large occluder is told well by its neighbours, the better the fewer are hidden at
a time.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.mae import MaskedAutoencoder
from face_jax.latent_ofer.reconstruction import patch_targets
from face_jax.nn.apply import apply
from face_jax.nn.checks import check_shape
from face_jax.types import Array

SMALLEST_ERROR = 1e-6
"""Least mean error of clean faces that others are divided by."""


def patch_groups(patches: int, groups: int, seed: int = 0) -> np.ndarray:
    """Divides patches at random into groups that are hidden together.

    Args:
      patches: L, of a picture.
      groups: G, a divisor of L, at least 2; a share 1 / G of the patches is hidden at a
        time.
      seed: of the division, which is the same for the same seed.

    Returns:
      int32 [G, L / G], numbers of patches, each of them once.

    Raises:
      ValueError: the patches cannot be divided like this.
    """
    if groups < 2 or patches % groups:
        raise ValueError(
            f"groups: expected a divisor of {patches} patches from 2 on, got {groups}"
        )
    order = np.random.default_rng(seed).permutation(patches)
    return order.reshape(groups, -1).astype(np.int32)


def predict_from_others(
    network: MaskedAutoencoder, variables: Any, images: Array, groups: Array
) -> Array:
    """Every patch as predicted from those of the other groups.

    Args:
      network: static under ``jit``.
      variables: its variables.
      images: [B, image_size, image_size, 3] float RGB in [0, 1].
      groups: int32 [G, L / G], of ``patch_groups``; one pass is made for each.

    Returns:
      float32 [B, L, patch_size ** 2 * 3] in the units that the network predicts. The
      pixels of a patch, and of its group, do not influence its prediction.

    Raises:
      ValueError: the groups do not hold as many patches, or the pictures have another
        size.
    """
    check_shape("groups", groups, (len(groups), network.num_patches // len(groups)))
    groups = jnp.asarray(groups)

    def hidden_group(number: Array) -> Array:
        turned = jnp.roll(groups, -number, axis=0)
        hidden, kept = turned[0], turned[1:].ravel()
        rows = jnp.broadcast_to(kept, (len(images), kept.size))
        found = apply(
            network, variables, images, rows, method=MaskedAutoencoder.from_kept
        )
        return found.patches[:, hidden]

    found = jax.lax.map(hidden_group, jnp.arange(len(groups)))
    in_groups = jnp.moveaxis(found, 0, 1).reshape(len(images), groups.size, -1)
    return in_groups[:, jnp.argsort(groups.ravel())]


def reconstruction_errors(
    network: MaskedAutoencoder,
    variables: Any,
    images: Array,
    groups: Array,
    normalized: bool = False,
) -> Array:
    """Mean squared error of every patch as predicted from others.

    Args:
      network: static under ``jit``.
      variables: its variables.
      images: as in ``predict_from_others``.
      groups: likewise.
      normalized: whether the network was trained on normalised patches; static.

    Returns:
      float32 [B, L], at least 0, higher where more likely covered; in ImageNet's units
      squared, or in those of normalised patches.

    Raises:
      ValueError: as in ``predict_from_others``.
    """
    predicted = predict_from_others(network, variables, images, groups)
    targets = patch_targets(images, network.patch_size, normalized)
    return jnp.square(predicted - targets).mean(axis=-1)


def relative_errors(errors: Array, clean_errors: Array) -> Array:
    """Errors over what is usual at their places: an eye is harder to tell than a cheek.

    Args:
      errors: [B, L] float.
      clean_errors: [N, L] float, of faces that nothing covers.

    Returns:
      [B, L] float, with mean 1 at every place on the clean faces themselves.

    Raises:
      ValueError: the errors are those of other places.
    """
    check_shape("clean_errors", clean_errors, ("N", errors.shape[-1]))
    return errors / jnp.maximum(clean_errors.mean(axis=0), SMALLEST_ERROR)
