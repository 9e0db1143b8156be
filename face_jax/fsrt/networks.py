"""The networks of FSRT put together: what one checkpoint holds, and how they join.

Training, inference and evaluation build the networks here and run them through the
same functions, so that no two of them can disagree on a convention.
Source: FSRT, arXiv 2404.09736.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args

import jax.numpy as jnp

from face_jax.fsrt.decoder import SMALL_DECODER, Decoder
from face_jax.fsrt.discriminator import Discriminator
from face_jax.fsrt.encoder import Encoder
from face_jax.fsrt.expression import ExpressionEncoder
from face_jax.fsrt.keypoints import KeypointDetector, Keypoints
from face_jax.nn.apply import apply
from face_jax.nn.building import build_module
from face_jax.types import Array, Form, Variables

KeypointSource = Literal["published", "learned", "landmarks"]
"""Where keypoints come from.

``published``: a frozen detector with imported weights. ``learned``: a detector
trained together with the rest. ``landmarks``: ten semantic points of a landmark
file; the detector's hourglass then only gives the features of the expression.
"""


@dataclasses.dataclass(frozen=True)
class Networks:
    """The modules of one FSRT model and the facts that tie them together.

    Attributes:
      keypoint_detector: images to keypoints and the feature map of the expression.
      expression_encoder: feature map and heatmaps to an expression vector.
      encoder: source images to the set latent.
      decoder: set latent and query pixels to colours.
      discriminator: patch discriminator of the third phase.
      keypoints: where keypoints come from.
      image_size: side of the square images that the networks are trained on, pixels.
      form: how the modules, and what joins them, are computed.
    """

    keypoint_detector: KeypointDetector
    expression_encoder: ExpressionEncoder
    encoder: Encoder
    decoder: Decoder
    discriminator: Discriminator
    keypoints: KeypointSource
    image_size: int
    form: Form = "fast"


def build_networks(
    *,
    image_size: int = 256,
    keypoints: KeypointSource = "published",
    expression_size: int = 256,
    small_decoder: bool = False,
    keypoint_detector: Mapping[str, Any] | None = None,
    expression_encoder: Mapping[str, Any] | None = None,
    encoder: Mapping[str, Any] | None = None,
    decoder: Mapping[str, Any] | None = None,
    discriminator: Mapping[str, Any] | None = None,
    dtype: str = "float32",
    remat: bool = False,
    form: Form = "fast",
) -> Networks:
    """Builds the modules; every default is the published value.

    Args:
      image_size: side of the square images, pixels.
      keypoints: where keypoints come from, see ``KeypointSource``.
      expression_size: entries of an expression vector.
      small_decoder: start from the small decoder's sizes.
      keypoint_detector: field overrides of ``KeypointDetector``.
      expression_encoder: field overrides of ``ExpressionEncoder``.
      encoder: field overrides of ``Encoder``.
      decoder: field overrides of ``Decoder``.
      discriminator: field overrides of ``Discriminator``.
      dtype: compute type of encoder, decoder and discriminator; parameters are
        float32 always.
      remat: recompute transformer blocks in the backward pass to save memory.
      form: ``plain`` computes everything as it is defined, for comparison; the
        parameters are the same.

    Returns:
      The modules, not yet initialised.

    Raises:
      ValueError: ``keypoints`` is not one of the three sources, ``form`` not one of the
        two forms, or an override names a field that its module does not have.
    """
    _check("keypoints", keypoints, KeypointSource)
    _check("form", form, Form)
    published = keypoints == "published"
    detector = {
        "norm": "frozen_batch" if published else "group",
        "coordinates": "heatmap" if published else "pixel",
        "form": form,
    }
    compute = {"dtype": jnp.dtype(dtype)}
    transformer = {**compute, "remat": remat, "form": form}
    decoder_fields = {**(SMALL_DECODER if small_decoder else {}), **(decoder or {})}
    return Networks(
        keypoint_detector=build_module(KeypointDetector, detector, keypoint_detector),
        expression_encoder=build_module(
            ExpressionEncoder,
            {"expression_size": expression_size, "form": form},
            expression_encoder,
        ),
        encoder=build_module(Encoder, transformer, encoder),
        decoder=build_module(Decoder, transformer, decoder_fields),
        discriminator=build_module(Discriminator, compute, discriminator),
        keypoints=keypoints,
        image_size=image_size,
        form=form,
    )


def _check(name: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        raise ValueError(
            f"networks.{name}: expected one of {get_args(choices)}, got {value!r}"
        )


def detect(
    networks: Networks,
    variables: Variables,
    images: Array,
    landmark_keypoints: Array | None = None,
) -> Keypoints:
    """Keypoints, feature map and heatmaps of images.

    Args:
      networks: the modules.
      variables: must hold ``keypoint_detector``.
      images: [B, H, W, 3] float in [0, 1].
      landmark_keypoints: [B, K, 2] in pixel coordinates (±1 the image edges), for
        models with ``keypoints="landmarks"``; ignored by the others.

    Returns:
      A ``Keypoints`` struct over the batch.

    Raises:
      ValueError: the model needs landmarks and there are none.
    """
    detector = networks.keypoint_detector
    weights = variables["keypoint_detector"]
    if networks.keypoints != "landmarks":
        return apply(detector, weights, images)
    if landmark_keypoints is None:
        raise ValueError(
            "this model takes its keypoints from landmarks (keypoints='landmarks'): "
            "landmark_keypoints [B, K, 2] expected, got None"
        )
    features_at = KeypointDetector.features_at
    return apply(detector, weights, images, landmark_keypoints, method=features_at)


def describe(
    networks: Networks,
    variables: Variables,
    images: Array,
    landmark_keypoints: Array | None = None,
) -> tuple[Array, Array]:
    """Keypoints and expression vector of images: all that drives a face.

    Args:
      networks: the modules.
      variables: must hold ``keypoint_detector`` and ``expression_encoder``.
      images: [B, H, W, 3] float in [0, 1].
      landmark_keypoints: [B, K, 2] as in ``detect``.

    Returns:
      Keypoints [B, K, 2] (x, y) and expression [B, E].
    """
    found = detect(networks, variables, images, landmark_keypoints)
    return found.positions, express(networks, variables, found)


def express(networks: Networks, variables: Variables, found: Keypoints) -> Array:
    """Expression vector [B, E] from the detector's feature map and heatmaps."""
    weights = variables["expression_encoder"]
    module = networks.expression_encoder
    return apply(module, weights, found.feature_map, found.heatmap)


def encode(
    networks: Networks,
    variables: Variables,
    images: Array,
    keypoints: Array,
    expression: Array,
) -> Array:
    """Set latent [B, L, width] of source images [B, S, H, W, 3] in [0, 1]."""
    weights = variables["encoder"]
    return apply(networks.encoder, weights, images, keypoints, expression)


def decode(
    networks: Networks,
    variables: Variables,
    set_latent: Array,
    pixels: Array,
    keypoints: Array,
    expression: Array,
) -> Array:
    """Colours [B, D, N, 3] of query pixels [B, D, N, 2] or [N, 2], unclamped."""
    inputs = (set_latent, pixels, keypoints, expression)
    return apply(networks.decoder, variables["decoder"], *inputs)
