"""Expression encoder: what the face does, from the detector's features.

Source: FSRT, arXiv 2404.09736.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp

from face_jax.fsrt.keypoints import HEAD_SIZE
from face_jax.nn.convolution import convolve
from face_jax.nn.layers import Mlp, fan_in_limit, symmetric_uniform
from face_jax.types import Array, Form


class ExpressionEncoder(nn.Module):
    """Features pooled around every keypoint, then a small MLP; float32 throughout.

    Published as a 7x7 convolution to K times 32 channels, each group of 32 averaged
    with the heatmap of its keypoint. Both are linear, so the fast form averages the 7x7
    neighbourhoods first and every keypoint applies its own share of the kernel once:
    thirty times less work, equal up to rounding, the same parameters.

    Attributes:
      features_per_keypoint: channels pooled for each keypoint.
      hidden: widths of the MLP's hidden layers.
      expression_size: entries of the expression vector.
      num_keypoints: number of keypoints.
      form: ``plain`` convolves, then averages.
    """

    features_per_keypoint: int = 32
    hidden: Sequence[int] = (640, 1280, 640)
    expression_size: int = 256
    num_keypoints: int = 10
    form: Form = "fast"

    @nn.compact
    def __call__(self, feature_map: Array, heatmap: Array) -> Array:
        """Encodes the expression.

        Args:
          feature_map: [B, h, w, C] of the keypoint detector.
          heatmap: [B, h', w', K], each map sums to 1; h' - h tells the padding with
            which the detector's head ran.

        Returns:
          [B, expression_size] float32.
        """
        kernel, bias = self._convolution(feature_map.shape[-1])
        average = _convolve_and_pool if self.form == "plain" else _pool_and_multiply
        features = average(feature_map, heatmap, kernel, bias)
        features = features.reshape(features.shape[0], -1)
        widths = (*self.hidden, self.expression_size)
        return Mlp(widths, form=self.form, name="mlp")(features)

    def _convolution(self, channels: int) -> tuple[Array, Array]:
        features = self.num_keypoints * self.features_per_keypoint
        init = symmetric_uniform(fan_in_limit(HEAD_SIZE**2 * channels))
        shape = (HEAD_SIZE, HEAD_SIZE, channels, features)
        kernel = self.param("kernel", init, shape, jnp.float32)
        return kernel, self.param("bias", init, (features,), jnp.float32)


def _convolve_and_pool(
    feature_map: Array, heatmap: Array, kernel: Array, bias: Array
) -> Array:
    """The definition: [B, K, features of a keypoint]."""
    rows, columns, keypoints = heatmap.shape[1:]
    padded = _pad_for(feature_map, rows, columns, HEAD_SIZE)
    features = convolve(padded, kernel, 1, 0, "plain") + bias
    features = features.reshape(*features.shape[:3], keypoints, -1)
    return jnp.einsum("byxk,byxkf->bkf", heatmap, features)


def _pool_and_multiply(
    feature_map: Array, heatmap: Array, kernel: Array, bias: Array
) -> Array:
    """The same, the other way round."""
    keypoints = heatmap.shape[-1]
    pooled = pool_neighbourhoods(feature_map, heatmap, HEAD_SIZE)
    kernel = kernel.reshape(*kernel.shape[:3], keypoints, -1)
    features = jnp.einsum("bkijc,ijckf->bkf", pooled, kernel)
    mass = heatmap.sum(axis=(1, 2))[..., None]
    return features + bias.reshape(keypoints, -1) * mass


def pool_neighbourhoods(feature_map: Array, heatmap: Array, size: int) -> Array:
    """Averages the neighbourhoods of a feature map's cells, weighted by heatmaps.

    Row offsets are applied to the (few) heatmaps and column offsets to the feature
    map, which leaves one matrix product and copies neither ``size`` squared times.

    Args:
      feature_map: [B, h, w, C].
      heatmap: [B, h', w', K], over the centres of the neighbourhoods.
      size: side of a neighbourhood.

    Returns:
      [B, K, size, size, C].
    """
    rows, columns = heatmap.shape[1:3]
    feature_map = _pad_for(feature_map, rows, columns, size)
    height = feature_map.shape[1]
    heatmaps = jnp.stack(
        [
            jnp.pad(heatmap, ((0, 0), (i, height - rows - i), (0, 0), (0, 0)))
            for i in range(size)
        ],
        axis=1,
    )
    features = jnp.stack(
        [feature_map[:, :, j : j + columns] for j in range(size)], axis=1
    )
    return jnp.einsum("biyxk,bjyxc->bkijc", heatmaps, features)


def _pad_for(feature_map: Array, rows: int, columns: int, size: int) -> Array:
    """Zeros around a feature map, as many as make the heatmap's size come out."""
    padding = []
    for length, cells in zip(feature_map.shape[1:3], (rows, columns), strict=True):
        missing = cells + size - 1 - length
        if missing < 0 or missing % 2:
            raise ValueError(
                f"heatmap: {cells} cells do not fit {length} cells of the feature map"
            )
        padding.append((missing // 2, missing // 2))
    return jnp.pad(feature_map.astype(jnp.float32), ((0, 0), *padding, (0, 0)))
