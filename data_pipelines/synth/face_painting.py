"""Paints the parts of a drawn face, from the background to the glasses."""

from functools import lru_cache

import cv2
import numpy as np

from data_pipelines.synth.canvas import Canvas, closed_curve, curve
from data_pipelines.synth.face_features import Features
from data_pipelines.synth.face_parameters import FaceParameters, Identity
from data_pipelines.synth.head_shape import (
    EYE_HEIGHT,
    ear_surface,
    hair_surface,
    head_surface,
    jaw_weight,
    on_face,
    open_jaw,
    project,
)

DARK = np.array([0.12, 0.07, 0.08])
MOUTH_INSIDE = np.array([0.32, 0.06, 0.08])
TONGUE = np.array([0.78, 0.36, 0.38])
WHITE = np.array([0.97, 0.96, 0.94])
EYE_CORNERS = (0, 3)
OUTER_LIP_CORNERS = (0, 6)
INNER_LIP_CORNERS = (0, 4)


@lru_cache(maxsize=8)
def background(identity: Identity, side: int) -> np.ndarray:
    """A gradient with blurred shapes, uint8 [side, side, 3]; not to be changed."""
    random = np.random.default_rng(identity.wall_seed)
    upper, lower = np.asarray(identity.wall)
    down = np.linspace(0, 1, side)[:, None, None]
    image = np.broadcast_to(upper * (1 - down) + lower * down, (side, side, 3)).copy()
    for _ in range(14):
        centre = (random.uniform(0, side, 2)).astype(int).tolist()
        radius = int(side * random.uniform(0.04, 0.16))
        colour = (upper * random.uniform(0.7, 1.4)).clip(0, 1).tolist()
        if random.uniform() < 0.5:
            cv2.circle(image, centre, radius, colour, -1)
        else:
            corner = [centre[0] + radius, centre[1] + 2 * radius]
            cv2.rectangle(image, centre, corner, colour, -1)
    image = cv2.GaussianBlur(image, (0, 0), 0.012 * side)
    return np.rint(image.clip(0, 1) * 255).astype(np.uint8)


def paint_body(canvas: Canvas, identity: Identity, parameters: FaceParameters) -> None:
    """Paints shoulders, hair behind the head, and the neck."""
    middle = np.array(
        [0.5 + 0.6 * parameters.shift_x, 0.955 + 0.5 * parameters.shift_y]
    )
    half = np.array(
        [(0.13, -0.03), (0.2, 0.0), (0.33, 0.035), (0.46, 0.1), (0.52, 0.4)]
    )
    shoulders = np.concatenate([half[::-1] * (-1, 1), half]) + middle
    canvas.fill(curve(shoulders), identity.clothes)
    canvas.line(curve(shoulders), np.asarray(identity.clothes) * 0.7, 0.006)
    if identity.hair_length:
        canvas.fill(_long_hair(identity, parameters), np.asarray(identity.hair) * 0.72)
    skin = np.asarray(identity.skin)
    jaw = project(np.array([[-0.42, 0.55, -0.1], [0.42, 0.55, -0.1]]), parameters)[
        :, :2
    ]
    base = np.array(
        [[0.135, -0.02], [0.1, 0.03], [0, 0.05], [-0.1, 0.03], [-0.135, -0.02]]
    )
    canvas.fill(np.concatenate([jaw, base + middle]), skin * 0.62)


def paint_head(canvas: Canvas, identity: Identity, parameters: FaceParameters) -> None:
    """Paints head, ears and hair as shaded surfaces."""
    head, skin_colours, hair, hair_colours = _head_and_hair(identity)
    head = open_jaw(head, parameters, jaw_weight(head))
    parts = [(head, skin_colours), (hair, hair_colours)]
    for side in (-1, 1):
        ear = ear_surface(identity, side)
        colours = np.broadcast_to(np.asarray(identity.skin) * 0.95, (3, 12, 3))
        parts.append((ear, colours))
    canvas.surfaces(
        [(project(points, parameters), colours) for points, colours in parts]
    )


def paint_beard(
    canvas: Canvas, identity: Identity, parameters: FaceParameters, face: Features
) -> None:
    """Paints a beard, if there is one: from the jaw to the cheeks, open at the mouth."""
    if not identity.beard:
        return
    x = np.array([0.56, 0.5, 0.42, 0.3, 0.12, 0.0])
    y = np.array([0.1, 0.3, 0.44, 0.42, 0.43, 0.45])
    right = on_face(identity, x, y)
    edge = np.concatenate([curve(right), curve(right * (-1, 1, 1))[::-1]])
    outline = np.concatenate([face.jaw[1:16], edge])
    colour = 0.75 * np.asarray(identity.hair) + 0.25 * np.asarray(identity.skin)
    canvas.fill(project(outline, parameters), colour)


def paint_eyes(
    canvas: Canvas, identity: Identity, parameters: FaceParameters, face: Features
) -> None:
    """Paints both eyes with iris, lids and lashes."""
    eyes = ((face.left_eye, face.left_iris), (face.right_eye, face.right_iris))
    for eye, iris in eyes:
        _paint_eye(
            canvas, identity, project(eye, parameters), project(iris, parameters)
        )


def paint_brows(
    canvas: Canvas, identity: Identity, parameters: FaceParameters, face: Features
) -> None:
    """Paints both brows, thinner towards their outer ends."""
    taper = identity.brow_thickness / 2 * np.array([0.3, 0.75, 1.0, 1.0, 0.85])
    up = np.zeros((5, 3))
    for brow, thickness in ((face.left_brow, taper), (face.right_brow, taper[::-1])):
        up[:, 1] = thickness
        outline = np.concatenate([curve(brow - up), curve(brow + up)[::-1]])
        canvas.fill(project(outline, parameters), np.asarray(identity.hair) * 0.85)


def paint_nose(
    canvas: Canvas, identity: Identity, parameters: FaceParameters, face: Features
) -> None:
    """Paints the shaded side, the underside, the nostrils and a highlight."""
    skin = np.asarray(identity.skin)
    bridge = project(face.nose_bridge, parameters)
    base = project(face.nose_base, parameters)
    shaded = np.concatenate([curve(bridge), base[:1:-1][::-1], bridge[:1]])
    canvas.fill(shaded, skin * 0.86)
    canvas.fill(np.concatenate([bridge[3:], curve(base)]), skin * 0.76)
    canvas.line(curve(base), skin * 0.55, 0.006)
    for nostril in (base[1], base[3]):
        canvas.line(
            np.stack([nostril, 0.8 * nostril + 0.2 * base[2]]), skin * 0.35, 0.016
        )
    shine = bridge[3, :2] - np.array([[0.006, 0.01], [0.004, 0.006]])
    canvas.line(shine, skin * 0.5 + 0.5, 0.012)


def paint_mouth(
    canvas: Canvas, identity: Identity, parameters: FaceParameters, face: Features
) -> None:
    """Paints lips, and behind them the mouth with teeth and tongue."""
    lips = np.asarray(identity.lips)
    outer = project(face.outer_lips, parameters)
    inner = project(face.inner_lips, parameters)
    opening = closed_curve(inner, INNER_LIP_CORNERS)
    canvas.fill(closed_curve(outer, OUTER_LIP_CORNERS), lips)
    lower = np.concatenate([curve(outer[6:]), outer[:1], curve(inner[:5])])
    canvas.fill(lower, lips * 0.65 + np.array([1.0, 0.75, 0.72]) * 0.25)
    with canvas.inside(opening):
        canvas.fill(opening, MOUTH_INSIDE)
        down = np.diff(project(np.array([[0, 0, 0], [0, 0.1, 0]]), parameters), axis=0)
        across = 0.18 * (inner[4] - inner[0])
        tongue = inner[6] + 0.3 * down[0]
        canvas.line(np.stack([tongue - across, tongue + across]), TONGUE, 0.05)
        teeth = curve(inner[:5])
        canvas.fill(np.concatenate([teeth - down, (teeth + 0.7 * down)[::-1]]), WHITE)
    canvas.line(opening, lips * 0.45, 0.006, closed=True)


def paint_glasses(
    canvas: Canvas, identity: Identity, parameters: FaceParameters
) -> None:
    """Paints the frame of glasses, if any are worn."""
    if not identity.glasses:
        return
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    for side in (-1, 1):
        x = side * identity.eye_distance + 1.5 * identity.eye_size * np.cos(angle)
        y = EYE_HEIGHT + 0.02 + 1.15 * identity.eye_size * np.sin(angle)
        ring = on_face(identity, x, y) * (1, 1, 0) + (0, 0, 0.86)
        ring[:, 2] -= 0.5 * x**2
        canvas.line(project(ring, parameters), DARK, 0.009, closed=True)
    edge = identity.eye_distance - 1.5 * identity.eye_size
    bridge = np.array([[-edge, -0.02, 0.86], [0, -0.05, 0.87], [edge, -0.02, 0.86]])
    canvas.line(curve(project(bridge, parameters)), DARK, 0.011)


def _paint_eye(
    canvas: Canvas, identity: Identity, eye: np.ndarray, iris: np.ndarray
) -> None:
    skin, colour = np.asarray(identity.skin), np.asarray(identity.iris)
    outline = closed_curve(eye, EYE_CORNERS)
    centre = iris.mean(axis=0)
    with canvas.inside(outline):
        canvas.fill(outline, WHITE)
        canvas.fill(iris, colour * 0.6)
        canvas.fill(centre + 0.82 * (iris - centre), colour)
        canvas.fill(centre + 0.45 * (iris - centre), DARK * 0.5)
        shine = centre + 0.35 * (iris[14:20:2] - centre).mean(axis=0)
        canvas.line(np.stack([shine, shine + 1e-3]), WHITE, 0.012)
        canvas.line(curve(eye[:4]), WHITE * 0.7, 0.014)  # shadow of the upper lid
    lid = curve(eye[:4])
    canvas.line(lid, DARK, 0.011)
    canvas.line(curve(eye[[3, 4, 5, 0]]), skin * 0.6, 0.005)
    above = 0.22 * np.linalg.norm(eye[3] - eye[0])
    canvas.line(lid[4:-4] - (0, above, 0), skin * 0.68, 0.006)


def _long_hair(identity: Identity, parameters: FaceParameters) -> np.ndarray:
    """Outline of hair that hangs behind the head, in the picture."""
    side = identity.width + identity.hair_volume + 0.02
    end = EYE_HEIGHT + identity.hair_length
    half = np.array(
        [
            [0.75 * side, -0.75],
            [side, -0.3],
            [side + 0.06, 0.3 * end],
            [side + 0.04, 0.8 * end],
            [0.7 * side, end + 0.1],
        ]
    )
    outline = np.concatenate([half, half[::-1] * (-1, 1)])
    points = np.concatenate([outline, np.full((10, 1), -0.35)], axis=1)
    return curve(project(points, parameters))


@lru_cache(maxsize=8)
def _head_and_hair(identity: Identity) -> tuple[np.ndarray, ...]:
    """Surfaces and colours of head and hair at rest."""
    head, hair = head_surface(identity), hair_surface(identity)
    return head, _skin_colours(identity, head), hair, _hair_colours(identity, hair)


def _skin_colours(identity: Identity, head: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis((head[:-1, :-1] + head[1:, 1:]) / 2, -1, 0)
    front = z > 0
    spot = (np.abs(x) - 0.4) ** 2 + (y - 0.3) ** 2
    blush = 0.35 * front * np.exp(-spot / 0.02)
    socket = 0.12 * front * np.exp(-((np.abs(x) - 0.28) ** 2 + (y + 0.04) ** 2) / 0.03)
    colours = np.asarray(identity.skin) * (1 - socket[..., None])
    return colours + blush[..., None] * (np.asarray(identity.lips) - colours)


def _hair_colours(identity: Identity, hair: np.ndarray) -> np.ndarray:
    rows, columns = hair.shape[0] - 1, hair.shape[1] - 1
    strands = np.random.default_rng(identity.wall_seed).uniform(0.82, 1.12, columns)
    colours = np.asarray(identity.hair) * strands[:, None]
    return np.broadcast_to(colours, (rows, columns, 3))
