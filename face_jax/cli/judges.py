"""Networks that judge generated clips; each is the user's, and each may be missing."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from data_pipelines.landmarks.detectors import FaceDetector
from face_jax.metrics.lpips import Lpips
from face_jax.metrics.published import BACKBONES, INCEPTION
from face_jax.nn.apply import apply
from face_jax.nn.inception_v3 import InceptionV3
from face_jax.nn.iresnet import ImprovedResNet
from face_jax.smirk.model import Model
from face_jax.train.checkpoints import load_network
from face_jax.types import Array, Params

Distance = Callable[[Array, Array], Array]
"""Two batches of pictures, [B, H, W, 3] in [0, 255], to a number [B] for each pair."""

Embedding = Callable[[Array], Array]
"""Aligned faces, [B, 112, 112, 3] in [0, 255], to embeddings [B, D]."""

Features = Callable[[Array], Array]
"""Pictures, [B, H, W, 3] in [0, 255], to features [B, D]."""

IDENTITY = "identity"
"""The identity network among the parts of MICA."""


@dataclasses.dataclass(frozen=True)
class Judges:
    """Who looks at clips; what a missing one would have told stays unknown.

    Attributes:
      detector: finds faces, with their 68 landmarks or without.
      smirk: tells expressions and rotations of heads.
      identity: tells people apart, see ``identity_judge``.
      lpips: compares pictures, see ``lpips_judge``.
      inception: tells how sets of pictures differ, see ``inception_judge``.
    """

    detector: FaceDetector | None = None
    smirk: Model | None = None
    identity: Embedding | None = None
    lpips: Distance | None = None
    inception: Features | None = None


def lpips_judge(folder: str | Path, name: str = "lpips_alex") -> Distance:
    """LPIPS with the weights that ``face-jax convert`` made a checkpoint of.

    Args:
      folder: the checkpoint.
      name: ``lpips_alex`` or ``lpips_vgg16``, the kind that was converted.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: it holds other networks, or there is no such kind.
    """
    if name not in BACKBONES:
        raise ValueError(f"LPIPS: expected one of {list(BACKBONES)}, got {name!r}")
    variables = jax.device_put(load_network(folder, name))
    network = Lpips(BACKBONES[name])

    @jax.jit
    def distance(variables: Params, prediction: Array, target: Array) -> Array:
        pictures = (jnp.asarray(x, jnp.float32) / 255 for x in (prediction, target))
        return apply(network, variables, *pictures)

    return lambda prediction, target: distance(variables, prediction, target)


def inception_judge(folder: str | Path, network: InceptionV3 | None = None) -> Features:
    """FID's features by the weights that ``face-jax convert inception`` converted.

    Args:
      folder: the checkpoint.
      network: its module; None for the published one.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: it holds other networks.
    """
    variables = jax.device_put(load_network(folder, INCEPTION))
    module = network or InceptionV3()

    @jax.jit
    def features(variables: Params, pictures: Array) -> Array:
        return apply(module, variables, pictures / 255)

    # Bytes and numbers are one program, which takes long to compile.
    return lambda pictures: features(variables, np.asarray(pictures, np.float32))


def identity_judge(
    folder: str | Path, network: ImprovedResNet | None = None
) -> Embedding:
    """The ArcFace network in a checkpoint that ``face-jax convert mica`` made.

    Args:
      folder: the checkpoint.
      network: its module; None for the published one.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: it holds other networks.
    """
    variables = load_network(folder, "mica")
    own = {name: tree[IDENTITY] for name, tree in variables.items()}
    return embedding_of(network or ImprovedResNet(), own)


def embedding_of(network: ImprovedResNet, variables: Params) -> Embedding:
    """An identity network as a judge; it sees colours as RGB in [-1, 1]."""
    placed = jax.device_put(variables)

    @jax.jit
    def embed(variables: Params, faces: Array) -> Array:
        return apply(network, variables, jnp.asarray(faces, jnp.float32) / 127.5 - 1)

    return lambda faces: embed(placed, np.asarray(faces))
