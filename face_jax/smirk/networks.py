"""The networks of SMIRK put together, and the head that they speak of.

Training and inference build them here and run them through the same functions, so that
no two of them can disagree on a convention. Source: SMIRK, arXiv 2404.04104.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadModel
from face_jax.geometry.mesh import Submesh, submesh
from face_jax.heads import library
from face_jax.nn.building import build_module
from face_jax.nn.resnet import BottleneckResNet
from face_jax.smirk.encoder import (
    ENCODERS,
    JOINT_HEAD,
    EncodedFace,
    Encoders,
    ExpressionEncoder,
    PoseEncoder,
    ShapeEncoder,
    encode,
)
from face_jax.smirk.generator import Generator
from face_jax.smirk.joint_head import JointHead
from face_jax.smirk.mica import Mica
from face_jax.smirk.perceptual import perceptual_network
from face_jax.smirk.region_weights import (
    read_triangle_masks,
    region_weights,
    region_weights_of_head,
)
from face_jax.types import Array, Variables

NUM_SHAPE, NUM_EXPRESSION = 300, 50
"""Coefficients of FLAME that are published: of identity and of expression."""

BASE = "base_"
"""Begins the names of frozen copies of encoders that estimates shall stay near."""


@dataclasses.dataclass(frozen=True, eq=False)
class HeadAssets:
    """A head model and what is derived from it; no part of any checkpoint.

    Attributes:
      head: its arrays are numpy's, constants of what is compiled.
      face: the part that is drawn.
      region_weights: float32 [F], how often its triangles lend pixels.
    """

    head: HeadModel
    face: Submesh
    region_weights: np.ndarray

    @property
    def has_jaw(self) -> bool:
        """Whether the head has a jaw that turns."""
        return "jaw" in self.head.joint_names

    @property
    def has_eyelids(self) -> bool:
        """Whether the head has eyelids of their own."""
        return self.head.eyelid_basis is not None

    def on_device(self) -> HeadModel:
        """The head with jax's arrays, for use in traced functions."""
        return jax.tree.map(jnp.asarray, self.head)


@dataclasses.dataclass(frozen=True, eq=False)
class Networks:
    """The modules of one SMIRK model and the facts that tie them together.

    Attributes:
      encoders: pictures to parameters of the head.
      generator: a drawn face and a masked picture to a picture.
      emotion: frozen features of expressions, for a loss.
      mica: frozen teacher of identities, for a loss.
      assets: the head.
      image_size: side of the square pictures, pixels.
      use_jaw: whether the jaw's joint is estimated.
      use_eyelids: whether the eyelids' own directions are estimated.
      eyelids_before_skinning: whether eyelids follow the head, see ``pose_head``.
    """

    encoders: Encoders
    generator: Generator
    emotion: BottleneckResNet
    mica: Mica
    assets: HeadAssets
    image_size: int
    use_jaw: bool
    use_eyelids: bool
    eyelids_before_skinning: bool = False

    @property
    def num_expression(self) -> int:
        """Number of expression coefficients."""
        return self.encoders.expression_encoder.num_expression


def build_networks(
    *,
    image_size: int = 224,
    head: str = library.BUILT_IN,
    triangle_masks: str | None = None,
    num_shape: int | None = None,
    num_expression: int | None = None,
    use_jaw: bool = True,
    use_eyelids: bool = True,
    eyelids_before_skinning: bool = False,
    pose_encoder: Mapping[str, Any] | None = None,
    shape_encoder: Mapping[str, Any] | None = None,
    expression_encoder: Mapping[str, Any] | None = None,
    joint_head: bool = False,
    generator: Mapping[str, Any] | None = None,
    emotion: Mapping[str, Any] | None = None,
    mica: Mapping[str, Any] | None = None,
    dtype: str = "float32",
) -> Networks:
    """Builds the modules; every default is the published value.

    Args:
      image_size: side of the square pictures, pixels.
      head: ``procedural`` or a file that ``face-jax prepare head`` wrote.
      triangle_masks: the user's ``FLAME_masks_triangles.npy``, for the published
        weights of FLAME's regions; None takes them from the head's own regions.
      num_shape: identity coefficients; None for all of a head that names them, such as
        the procedural one, and for the first 300 of another, as published.
      num_expression: likewise for the expression, 50 published.
      use_jaw: estimate the jaw's joint; without effect on heads that have none.
      use_eyelids: likewise the eyelids.
      eyelids_before_skinning: let eyelids follow the head; the published weights were
        trained without, see ``pose_head``.
      pose_encoder: field overrides of ``PoseEncoder``.
      shape_encoder: field overrides of ``ShapeEncoder``.
      expression_encoder: field overrides of ``ExpressionEncoder``.
      joint_head: whether encoders are corrected by what they see together, see
        ``JointHead``; not published.
      generator: field overrides of ``Generator``.
      emotion: field overrides of ``BottleneckResNet``.
      mica: field overrides of ``Mica``.
      dtype: compute type of encoders and generator; parameters are float32 always.

    Returns:
      The modules, not yet initialised.

    Raises:
      FileNotFoundError: there is no such head or file of masks.
      ValueError: an override names a field that its module does not have, the head
        has fewer coefficients than asked for, or no region ``face``.
    """
    assets = load_assets(head, triangle_masks)
    model, compute = assets.head, {"dtype": jnp.dtype(dtype)}
    shapes = _count(
        "num_shape", num_shape, NUM_SHAPE, model.identity_basis, model.identity_names
    )
    expressions = _count(
        "num_expression",
        num_expression,
        NUM_EXPRESSION,
        model.expression_basis,
        model.expression_names,
    )
    encoders = Encoders(
        pose_encoder=build_module(PoseEncoder, compute, pose_encoder),
        shape_encoder=build_module(
            ShapeEncoder, {"num_shape": shapes, **compute}, shape_encoder
        ),
        expression_encoder=build_module(
            ExpressionEncoder,
            {"num_expression": expressions, **compute},
            expression_encoder,
        ),
    )
    if joint_head:
        encoders = dataclasses.replace(encoders, joint_head=_joint_head(encoders))
    return Networks(
        encoders=encoders,
        generator=build_module(Generator, compute, generator),
        emotion=build_module(BottleneckResNet, {}, emotion),
        mica=build_module(Mica, {}, mica),
        assets=assets,
        image_size=image_size,
        use_jaw=use_jaw and assets.has_jaw,
        use_eyelids=use_eyelids and assets.has_eyelids,
        eyelids_before_skinning=eyelids_before_skinning,
    )


def load_assets(head: str, triangle_masks: str | None = None) -> HeadAssets:
    """Reads a head and derives what drawing and masking need of it.

    Args:
      head: as for ``build_networks``.
      triangle_masks: likewise.

    Raises:
      FileNotFoundError: there is no such head or file of masks.
      ValueError: the head has no region ``face``, or the masks do not fit it.
    """
    # The first use may be inside a function that is being traced.
    with jax.ensure_compile_time_eval():
        model = jax.tree.map(np.asarray, library.head(head))
    own = region_weights_of_head(model)
    if triangle_masks is not None:
        masks = read_triangle_masks(triangle_masks)
        own = region_weights(masks, len(model.faces))
    return HeadAssets(model, submesh(model.faces, model.regions["face"]), own)


def modules(networks: Networks) -> dict[str, tuple[nn.Module, tuple[Array, ...]]]:
    """Every network by name, with inputs of the right shapes to initialise it on."""
    side = networks.image_size
    image = jnp.zeros((1, side, side, 3))
    faces = jnp.zeros((1, networks.mica.image_size, networks.mica.image_size, 3))
    own = networks.encoders
    encoders: dict[str, tuple[nn.Module, tuple[Array, ...]]] = {
        name: (getattr(own, name), (image,)) for name in ENCODERS
    }
    if own.joint_head is not None:
        encoders[JOINT_HEAD] = own.joint_head, (jnp.zeros((1, own.num_seen)),)
    return {
        **encoders,
        **{f"{BASE}{name}": given for name, given in encoders.items()},
        "generator": (networks.generator, (image, image)),
        "vgg16": (perceptual_network(), (image,)),
        "emotion": (networks.emotion, (image,)),
        "mica": (networks.mica, (faces,)),
    }


def estimate(
    networks: Networks,
    variables: Variables,
    images: Array,
    train: Collection[str] = (),
    sown: Collection[str] = (),
) -> tuple[EncodedFace, Mapping[str, Any]]:
    """What the encoders see, without what the head does not have.

    Args:
      networks: the modules.
      variables: must hold the three encoders, and the joint head if there is one.
      images: [B, H, W, 3] float RGB in [0, 1].
      train: encoders whose batch norms use and follow the batch.
      sown: what those shall hand out besides, see ``encode``.

    Returns:
      The face, and the collections that changed or were sown by encoder.
    """
    face, changed = encode(networks.encoders, variables, images, train, sown)
    head = face.head
    if not networks.use_jaw:
        head = dataclasses.replace(head, jaw_params=None)
    if not networks.use_eyelids:
        head = dataclasses.replace(head, eyelid_params=None)
    return EncodedFace(head, face.camera), changed


def _joint_head(encoders: Encoders) -> JointHead:
    """One that speaks of what these encoders estimate, in steps as large as theirs."""
    return JointHead(
        num_shape=encoders.shape_encoder.num_shape,
        num_expression=encoders.expression_encoder.num_expression,
        pose_gains=encoders.pose_encoder.gains,
        shape_gain=encoders.shape_encoder.gain,
        expression_gain=encoders.expression_encoder.gain,
    )


def _count(
    name: str, wanted: int | None, published: int, basis: Any, names: Sequence[str]
) -> int:
    """Number of coefficients of a basis [V, 3, n]."""
    available = basis.shape[-1]
    if wanted is None:
        return available if names else min(published, available)
    if not 0 < wanted <= available:
        raise ValueError(
            f"networks.{name}: expected 1 to {available} for this head, got {wanted}"
        )
    return wanted
