"""Bytes of records and of the pictures in them; equal content gives equal bytes."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import tensorflow_datasets as tfds

JPEG_QUALITY = 95
_PNG_EFFORT = 3
"""Stronger compression of PNG saves a few percent and takes several times as long."""

Features = Any
"""A ``tfds.features.FeaturesDict``; TFDS has no types to check."""


def serialize(features: Features, record: Mapping[str, Any]) -> bytes:
    """The bytes of a record as TFDS stores them; equal records give equal bytes."""
    specs = features.get_serialized_info()
    serializer = tfds.core.example_serializer.ExampleSerializer(specs)
    example = serializer.get_tf_example(features.encode_example(record))
    # TFDS leaves the order of the features to chance, another one in every process.
    return example.SerializeToString(deterministic=True)


def encode(picture: np.ndarray, picture_format: str) -> bytes:
    """Encodes a picture; equal pictures give equal bytes.

    Args:
      picture: uint8 RGB [H, W, 3] or grey [H, W].
      picture_format: ``png`` or ``jpeg``.
    """
    stored = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    if picture_format == "png":
        settings = [cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT]
        return cv2.imencode(".png", stored, settings)[1].tobytes()
    settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return cv2.imencode(".jpg", stored, settings)[1].tobytes()
