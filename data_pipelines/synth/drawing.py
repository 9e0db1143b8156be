"""From posed people to pictures: the program that a studio compiles."""

import jax
import jax.numpy as jnp
import numpy as np

from data_pipelines.synth import sampling, shading
from data_pipelines.synth.assets import PersonAssets
from data_pipelines.synth.lighting import Lights
from data_pipelines.synth.occlusion import direction_weights
from data_pipelines.synth.posing import PosedScene, pose_scene
from data_pipelines.synth.sampling import Look
from data_pipelines.synth.stage import Stage
from face_jax.geometry.cameras import (
    SCREEN_DEPTH,
    project_weak_perspective,
    projected_to_pixels,
    to_screen,
)
from face_jax.geometry.head import HeadModel, HeadParameters
from face_jax.geometry.landmarks import (
    landmarks_68,
    landmarks_68_fixed,
    landmarks_mediapipe_105,
)
from face_jax.geometry.mesh import vertex_normals
from face_jax.geometry.products import einsum
from face_jax.render import Fragments, antialias, rasterize
from face_jax.types import Array

SMALLEST_SIDE = 128
"""Pixels; smaller pictures are drawn at least at this size and averaged."""


def draw(
    head: HeadModel,
    stage: Stage,
    cast: PersonAssets,
    parameters: HeadParameters,
    cameras: Array,
    lights: Lights,
    backgrounds: Array,
    size: int,
) -> dict[str, Array | None]:
    """Draws pictures of persons.

    Args:
      head: the head model.
      stage: what is prepared for it.
      cast: assets of B persons.
      parameters: [B, n] fields.
      cameras: [B, 3] (s, tx, ty) of ``project_weak_perspective``.
      lights: of B pictures.
      backgrounds: [B, S, S, 3] uint8 sRGB.
      size: side S of the pictures.

    Returns:
      The fields of ``scene.Pictures``.
    """
    scene = pose_scene(head, stage.parts, cast, parameters)
    vertices = jnp.concatenate([scene.head, scene.hair, scene.bust], axis=1)
    projected = project_weak_perspective(vertices, cameras)
    screen, side = to_screen(projected), size * samples_of(size)
    fragments = rasterize(screen, stage.faces, (side, side))
    values = _attributes(stage, scene, cast, lights)
    looks = _looks(stage, scene, cast, 2.0 / (cameras[:, 0] * side))
    light, labels = jax.vmap(_shade, in_axes=(None, 0, 0, 0, 0))(
        stage, fragments, values, looks, lights
    )
    face = fragments.mask & stage.in_face[fragments.pix_to_face]
    covers = jnp.stack([fragments.mask, face], axis=-1).astype(jnp.float32)
    hard = jnp.concatenate([light, covers], axis=-1)
    soft = antialias(hard, screen, stage.topology, fragments)
    soft = _mean(soft, samples_of(size))
    return {
        "images": _developed(soft[..., :4], lights, backgrounds),
        "labels": _centre(labels, samples_of(size)),
        "face_mask": _bytes(soft[..., 4]),
        "foreground": _bytes(soft[..., 3]),
        "depth": _centre(_depth(fragments), samples_of(size)),
        **_landmarks(head, scene.head, parameters, cameras, size),
        "vertices": scene.head,
        "projected": projected[:, : scene.head.shape[1]],
    }


def samples_of(size: int) -> int:
    """Samples of a pixel along each axis: small pictures are drawn larger."""
    return -(-SMALLEST_SIDE // size)


def _attributes(
    stage: Stage, scene: PosedScene, cast: PersonAssets, lights: Lights
) -> Array:
    """What vertices bring along, [B, all vertices, NUM_ATTRIBUTES]."""
    count = len(scene.head)
    head_normals = _head_normals(stage, scene.head)
    bust_normals = vertex_normals(scene.bust, stage.bust_faces)
    hair_normals = einsum("bij,bhj->bhi", scene.skull, _doubled(cast.ribbon_normals))
    tangents = einsum("bij,bhj->bhi", scene.skull, _doubled(cast.ribbon_tangents))
    towards = einsum("bij,bli->blj", scene.skull, lights.directions)
    lit = einsum("vd,bld->bvl", stage.seen, direction_weights(towards))
    ones = jnp.ones_like
    columns: list[tuple[Array, Array, Array, Array]] = [
        (head_normals, ones(head_normals), lit, stage.open[None, :, None]),
        (
            hair_normals,
            tangents,
            ones(hair_normals),
            _doubled(cast.ribbon_shades)[..., None],
        ),
        (
            bust_normals,
            ones(bust_normals),
            jnp.broadcast_to(
                (0.35 + 0.65 * stage.bust_open)[None, :, None], bust_normals.shape
            ),
            stage.bust_open[None, :, None],
        ),
    ]
    return jnp.concatenate([_joined(count, *column) for column in columns], axis=1)


def _head_normals(stage: Stage, vertices: Array) -> Array:
    """Normals [B, V, 3]; those of the eyeballs are a sphere's, as wet corneas are."""
    normals = vertex_normals(vertices, stage.head_faces)
    for rows, weights in stage.balls:
        ball = vertices[:, rows]
        away = ball - einsum("n,bnc->bc", weights, ball)[:, None]
        away /= jnp.linalg.norm(away, axis=-1, keepdims=True)
        normals = normals.at[:, rows].set(away)
    return normals


def _doubled(points: Array | np.ndarray) -> Array:
    """Values [B, H, ...] of the ribbons' vertices from those of their points."""
    return jnp.repeat(jnp.asarray(points), 2, axis=1)


def _joined(
    count: int, normals: Array, tangents: Array, lit: Array, last: Array
) -> Array:
    """One part's attributes; ``last`` serves as openness and as shade."""
    last = jnp.broadcast_to(last, (count, normals.shape[1], 1))
    return jnp.concatenate([normals, tangents, lit, last, last], axis=-1)


def _looks(stage: Stage, scene: PosedScene, cast: PersonAssets, pixel: Array) -> Look:
    return Look(
        atlas=cast.atlas,
        colours=cast.colours,
        traits=cast.traits,
        irises=jnp.broadcast_to(stage.irises, (len(pixel), 2)),
        up=scene.skull[..., 1],
        pixel=pixel,
    )


def _shade(
    stage: Stage, fragments: Fragments, values: Array, look: Look, lights: Lights
) -> tuple[Array, Array]:
    """Light [H, W, 3] and labels [H, W] of one picture; zeros in the background."""
    shown, face = fragments.mask, jnp.maximum(fragments.pix_to_face, 0).reshape(-1)
    weights = fragments.bary.reshape(-1, 3)
    corners = stage.corners[face].reshape(-1, 3, 3)
    place = jnp.sum(corners * weights[..., None], axis=1)
    vertices = stage.faces[face]
    first, second, third = (
        values[vertices[:, k]] * weights[:, k : k + 1] for k in range(3)
    )
    mixed = first + second + third
    light, labels = sampling.light_of(
        stage.kinds[face], place.T, mixed.T, stage.beard[face], look, lights
    )
    light = jnp.where(shown[..., None], light.T.reshape(*shown.shape, 3), 0.0)
    return light, jnp.where(shown, labels.reshape(shown.shape), 0).astype(jnp.uint8)


def _mean(samples: Array, factor: int) -> Array:
    """Mean over the samples of every pixel, [B, S, S, C]."""
    count, height, width, channels = samples.shape
    shape = (count, height // factor, factor, width // factor, factor, channels)
    return samples.reshape(shape).mean(axis=(2, 4)) if factor > 1 else samples


def _centre(samples: Array, factor: int) -> Array:
    """The sample next to the centre of every pixel, [B, S, S]."""
    return samples[:, factor // 2 :: factor, factor // 2 :: factor]


def _bytes(shares: Array) -> Array:
    return jnp.round(jnp.clip(shares, 0.0, 1.0) * 255).astype(jnp.uint8)


def _developed(soft: Array, lights: Lights, backgrounds: Array) -> Array:
    """What the camera makes of light and coverage [B, S, S, 4] before backgrounds."""

    def develop(soft: Array, lights: Lights, background: Array) -> Array:
        planes = soft.reshape(-1, 4).T
        light, cover = planes[:3], jnp.clip(planes[3], 0.0, 1.0)
        front = shading.developed(light / jnp.maximum(cover, 1e-3), lights)
        behind = shading.from_srgb(background.reshape(-1, 3).T / 255.0)
        mixed = shading.to_srgb(behind + cover * (front - behind))
        return _bytes(mixed).T.reshape(background.shape)

    return jax.vmap(develop)(soft, lights, backgrounds.astype(jnp.float32))


def _depth(fragments: Fragments) -> Array:
    """Projected z [B, H, W], infinite in the background."""
    return jnp.where(fragments.mask, fragments.zbuf - SCREEN_DEPTH, jnp.inf)


def _landmarks(
    head: HeadModel,
    vertices: Array,
    parameters: HeadParameters,
    cameras: Array,
    size: int,
) -> dict[str, Array | None]:
    """Landmarks in pixels, by field."""
    sliding = "contour_79" in head.landmarks
    points = (
        landmarks_68(head, vertices, parameters)
        if sliding
        else landmarks_68_fixed(head, vertices)
    )
    found: dict[str, Array | None] = {"landmarks_68": points, "landmarks_105": None}
    if "mediapipe_105" in head.landmarks:
        found["landmarks_105"] = landmarks_mediapipe_105(head, vertices)
    return {
        name: None
        if points is None
        else projected_to_pixels(
            project_weak_perspective(points, cameras), (size, size)
        )
        for name, points in found.items()
    }
