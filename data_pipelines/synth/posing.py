"""Places all surfaces of a picture: the posed head, hair that follows it, shoulders."""

import flax.struct
import jax.numpy as jnp

from data_pipelines.synth.assets import PersonAssets
from data_pipelines.synth.bust import AROUND, FOLLOWS, RINGS
from face_jax.geometry.head import HeadModel, HeadParameters, pose_head
from face_jax.geometry.products import einsum
from face_jax.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from face_jax.types import Array

_BODY_TURN = 0.3
"""Share of the neck's rotation that the shoulders make."""
_FLATNESS = 0.3
"""How much ribbons of hair lie on the head where they do not face the viewer."""


@flax.struct.dataclass
class PosedScene:
    """Vertices of [B] pictures in model space.

    Attributes:
      head: [B, V, 3] float32 metres.
      hair: [B, H, 3] float32 metres.
      bust: [B, N, 3] float32 metres.
      skull: [B, 3, 3] float32, rotation of the skull.
      body: [B, 3, 3] float32, rotation of the shoulders.
    """

    head: Array
    hair: Array
    bust: Array
    skull: Array
    body: Array


@flax.struct.dataclass
class RigidParts:
    """Vertices of a head that move together.

    Attributes:
      skull: [n] int32, of the skull.
      neck: [m] int32, of the lower end of the neck.
    """

    skull: Array
    neck: Array


def pose_scene(
    head: HeadModel, parts: RigidParts, assets: PersonAssets, parameters: HeadParameters
) -> PosedScene:
    """Places heads, hair and shoulders.

    Args:
      head: the model.
      parts: its rigid parts.
      assets: of [B] persons, every field with a leading axis.
      parameters: [B, n] fields; the identity is the persons'.

    Returns:
      The vertices.
    """
    posed = pose_head(head, parameters).vertices
    neutral = head.template + einsum(
        "vds,bs->bvd", head.identity_basis, assets.shape_params
    )
    skull, _, _ = _rigid_motion(neutral[:, parts.skull], posed[:, parts.skull])
    neck, before, after = _rigid_motion(neutral[:, parts.neck], posed[:, parts.neck])
    hair = _hang(posed, assets, skull)
    body = axis_angle_to_matrix(_BODY_TURN * matrix_to_axis_angle(neck))
    centre = after + einsum("bij,bj->bi", neck, assets.neck - before)
    bust = centre[:, None] + _dressed(jnp.asarray(assets.bust), neck, body)
    return PosedScene(head=posed, hair=hair, bust=bust, skull=skull, body=body)


def _dressed(bust: Array, neck: Array, body: Array) -> Array:
    """Clothes [B, N, 3] around their centre: collars go with the neck."""
    rings = bust.reshape(len(bust), RINGS, AROUND, 3)
    share = FOLLOWS[:, None, None]
    turn = body[:, None] + share * (neck - body)[:, None]
    return einsum("brij,brnj->brni", turn, rings).reshape(bust.shape)


def _hang(posed: Array, assets: PersonAssets, skull: Array) -> Array:
    """Locks hang on their vertex of the head and turn with the skull, [B, H, 3].

    They are widened across the view, so that no ribbon is seen from its edge.
    """
    anchors = jnp.take_along_axis(posed, assets.ribbon_anchors[..., None], axis=1)
    offsets = einsum("bij,bpj->bpi", skull, assets.ribbon_offsets)
    offsets = offsets.reshape(*anchors.shape[:2], -1, 3)
    points = (anchors[:, :, None] + offsets).reshape(len(posed), -1, 3)
    tangents = einsum("bij,bpj->bpi", skull, assets.ribbon_tangents)
    flat = einsum("bij,bpj->bpi", skull, assets.ribbon_sides)
    half = jnp.linalg.norm(flat, axis=-1, keepdims=True)
    # The viewer looks along -z: the vector product of tangent and z lies across.
    across = half * tangents[..., [1, 0, 2]] * jnp.array([1.0, -1.0, 0.0])
    same = jnp.sign(jnp.sum(across * flat, axis=-1, keepdims=True))
    side = across + _FLATNESS * same * flat
    length = jnp.linalg.norm(side, axis=-1, keepdims=True)
    side = side * half / jnp.maximum(length, 1e-9)
    return jnp.stack([points - side, points + side], 2).reshape(len(posed), -1, 3)


def _rigid_motion(before: Array, after: Array) -> tuple[Array, Array, Array]:
    """Rotation [B, 3, 3] of points [B, n, 3] (Kabsch), and both centroids [B, 3]."""
    middle, moved = before.mean(1), after.mean(1)
    covariance = einsum(
        "bni,bnj->bij", after - moved[:, None], before - middle[:, None]
    )
    left, _, right = jnp.linalg.svd(covariance)
    sign = jnp.linalg.det(left) * jnp.linalg.det(right)
    left = left.at[..., -1].multiply(sign[:, None])
    return left @ right, middle, moved
