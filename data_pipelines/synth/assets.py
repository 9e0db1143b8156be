"""What is made once for a person and used in all of their pictures."""

import dataclasses

import cv2
import flax.struct
import numpy as np

from data_pipelines.synth import bust, growth, hair, people, ribbons, skin, support
from data_pipelines.synth.face_map import FaceMap, face_map
from data_pipelines.synth.scene_mesh import SceneMesh, build_scene_mesh
from data_pipelines.synth.unrolled import SIDE, landmarks_of
from face_jax.geometry.head import HeadModel
from face_jax.types import Array

_LEAST_WIDTH = 1.2
"""Of a lock, in pixels."""
_SHADOW_REACH = 0.03
"""Metres over which hair darkens the skin beside it."""


@dataclasses.dataclass(frozen=True)
class HeadAssets:
    """What is made once for a head model.

    Attributes:
      face: landmarks on the unrolled picture.
      mesh: all surfaces.
      anchors: [GRID, GRID] int32, vertices that hair hangs on.
    """

    face: FaceMap
    mesh: SceneMesh
    anchors: np.ndarray


@flax.struct.dataclass
class PersonAssets:
    """What the renderer needs of a person; all arrays have fixed shapes for a head.

    Attributes:
      shape_params: [S] float32.
      atlas: [SIDE, SIDE, 8] uint8, as ``skin.paint_skin`` gives it.
      ribbon_anchors: [LOCKS] int32.
      ribbon_offsets: [P, 3] float32 metres.
      ribbon_sides: [P, 3] float32 metres.
      ribbon_normals: [P, 3] float32.
      ribbon_tangents: [P, 3] float32.
      ribbon_shades: [P] float32.
      bust: [N, 3] float32 metres, relative to ``neck``.
      neck: [3] float32, centre of the neutral neck.
      colours: [5, 3] float32: hair, beard, cloth, second cloth, iris.
      traits: [4] float32: pupil, stripes, phase of the iris, lightness of teeth.
    """

    shape_params: Array | np.ndarray
    atlas: Array | np.ndarray
    ribbon_anchors: Array | np.ndarray
    ribbon_offsets: Array | np.ndarray
    ribbon_sides: Array | np.ndarray
    ribbon_normals: Array | np.ndarray
    ribbon_tangents: Array | np.ndarray
    ribbon_shades: Array | np.ndarray
    bust: Array | np.ndarray
    neck: Array | np.ndarray
    colours: Array | np.ndarray
    traits: Array | np.ndarray


def head_assets(head: HeadModel) -> HeadAssets:
    """Prepares a head model.

    Raises:
      ValueError: the head lacks landmarks ``full_68`` or the regions of its eyes.
    """
    face = face_map(head)
    mesh = build_scene_mesh(head, face.unrolling, landmarks_of(head))
    template = np.asarray(head.template)
    table = support.anchor_table(face.unrolling, template, mesh.skin_vertices)
    return HeadAssets(face, mesh, table)


def person_assets(
    person: people.Person, head: HeadModel, prepared: HeadAssets, pixel: float
) -> PersonAssets:
    """Makes skin, hair and clothes of a person.

    Args:
      person: who.
      head: the head model.
      prepared: of the same head model.
      pixel: metres that a pixel spans; what is finer is left out of the skin.

    Returns:
      The assets; equal for equal arguments.
    """
    neutral, marks = neutral_head(head, person.shape_params)
    mesh, face = prepared.mesh, prepared.face
    ground = support.support_of(face.unrolling, neutral, mesh.whole_skin)
    locks = hair.grow_locks(person.hair, person.seed, face, ground)
    # Locks much finer than pixels would be hit by some and missed by others.
    least = np.where(locks.widths > 0, _LEAST_WIDTH * pixel, 0.0)
    locks = dataclasses.replace(locks, widths=np.maximum(locks.widths, least))
    strands = ribbons.make_ribbons(
        locks, person.seed, ground, prepared.anchors, neutral
    )
    neck = bust.measure_neck(ground, marks[8])
    atlas = skin.smoothed(skin.paint_skin(person, face), face, pixel)
    return PersonAssets(
        shape_params=np.asarray(person.shape_params, np.float32),
        atlas=_shadowed(atlas, locks, ground),
        ribbon_anchors=strands.anchors,
        ribbon_offsets=strands.offsets,
        ribbon_sides=strands.sides,
        ribbon_normals=strands.normals,
        ribbon_tangents=strands.tangents,
        ribbon_shades=strands.shades,
        bust=bust.bust_vertices(person.clothes, neck),
        neck=neck.centre,
        colours=_colours(person),
        traits=_traits(person),
    )


def neutral_head(
    head: HeadModel, shape_params: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices [V, 3] and 68 landmarks [68, 3] of a person without expression."""
    shape = np.asarray(shape_params, np.float32)
    moved = np.asarray(head.identity_basis)[..., : len(shape)] @ shape
    neutral = np.asarray(head.template) + moved
    embedding = head.landmarks["full_68"]
    faces = np.asarray(head.faces)[np.asarray(embedding.faces).reshape(68)]
    weights = np.asarray(embedding.bary).reshape(68, 3, 1)
    return neutral, (neutral[faces] * weights).sum(1)


def _shadowed(
    atlas: np.ndarray, locks: hair.Locks, ground: support.Support
) -> np.ndarray:
    """Darkens the skin that hair hangs over or beside."""
    worn = locks.widths > 0
    if not worn.any():
        return atlas
    points = locks.lines[worn][:, 1:].reshape(-1, 3)
    cells = ground.unrolling.unroll(points) * (support.GRID / SIDE)
    columns, rows = np.clip(cells, 0, support.GRID - 1).astype(int).T
    weights = np.repeat(locks.widths[worn] / 0.006, growth.SEGMENTS)
    counts = np.zeros((support.GRID, support.GRID), np.float32)
    np.add.at(counts, (rows, columns), weights)
    reach = _SHADOW_REACH / ground.unrolling.metres_per_pixel * support.GRID / SIDE
    covered = cv2.GaussianBlur(np.minimum(counts / 2.0, 1.0), (0, 0), 0.4 * reach)
    shade = 1.0 - 0.42 * cv2.resize(np.minimum(covered, 1.0), (SIDE, SIDE))
    shaded = atlas.copy()
    # Colours are stored as square roots of light.
    shaded[..., :3] = np.round(atlas[..., :3] * np.sqrt(shade)[..., None])
    return shaded


def _colours(person: people.Person) -> np.ndarray:
    beard = 0.75 * np.minimum(np.asarray(person.hair.colour), 0.25)
    return np.array(
        [
            person.hair.colour,
            beard,
            person.clothes.colour,
            person.clothes.second_colour,
            person.features.iris_colour,
        ],
        np.float32,
    )


def _traits(person: people.Person) -> np.ndarray:
    random = np.random.default_rng([person.seed, 8])
    yellow = np.clip(random.normal(0.3 + 0.006 * (person.age - 30.0), 0.12), 0.05, 0.9)
    return np.array(
        [
            person.features.pupil,
            person.clothes.stripes,
            random.uniform(0, 6.28),
            yellow,
        ],
        np.float32,
    )
