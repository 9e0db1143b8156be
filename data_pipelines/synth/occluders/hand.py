"""Hands in front of faces: shaded skin, nails, joints, and a forearm with a sleeve."""

from typing import NamedTuple

import cv2
import numpy as np

from data_pipelines.synth.occluders.frame import Field, Scene
from data_pipelines.synth.occluders.hand_poses import POSES, HandPose
from data_pipelines.synth.occluders.hand_shape import HandBones, hand_bones
from data_pipelines.synth.occluders.layer import Layer
from data_pipelines.synth.occluders.materials import draw_cloth
from data_pipelines.synth.occluders.relief import (
    Limb,
    Surface,
    coverage,
    hollows,
    limb_surface,
    lit,
    noise,
    normals,
    rounded,
    smooth_union,
)

_DEEP = -10.0
"""Height of where there is no hand."""


class Flesh(NamedTuple):
    """A hand before light falls on it.

    Attributes:
      distance: [H, W] to its outline, negative inside.
      height: [H, W] towards the viewer.
      colour: [H, W, 3], factors of the colour of the skin.
      gloss: [H, W] strength of highlights.
    """

    distance: np.ndarray
    height: np.ndarray
    colour: np.ndarray
    gloss: np.ndarray


def draw_hand(layer: Layer, scene: Scene, random: np.random.Generator) -> None:
    """Draws a hand in one of ``POSES``, of the person's own skin."""
    poses = list(POSES.values())
    pose = poses[int(random.integers(len(poses)))]
    paint_hand(layer, scene, pose, random)


def paint_hand(
    layer: Layer, scene: Scene, pose: HandPose, random: np.random.Generator
) -> None:
    """Draws a hand in a given pose, on either side of the face."""
    side = 1.0 if random.uniform() < 0.5 else -1.0
    transform = pose.transform(scene, side, random)
    # The left hand is the mirrored right one.
    transform[:, 0] *= side
    field = Field(layer, transform)
    bones = hand_bones(pose.grip(random))
    flesh = _flesh(field, bones, random)
    alpha = coverage(flesh.distance, field.pixel)
    drop = np.array([0.0, 0.06]) - 0.05 * scene.light[:2]
    layer.shadow(alpha, drop * scene.unit, 0.06 * scene.unit, 0.45)
    layer.paint(_skin(flesh, scene, field, random), alpha)
    if random.uniform() < 0.7:
        _paint_sleeve(layer, scene, field, bones, random)


def _flesh(field: Field, bones: HandBones, random: np.random.Generator) -> Flesh:
    shape = field.x.shape
    palm, height = _back(field, bones)
    flesh = Flesh(
        distance=palm.copy(),
        height=height,
        colour=np.ones((*shape, 3), np.float32),
        gloss=np.full(shape, 0.05, np.float32),
    )
    nail = 0.5 if random.uniform() < 0.35 else 0.42
    # Fingers that lie deeper are drawn first.
    for number in np.argsort([limbs[-1].end[2] for limbs in bones.fingers]):
        limbs = bones.fingers[number]
        ends = np.array([(*limb.start[:2], *limb.end[:2]) for limb in limbs])
        window = field.window(ends.reshape(-1, 2), margin=0.4)
        part = Flesh(*(array[window] for array in flesh))
        surfaces = [limb_surface(field.x[window], field.y[window], b) for b in limbs]
        _add_finger(part, palm[window], surfaces)
        if bones.flatness[number] > 0.35:
            _add_nail(part, surfaces[-1], nail)
    mottled = noise(shape, 0.12 / field.pixel, random)
    flesh.colour[...] *= 1 + 0.025 * mottled[..., None]
    return flesh


def _add_finger(part: Flesh, palm: np.ndarray, surfaces: list[Surface]) -> None:
    """Adds a finger to the part of a hand around it, in place."""
    outline, top = _join(surfaces)
    np.minimum(part.distance, smooth_union(palm, outline, 0.12), out=part.distance)
    shown = top > part.height
    part.height[...] = _blend(part.height, top)
    part.colour[shown] = _finger_tint(surfaces)[shown]


def _back(field: Field, bones: HandBones) -> tuple[np.ndarray, np.ndarray]:
    """Outline and height of the back of the hand and the forearm."""
    x, y = field.x, field.y
    surfaces = [limb_surface(x, y, limb) for limb in bones.palm]
    arm = limb_surface(x, y, bones.forearm)
    distance = surfaces[0].distance
    for surface in (*surfaces[1:], arm):
        distance = smooth_union(distance, surface.distance, 0.3)
    # Blurred, because distances have kinks in the middle between two bones.
    height = cv2.GaussianBlur(
        0.75 * rounded(distance, 0.45), (0, 0), 0.06 / field.pixel
    )
    for surface, knuckle in zip(surfaces, bones.knuckles.tolist(), strict=True):
        rise = np.clip(surface.along, 0, 1) ** 2
        height += 0.02 * rise * np.exp(-((surface.across / 0.35) ** 2))
        away = (x - knuckle[0]) ** 2 + (y - knuckle[1]) ** 2
        height += 0.05 * np.exp(-away / 0.02)
    return distance, np.where(distance < 0, height, _DEEP)


def _join(parts: list[Surface]) -> tuple[np.ndarray, np.ndarray]:
    """One finger from its bones: outline, and the highest surface."""
    distance, height = parts[0].distance, parts[0].height
    for part in parts[1:]:
        distance = smooth_union(distance, part.distance, 0.04)
        height = np.maximum(height, part.height)
    return distance, height


def _blend(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """The higher of two surfaces, with a soft seam where they meet."""
    above = np.maximum(above, _DEEP)
    return -smooth_union(-below, -above, 0.14)


def _finger_tint(parts: list[Surface]) -> np.ndarray:
    """Factors of colour along a finger: joints and the tip are redder and darker."""
    tint = np.ones((*parts[0].height.shape, 3), np.float32)
    for number, part in enumerate(parts):
        here = part.height > _DEEP
        if number:
            joint = np.exp(-((part.along / 0.16) ** 2)) * here
            crease = np.exp(-((part.along / 0.05) ** 2)) * here
            tint -= joint[..., None] * np.array([0.04, 0.11, 0.11], np.float32)
            tint -= 0.12 * crease[..., None]
        if number == 2:
            tip = np.clip(part.along, 0, 1) * here
            tint -= tip[..., None] * np.array([-0.02, 0.06, 0.05], np.float32)
    return tint


def _add_nail(part: Flesh, tip: Surface, half: float) -> None:
    """Puts a nail of some length on the last bone of a finger, in place."""
    middle = 0.5 + 0.6 * half
    inside = tip.height >= part.height - 0.05
    along = np.square((tip.along - middle) / half)
    ring = np.where(inside, np.square(along) + np.square(tip.across / 0.62) ** 2, 9.0)
    nail = np.clip(3 * (1 - ring), 0, 1)[..., None]
    rim = np.maximum(1 - 3 * np.abs(ring - 1), 0)[..., None]
    edge = np.clip((tip.along - middle - 0.62 * half) / 0.08, 0, 1)[..., None]
    tone = np.array([1.2, 1.13, 1.12], np.float32) + 0.2 * edge
    part.colour[...] -= 0.14 * rim
    part.colour[...] += nail * (tone - part.colour)
    part.gloss[...] += 0.3 * nail[..., 0]


def _skin(
    flesh: Flesh, scene: Scene, field: Field, random: np.random.Generator
) -> np.ndarray:
    """Colours of the lit hand, linear RGB [H, W, 3]."""
    normal = normals(np.maximum(flesh.height, -0.1), field.pixel)
    light = field.light(scene.light)
    tone = (scene.skin * random.uniform(0.9, 1.08)).astype(np.float32)
    # The tone was measured on a lit face: shading must leave it as it is on average.
    shaded = 1.15 * lit(flesh.colour * tone, normal, light, ambient=0.5)
    halfway = light + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    facing = np.clip(normal @ halfway, 0, 1)
    shine = scene.exposure * flesh.gloss * facing**24
    crease = hollows(flesh.height.clip(-0.3), 0.07 / field.pixel, 0.3)[..., None]
    dark = np.array([0.45, 0.3, 0.28], np.float32)
    return (shaded + shine[..., None]) * (dark + (1 - dark) * crease)


def _paint_sleeve(
    layer: Layer,
    scene: Scene,
    field: Field,
    bones: HandBones,
    random: np.random.Generator,
) -> None:
    """Covers the forearm from somewhere behind the wrist."""
    x, y, pixel = field.x, field.y, field.pixel
    arm = limb_surface(x, y, bones.forearm)
    cuff = float(random.uniform(1.15, 1.9)) + 0.05 * np.cos(2 * x)
    width = 0.09 + 0.02 * noise(x.shape, 0.4 / pixel, random)
    distance = np.maximum(arm.distance - width, cuff - y)
    height = 0.8 * rounded(distance, 0.5)
    height += 0.02 * noise(x.shape, 0.25 / pixel, random)
    cloth = draw_cloth(x, y, pixel, random)
    hem = 1 - 0.35 * np.exp(-(((y - cuff - 0.12) / 0.02) ** 2))
    light = field.light(scene.light)
    colour = lit(cloth * hem[..., None], normals(height, pixel), light, ambient=0.5)
    layer.paint(scene.exposure * colour, coverage(distance, pixel))


def paint_fingers(
    layer: Layer,
    scene: Scene,
    field: Field,
    half_width: float,
    middle: float,
    side: float,
    random: np.random.Generator,
) -> None:
    """Draws four fingers that hold something round from one side.

    Args:
      layer: what is drawn on.
      scene: the face.
      field: the frame of the thing, upright around x = 0.
      half_width: of the thing.
      middle: where it is held, along y.
      side: 1 for a hand that comes from the right, -1 from the left.
      random: what small differences are drawn from.
    """
    limbs = _holding_limbs(half_width, middle, side, random)
    shape = field.x.shape
    flesh = Flesh(
        distance=np.full(shape, 9.0, np.float32),
        height=np.full(shape, _DEEP, np.float32),
        colour=np.ones((*shape, 3), np.float32),
        gloss=np.full(shape, 0.05, np.float32),
    )
    for bones in limbs:
        surfaces = [limb_surface(field.x, field.y, bone) for bone in bones]
        _add_finger(flesh, flesh.distance, surfaces)
        if len(bones) > 1:
            _add_nail(flesh, surfaces[-1], 0.42)
    alpha = coverage(flesh.distance, field.pixel)
    shift = np.array([-0.04 * scene.light[0], 0.05]) * scene.unit
    layer.shadow(alpha, shift, 0.04 * scene.unit, 0.4)
    layer.paint(_skin(flesh, scene, field, random), alpha)


def _holding_limbs(
    half_width: float, middle: float, side: float, random: np.random.Generator
) -> list[list[Limb]]:
    """Back of the hand beside the thing, then fingers around its front."""
    edge = side * (half_width + 0.12)
    palm = Limb(
        np.array([edge + side * 0.1, middle + 0.1, -0.1]),
        np.array([edge + side * 1.2, middle + 2.6, -0.3]),
        (0.52, 0.5),
    )
    fingers = [[palm]]
    for number in range(4):
        y = middle + 0.27 * (number - 1.5)
        reach = half_width * (0.15 + 0.12 * number) - 0.2 + random.uniform(-0.06, 0.06)
        start = np.array([edge + side * 0.1, y + 0.05, 0.05])
        joint = np.array([side * 0.75 * half_width, y, 0.3])
        tip = np.array([side * reach, y + 0.02, 0.34])
        thick = 0.145 - 0.012 * number
        fingers.append(
            [
                Limb(start, joint, (thick + 0.01, thick)),
                Limb(joint, (joint + tip) / 2, (thick, 0.93 * thick)),
                Limb((joint + tip) / 2, tip, (0.93 * thick, 0.8 * thick)),
            ]
        )
    return fingers
