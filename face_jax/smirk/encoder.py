"""SMIRK's encoders: a picture of a face to what a head model is set to.

Three networks that share nothing: pose and camera, identity, expression; a joint head
may correct what they see. Pictures are RGB in [0, 1] and are not normalised. Source:
SMIRK, arXiv 2404.04104.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp

from face_jax.geometry.head import HeadParameters
from face_jax.nn.batch_norm import apply_with_statistics
from face_jax.nn.folding import STATISTICS
from face_jax.nn.layers import Initializer, fan_in_limit, symmetric_uniform
from face_jax.nn.mobilenet_v3 import ARCHITECTURES, EPSILON, MobileNetV3, Variant
from face_jax.nn.patch_net import WIDTHS, PatchNet, PatchVariant
from face_jax.smirk.joint_head import EYELIDS, JAW, POSE_AND_CAMERA, JointHead
from face_jax.types import Array, Variables

CAMERA_SCALE = 3
"""Row of the camera's scale among the outputs of the pose encoder."""

Backbone = Variant | PatchVariant
"""A MobileNetV3's variant, as published, or a ``PatchNet``'s."""

POINTS = "points"
"""The collection in which encoders sow the maps of their learned points, as ``logits``."""

ENCODERS = ("pose_encoder", "shape_encoder", "expression_encoder")
JOINT_HEAD = "joint_head"

JAW_TURN_LIMIT = 0.2
"""Largest turn of the jaw sideways and about its own axis, radians."""


class PoseEncoder(nn.Module):
    """Pictures to the rotation of the head and the camera.

    Attributes:
      variant: the backbone, see ``build_backbone``.
      cells: see ``pooled_features``; 1 as published.
      points: learned points, likewise; 0 as published.
      camera_scale: the scale that an untrained encoder answers.
      gains: what the six outputs of the last layer are multiplied by. Published
        encoders do without; from scratch, at the rates that the layers before need,
        radians and metres would shake with every step.
      dtype: type of the convolutions' computation.
      folded: whether batch norms are part of the layers before them, see ``folding``.
    """

    variant: Backbone = "small"
    cells: int = 1
    points: int = 0
    camera_scale: float = 7.0
    gains: tuple[float, ...] = (1.0,) * 6
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, images: Array, train: bool = False) -> tuple[Array, Array]:
        """Encodes pictures.

        Args:
          images: [B, H, W, 3] float RGB in [0, 1].
          train: whether batch norms use and follow the statistics of the batch.

        Returns:
          Rotation [B, 3], axis-angle in radians, and camera [B, 3]: scale, then the
          shift along x and y, metres. float32.

        Raises:
          ValueError: the images are not [B, H, W, 3].
        """
        maps = build_backbone(self)(images, train)
        features = pooled_features(self, maps)
        init = scaled_default(features, 0.001)
        head = nn.Dense(
            POSE_AND_CAMERA,
            kernel_init=with_output(init, CAMERA_SCALE, 0.0),
            bias_init=with_output(
                init, CAMERA_SCALE, self.camera_scale / self.gains[CAMERA_SCALE]
            ),
            name="head",
        )
        outputs = head(features) * jnp.asarray(self.gains)
        pose, camera = jnp.split(outputs, 2, axis=-1)
        return pose, camera


class ShapeEncoder(nn.Module):
    """Pictures to coefficients of the identity; all zero before training.

    Attributes:
      num_shape: number of identity coefficients.
      gain: what the outputs of the last layer are multiplied by, see ``PoseEncoder``.
      variant: the backbone, see ``build_backbone``.
      cells: see ``pooled_features``; 1 as published.
      points: learned points, likewise; 0 as published.
      dtype: type of the convolutions' computation.
      folded: whether batch norms are part of the layers before them, see ``folding``.
    """

    num_shape: int = 300
    gain: float = 1.0
    variant: Backbone = "large"
    cells: int = 1
    points: int = 0
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, images: Array, train: bool = False) -> Array:
        """Maps images [B, H, W, 3] to [B, num_shape] float32, as ``PoseEncoder``."""
        maps = build_backbone(self)(images, train)
        features = pooled_features(self, maps)
        zeros = nn.initializers.zeros
        head = nn.Dense(self.num_shape, kernel_init=zeros, name="head")
        return self.gain * head(features)


class ExpressionEncoder(nn.Module):
    """Pictures to expression, eyelids and jaw.

    Attributes:
      num_expression: number of expression coefficients.
      gain: what the outputs of the last layer are multiplied by, see ``PoseEncoder``.
      variant: the backbone, see ``build_backbone``.
      cells: see ``pooled_features``; 1 as published.
      points: learned points, likewise; 0 as published.
      dtype: type of the convolutions' computation.
      folded: whether batch norms are part of the layers before them, see ``folding``.
    """

    num_expression: int = 50
    gain: float = 1.0
    variant: Backbone = "large"
    cells: int = 1
    points: int = 0
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(
        self, images: Array, train: bool = False
    ) -> tuple[Array, Array, Array]:
        """Encodes pictures.

        Args:
          images: [B, H, W, 3] float RGB in [0, 1].
          train: whether batch norms use and follow the statistics of the batch.

        Returns:
          Coefficients [B, num_expression]; closing of the left and right eyelid
          [B, 2] in [0, 1]; rotation of the jaw [B, 3], axis-angle in radians, whose
          first entry opens the mouth and is not negative, and whose others are in
          [-0.2, 0.2]. float32.

        Raises:
          ValueError: the images are not [B, H, W, 3].
        """
        maps = build_backbone(self)(images, train)
        features = pooled_features(self, maps)
        init = scaled_default(features, 0.1)
        size = self.num_expression + EYELIDS + JAW
        head = nn.Dense(size, kernel_init=init, bias_init=init, name="head")
        ends = (self.num_expression, self.num_expression + EYELIDS)
        expression, eyelids, jaw = jnp.split(self.gain * head(features), ends, axis=-1)
        return expression, _limit_eyelids(eyelids), _limit_jaw(jaw)


@dataclasses.dataclass(frozen=True)
class Encoders:
    """The three encoders; their variables go by the names of these fields.

    Attributes:
      pose_encoder: rotation of the head and camera.
      shape_encoder: identity.
      expression_encoder: expression, eyelids and jaw.
      joint_head: corrects them by what they see together; None as published.
    """

    pose_encoder: PoseEncoder = dataclasses.field(default_factory=PoseEncoder)
    shape_encoder: ShapeEncoder = dataclasses.field(default_factory=ShapeEncoder)
    expression_encoder: ExpressionEncoder = dataclasses.field(
        default_factory=ExpressionEncoder
    )
    joint_head: JointHead | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all that there are, the joint head's last."""
        return ENCODERS if self.joint_head is None else (*ENCODERS, JOINT_HEAD)

    @property
    def num_seen(self) -> int:
        """Length of what a joint head is given."""
        points = sum(getattr(self, name).points for name in ENCODERS)
        count = self.shape_encoder.num_shape + self.expression_encoder.num_expression
        return 2 * points + count + POSE_AND_CAMERA + EYELIDS + JAW


@flax.struct.dataclass
class EncodedFace:
    """What the encoders see in a picture.

    Attributes:
      head: parameters of the head model; neck and eyeballs are not estimated.
      camera: [B, 3] float32 weak-perspective camera: scale, shift along x and y.
    """

    head: HeadParameters
    camera: Array


def encode(
    encoders: Encoders,
    variables: Variables,
    images: Array,
    train: Collection[str] = (),
    sown: Collection[str] = (),
) -> tuple[EncodedFace, Mapping[str, Any]]:
    """Runs the three encoders on the same pictures.

    Args:
      encoders: the modules.
      variables: must hold ``pose_encoder``, ``shape_encoder`` and
        ``expression_encoder``, and ``joint_head`` where there is one.
      images: [B, H, W, 3] float RGB in [0, 1].
      train: names of the encoders whose batch norms use and follow the batch. The
        published training names all of them, those that are not optimised too.
      sown: what those shall hand out besides, such as ``POINTS``.

    Returns:
      The face, and the collections that changed or were sown by encoder, for those in
      ``train``.

    Raises:
      ValueError: ``train`` names what is no encoder, or the images are not
        [B, H, W, 3].
    """
    unknown = sorted(set(train) - set(ENCODERS))
    if unknown:
        raise ValueError(f"train: expected some of {list(ENCODERS)}, got {unknown}")
    wanted = {*sown} if encoders.joint_head is None else {*sown, POINTS}
    outputs, collections = {}, {}
    for name in ENCODERS:
        outputs[name], collections[name] = apply_with_statistics(
            getattr(encoders, name),
            variables[name],
            images,
            train=name in train,
            sown=wanted,
        )
    if encoders.joint_head is not None:
        outputs = _corrected(encoders, variables[JOINT_HEAD], outputs, collections)
    pose, camera = outputs["pose_encoder"]
    expression, eyelids, jaw = outputs["expression_encoder"]
    head = HeadParameters(
        shape_params=outputs["shape_encoder"],
        expression_params=expression,
        pose_params=pose,
        jaw_params=jaw,
        eyelid_params=eyelids,
    )
    kept = {STATISTICS, *sown}
    changed = {
        name: {key: tree for key, tree in collections[name].items() if key in kept}
        for name in train
    }
    return EncodedFace(head, camera), changed


def _corrected(
    encoders: Encoders,
    variables: Mapping[str, Any],
    outputs: Mapping[str, Any],
    collections: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Outputs of the encoders by name, with what the joint head adds to them."""
    assert encoders.joint_head is not None
    pose, shape, expression = (
        jnp.concatenate(jax.tree.leaves(outputs[name]), axis=-1) for name in ENCODERS
    )
    points = [c[POINTS]["logits"] for c in collections.values() if POINTS in c]
    places = [mean_places(logits).reshape(*logits.shape[:1], -1) for logits in points]
    seen = jnp.concatenate([*places, pose, shape, expression], axis=-1)
    added = encoders.joint_head.apply(variables, seen)
    pose, shape, expression = (
        old + new for old, new in zip((pose, shape, expression), added, strict=True)
    )
    count = encoders.expression_encoder.num_expression
    expression, eyelids, jaw = jnp.split(expression, (count, count + EYELIDS), axis=-1)
    limited = (expression, _limit_eyelids(eyelids), _limit_jaw(jaw))
    return dict(
        zip(ENCODERS, (jnp.split(pose, 2, axis=-1), shape, limited), strict=True)
    )


Encoder = PoseEncoder | ShapeEncoder | ExpressionEncoder
"""Any of the three."""


def build_backbone(encoder: Encoder) -> nn.Module:
    """The submodule that turns pictures into maps; called by the encoder that has it.

    Args:
      encoder: its ``variant`` is one of MobileNetV3's, or ``patches`` or
        ``patches_small``: a ``PatchNet``, which learns more in the same time of a CPU
        from pictures of 64 to 96 pixels.

    Raises:
      ValueError: it is none of these.
    """
    given = {"dtype": encoder.dtype, "folded": encoder.folded, "name": "backbone"}
    if encoder.variant in WIDTHS:
        return PatchNet(WIDTHS[encoder.variant], epsilon=EPSILON, **given)
    if encoder.variant not in ARCHITECTURES:
        known = [*ARCHITECTURES, *WIDTHS]
        raise ValueError(f"variant: expected one of {known}, got {encoder.variant!r}")
    return MobileNetV3(cast(Variant, encoder.variant), **given)


def pooled_features(encoder: Encoder, maps: Sequence[Array]) -> Array:
    """What a backbone sees in whole pictures; called by the encoder that has it.

    Args:
      encoder: ``cells``: the last map is cut into this many cells along each side; with
        one, only what is seen counts, with more also where. ``points``: number P of
        learned points, whose maps are sown; the last map but one tells where they are,
        the last which of several places alike is meant.
      maps: feature maps [B, h, w, C] of the backbone, one for each resolution.

    Returns:
      [B, cells * cells * C + 2 P] float32: each cell's share in the mean of the last
      map, row by row, and the places of the points.

    Raises:
      ValueError: the sides of the last map are no multiples of ``cells``.
    """
    seen = shares_of_cells(maps[-1].astype(jnp.float32), encoder.cells)
    points, dtype = encoder.points, encoder.dtype
    if not points:
        return seen
    near, around = maps[-2:]
    likely = nn.Conv(points, (1, 1), dtype=dtype, name="points")(near)
    roughly = nn.Conv(points, (1, 1), use_bias=False, dtype=dtype, name="regions")
    likely += jax.image.resize(roughly(around), likely.shape, "linear")
    logits = likely.astype(jnp.float32)
    if not encoder.is_initializing():  # what is sown then would be taken for state
        encoder.sow(POINTS, "logits", logits, reduce_fn=lambda _, new: new)
    places = mean_places(logits)
    return jnp.concatenate([seen, places.reshape(*places.shape[:1], -1)], axis=-1)


def shares_of_cells(features: Array, cells: int) -> Array:
    """What each part of a map adds to the mean of the whole.

    Args:
      features: [B, H, W, C].
      cells: n, number of parts along each side.

    Returns:
      [B, n * n * C], the parts row by row; their sum is the mean.

    Raises:
      ValueError: H or W is no multiple of ``cells``.
    """
    rows, height, width, channels = features.shape
    if height % cells or width % cells:
        raise ValueError(
            f"cells: expected a divisor of the last map's sides, {height} x {width}, "
            f"got {cells}"
        )
    size = (height // cells, width // cells)
    parts = features.reshape(rows, cells, size[0], cells, size[1], channels)
    return parts.sum(axis=(2, 4)).reshape(rows, -1) / (height * width)


def mean_places(logits: Array) -> Array:
    """The mean place of each map of probabilities, a soft arg-max.

    Args:
      logits: [B, H, W, P] float.

    Returns:
      [B, P, 2]: x to the right and y down, the map is [-1, 1] wide.
    """
    rows, height, width, points = logits.shape
    weights = jax.nn.softmax(logits.reshape(rows, height * width, points), axis=1)
    y, x = (jnp.linspace(-1 + 1 / n, 1 - 1 / n, n) for n in (height, width))
    grid = jnp.stack(jnp.broadcast_arrays(x[None, :], y[:, None]), axis=-1)
    return jnp.einsum("bnp,nc->bpc", weights, grid.reshape(-1, 2))


def scaled_default(features: Array, scale: float) -> Initializer:
    """PyTorch's default for kernel and bias of a dense layer after features, scaled."""
    return symmetric_uniform(scale * fan_in_limit(features.shape[-1]))


def with_output(initializer: Initializer, index: int, value: float) -> Initializer:
    """An initialiser of [..., outputs] that gives one output a constant."""

    def initialize(key: Array, shape: Any, dtype: Any = jnp.float32) -> Array:
        return initializer(key, shape, dtype).at[..., index].set(value)

    return initialize


def _limit_eyelids(eyelids: Array) -> Array:
    return jnp.clip(eyelids, 0.0, 1.0)


def _limit_jaw(jaw: Array) -> Array:
    turns = jnp.clip(jaw[..., 1:], -JAW_TURN_LIMIT, JAW_TURN_LIMIT)
    return jnp.concatenate([jax.nn.relu(jaw[..., :1]), turns], axis=-1)
