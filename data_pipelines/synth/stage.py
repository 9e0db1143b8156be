"""What all pictures of a head model share, on the device."""

import flax.struct
import jax.numpy as jnp
import numpy as np

from data_pipelines.synth import bust
from data_pipelines.synth.assets import HeadAssets
from data_pipelines.synth.growth import SEGMENTS
from data_pipelines.synth.hair import SCALP_LOCKS
from data_pipelines.synth.occlusion import evened, openness, visible_directions
from data_pipelines.synth.posing import RigidParts
from data_pipelines.synth.scene_mesh import HAIR, SceneMesh
from face_jax.geometry.head import HeadModel
from face_jax.geometry.mesh import vertex_normals
from face_jax.render.topology import Topology
from face_jax.types import Array

_EYEBALLS = ("left_eyeball", "right_eyeball")
_RIGID_POINTS = 64
_NECK_HEIGHT = 0.025
"""Metres of the lower end of the neck that the shoulders follow."""


@flax.struct.dataclass
class Stage:
    """What all pictures of a head model share, on the device.

    Attributes:
      faces: [F, 3] int32 of the whole scene.
      topology: of these faces.
      kinds: [F] uint8.
      corners: [F, 9] float32.
      in_face: [F] bool.
      beard: [F] bool, faces of the beard's locks.
      head_faces: [h, 3] int32, for normals of the head.
      bust_faces: [b, 3] int32.
      seen: [V, DIRECTIONS] float32.
      open: [V] float32.
      bust_open: [N] float32.
      irises: [2] float32.
      balls: vertices of the left and the right eyeball, and weights on them whose mean
        is the centre of the ball.
      parts: rigid parts of the head.
    """

    faces: Array
    topology: Topology
    kinds: Array
    corners: Array
    in_face: Array
    beard: Array
    head_faces: Array
    bust_faces: Array
    seen: Array
    open: Array
    bust_open: Array
    irises: Array
    balls: tuple[tuple[Array, Array], ...]
    parts: RigidParts


def build_stage(head: HeadModel, prepared: HeadAssets) -> Stage:
    """Prepares a head model for rendering; looks at it from all sides once.

    Args:
      head: the model.
      prepared: of the same model.

    Returns:
      The stage.
    """
    mesh = prepared.mesh
    faces = mesh.faces[: mesh.head_faces]
    template = np.asarray(head.template)
    seen = evened(visible_directions(template, faces), faces)
    normals = np.asarray(vertex_normals(jnp.asarray(template), faces))
    hair_rows = np.flatnonzero(mesh.kinds == HAIR)
    beard = np.zeros(len(mesh.faces), bool)
    beard[hair_rows[SCALP_LOCKS * SEGMENTS * 2 :]] = True
    return Stage(
        faces=jnp.asarray(mesh.faces),
        topology=_outlines(mesh),
        kinds=jnp.asarray(mesh.kinds),
        corners=jnp.asarray(mesh.corners.reshape(-1, 9)),
        in_face=jnp.asarray(mesh.in_face),
        beard=jnp.asarray(beard),
        head_faces=jnp.asarray(faces),
        bust_faces=jnp.asarray(bust.bust_faces()),
        seen=jnp.asarray(seen),
        open=jnp.asarray(openness(seen, normals)),
        bust_open=jnp.asarray(bust.bust_shades()),
        irises=jnp.asarray([eye.iris for eye in mesh.eyes], jnp.float32),
        balls=tuple(
            _ball(head, region, eye.centre)
            for region, eye in zip(_EYEBALLS, mesh.eyes, strict=True)
        ),
        parts=_rigid_parts(head, prepared),
    )


def _outlines(mesh: SceneMesh) -> Topology:
    """Edges that may be outlines: flat locks of hair have none inside."""
    edges = np.asarray(Topology.from_faces(mesh.faces).edges)
    hair = np.unique(mesh.faces[mesh.kinds == HAIR])
    inside = np.isin(edges[:, 0], hair) & (edges[:, 3] >= 0)
    return Topology(jnp.asarray(edges[~inside]))


def _ball(head: HeadModel, region: str, centre: np.ndarray) -> tuple[Array, Array]:
    """Vertices [n] of an eyeball and the smallest weights [n] that give its centre."""
    rows = np.flatnonzero(np.asarray(head.regions[region]))
    points = np.asarray(head.template, np.float64)[rows]
    conditions = np.concatenate([points.T, np.ones((1, len(rows)))])
    wanted = np.append(centre, 1.0)
    weights = np.linalg.lstsq(conditions, wanted, rcond=None)[0]
    return jnp.asarray(rows), jnp.asarray(weights, jnp.float32)


def _rigid_parts(head: HeadModel, prepared: HeadAssets) -> RigidParts:
    """Picks vertices of the skull and of the lower end of the neck."""
    template, skin = np.asarray(head.template), prepared.mesh.skin_vertices
    height = template[skin, 1]
    skull = skin[height > prepared.face.unrolling.crown_y]
    neck = skin[height < height.min() + _NECK_HEIGHT]
    return RigidParts(skull=_some(skull), neck=_some(neck))


def _some(rows: np.ndarray) -> Array:
    """At most _RIGID_POINTS of some rows, spread evenly."""
    count = min(len(rows), _RIGID_POINTS)
    return jnp.asarray(rows[np.linspace(0, len(rows) - 1, count).astype(int)])
