"""Keypoint detector: ten points, a feature map and soft heatmaps of a face.

The detector of the first-order motion model, as FSRT uses it (arXiv 2404.09736).
"""

from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from face_jax.geometry.keypoints import (
    soft_argmax,
    spatial_softmax,
    squared_distances,
)
from face_jax.nn.hourglass import Hourglass, Norm
from face_jax.nn.layers import Conv
from face_jax.nn.resample import antialias_downsample
from face_jax.types import Array, Form

HEAD_SIZE = 7
"""Side of the head's kernel, and of the expression encoder's."""


class Keypoints(struct.PyTreeNode):
    """What the detector knows about a batch of images.

    Attributes:
      positions: [B, K, 2] (x, y), in the frame that the detector's field
        ``coordinates`` names; given positions are always pixel coordinates.
      feature_map: [B, h, w, C], the image itself in the last three channels.
      heatmap: [B, h', w', K] float32, each map sums to 1.
    """

    positions: Array
    feature_map: Array
    heatmap: Array


class KeypointDetector(nn.Module):
    """Hourglass with a heatmap per keypoint, read out by a soft argmax.

    Attributes:
      num_keypoints: number of keypoints.
      block_expansion: channels of the hourglass's last block.
      num_blocks: halvings inside the hourglass.
      max_features: limit of the hourglass's channels.
      scale_factor: the hourglass works on the image at this scale, 1/n.
      temperature: of the softmax over a heatmap's cells.
      head_padding: zeros around the feature map before the head. The published
        head has none, so heatmaps lack three cells on each side.
      norm: ``frozen_batch`` for imported weights (stored statistics, always),
        ``group`` for a detector that is trained here.
      coordinates: frame of detected positions. ``heatmap``: ±1 is the centre of the
        first and last heatmap cell, which is not the image's edge; published weights
        were trained with it. ``pixel``: pixel coordinates, ±1 the image's edges.
      heatmap_sigma: width of the heatmaps around given positions, in pixel
        coordinates (the image is 2 wide).
      dtype: type of the computation; heatmaps and positions are float32.
      form: how convolutions are computed.
    """

    num_keypoints: int = 10
    block_expansion: int = 32
    num_blocks: int = 5
    max_features: int = 1024
    scale_factor: float = 0.25
    temperature: float = 0.1
    head_padding: int = 0
    norm: Norm = "frozen_batch"
    coordinates: Literal["heatmap", "pixel"] = "heatmap"
    heatmap_sigma: float = 0.1
    dtype: Any = jnp.float32
    form: Form = "fast"

    def setup(self):
        """Creates the submodules."""
        self.hourglass = Hourglass(
            self.block_expansion,
            self.num_blocks,
            self.max_features,
            self.norm,
            self.dtype,
            self.form,
        )
        self.head = Conv(
            self.num_keypoints,
            HEAD_SIZE,
            padding=self.head_padding,
            dtype=self.dtype,
            by_rows=True,
            form=self.form,
        )

    def __call__(self, images: Array) -> Keypoints:
        """Detects keypoints.

        Args:
          images: [B, H, W, 3] float in [0, 1].

        Returns:
          Keypoints in the frame of ``coordinates``, feature map and heatmaps.

        Raises:
          ValueError: a side of the image does not fit the hourglass.
        """
        feature_map = self.features(images)
        heatmap = spatial_softmax(self.logits(feature_map), self.temperature)
        positions = soft_argmax(heatmap)
        if self.coordinates == "pixel":
            first, last = self._cell_centres(*images.shape[1:3])[[0, -1], [0, -1]]
            positions = (first + last) / 2 + positions * (last - first) / 2
        return Keypoints(positions=positions, feature_map=feature_map, heatmap=heatmap)

    def features_at(self, images: Array, positions: Array) -> Keypoints:
        """Feature map of images, with heatmaps around positions that are given.

        Args:
          images: [B, H, W, 3] float in [0, 1].
          positions: [B, K, 2] (x, y) in pixel coordinates, ±1 the image's edges.

        Returns:
          The positions as they came, feature map and heatmaps; the head is unused.
        """
        feature_map = self.features(images)
        grid = self._cell_centres(*images.shape[1:3])
        logits = squared_distances(positions, grid) / (-2 * self.heatmap_sigma**2)
        heatmap = jax.nn.softmax(logits, axis=(1, 2))
        return Keypoints(positions=positions, feature_map=feature_map, heatmap=heatmap)

    def features(self, images: Array) -> Array:
        """Feature map [B, h, w, block_expansion + 3] of images [B, H, W, 3]."""
        return self.hourglass(antialias_downsample(images, self.scale_factor))

    def logits(self, feature_map: Array) -> Array:
        """Scores of the heatmaps' cells, [B, h', w', K], before the softmax."""
        return self.head(feature_map)

    def _cell_centres(self, height: int, width: int) -> np.ndarray:
        """Pixel coordinates of the heatmap's cells, [h', w', 2]."""
        x, y = self._cell_axis(width), self._cell_axis(height)
        return np.stack(np.meshgrid(x, y), axis=-1)

    def _cell_axis(self, length: int) -> np.ndarray:
        step = round(1.0 / self.scale_factor)
        lost = HEAD_SIZE // 2 - self.head_padding
        cells = np.arange(lost, -(-length // step) - lost)
        centres = (cells * step + 0.5 - length / 2) / (length / 2)
        return centres.astype(np.float32)
