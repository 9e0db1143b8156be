"""The networks of FSRT put together: one description of what a checkpoint holds."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from face_jax.fsrt.decoder import SMALL_DECODER, Decoder
from face_jax.fsrt.discriminator import Discriminator
from face_jax.fsrt.encoder import Encoder
from face_jax.fsrt.expression import ExpressionEncoder
from face_jax.fsrt.keypoints import KeypointDetector
from face_jax.types import Array, Variables

KeypointSource = Literal["published", "learned", "landmarks"]
