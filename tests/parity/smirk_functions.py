"""Parts of SMIRK without weights: masking, augmentation, preparation of pictures."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from data_pipelines.transforms import smirk_geometry
from data_pipelines.transforms.smirk_item import SmirkCrop, smirk_item
from face_jax.geometry.head import HeadParameters, LandmarkEmbedding
from face_jax.geometry.landmarks import MEDIAPIPE_105, surface_points
from face_jax.smirk.augment import AugmentationDraws, augment, tile_rows
from face_jax.smirk.masking import masked_image
from face_jax.smirk.region_weights import region_weights
from face_jax.smirk.surface_sampling import (
    point_pixels,
    sampling_weights,
    transfer_pixels,
)
from face_jax.smirk.templates import TemplateBank, template_bank
from tests.parity import smirk_losses
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.smirk_geometry import synthetic_assets

IMAGE_ATOL = 1e-6
PIXEL_EDGE = 1e-5
"""Pixels from an edge at which rounding decides between two pixels."""
AUGMENT_SHARE = 1e-4
LANDMARK_ATOL = 1e-5
MATRIX_SHARE = 1e-6
GREY_LEVEL = 1.001 / 255
"""Where a value is close to a whole number, either side is right."""
RECOGNITION_ATOL = 2e-2


def masking(fixture: Fixture) -> Iterator[Check]:
    """Weights of triangles, points, moved pixels and hidden faces, draws given."""
    given, stored = fixture.inputs, fixture.outputs
    synthetic = fixture.meta["synthetic"]
    assets = synthetic_assets(synthetic["seed"], tuple(synthetic["topology"]))
    faces = assets["f"].astype(np.int32)
    weights = region_weights(assets["triangle_masks"], len(faces))
    yield Check("face_probabilities", weights, stored["face_probabilities"], 0)
    likely = sampling_weights(given["verts1"], faces, weights)
    yield from _sampled(fixture, "sampling_weights", likely)

    size = fixture.meta["image_size"]
    points = LandmarkEmbedding(jnp.asarray(given["faces_idx"]), given["bary"])
    pixels = []
    for number in (1, 2):
        # The third component is a scaled depth, which nothing uses.
        vertices, expected = given[f"verts{number}"], stored[f"points{number}"][..., :2]
        found = point_pixels(vertices, faces, points, size)
        pixels.append(expected)
        places = 0.5 * (1 + surface_points(vertices, faces, points)[..., :2]) * size
        on_edge = np.abs(places - np.round(places)) < PIXEL_EDGE
        yield Check(f"points{number}", found, expected, on_edge)

    for number, landmarks in enumerate(given["hull_landmarks"]):
        outline = smirk_geometry.hull_mask(landmarks, size)
        yield Check("hull_mask", outline, given["hull_mask"][number, 0], 0)

    image = _channels_last(fixture.image("img_u8"))
    kept = transfer_pixels(image, *pixels)
    yield from _sampled(fixture, "extra_points", _channels_first(kept), IMAGE_ATOL)
    count = jnp.any(kept != 0, axis=-1).sum(axis=(1, 2))
    yield Check(
        "extra_points_nonzero_count", count, stored["extra_points_nonzero_count"], 0
    )
    for name, extras in (("masked_img", _extras(given)), ("masked_img_plain", {})):
        masked = masked_image(
            image,
            given["hull_mask"][:, 0],
            kept,
            radius=fixture.meta["dilation_radius"],
            **extras,
        )
        yield from _sampled(fixture, name, _channels_first(masked), IMAGE_ATOL)


def preprocess(fixture: Fixture) -> Iterator[Check]:
    """A picture's crop, landmarks, outline and aligned face, without augmentation."""
    given, stored, scale = fixture.inputs, fixture.outputs, fixture.meta["scale"]
    points, landmarks = given["landmarks_mp478"], given["landmarks_fan"]
    image = np.ascontiguousarray(given["image_bgr_u8"][..., ::-1])
    for name, matrix in (
        ("crop_matrix", smirk_geometry.crop_matrix(points, scale)),
        ("arcface_matrix", smirk_geometry.recognition_matrix(landmarks)),
    ):
        atol = MATRIX_SHARE * np.abs(stored[name]).max()
        yield Check(name, matrix, stored[name], atol)
    item = smirk_item(image, points, landmarks, SmirkCrop(scale))
    kept = item["landmarks_mediapipe"][list(MEDIAPIPE_105)]
    yield Check("landmarks_mp", kept, stored["landmarks_mp"], LANDMARK_ATOL)
    moved = item["landmarks_68"]
    yield Check("landmarks_fan", moved, stored["landmarks_fan"], LANDMARK_ATOL)
    yield Check("mask", item["hull_mask"][None], stored["mask"], 0)
    for name, picture, atol in (
        ("img", item["image"], GREY_LEVEL),
        ("img_mica", item["recognition_image"], RECOGNITION_ATOL),
    ):
        yield from _sampled(fixture, name, _channels_first(picture) / 255, atol)


def augmentation(fixture: Fixture) -> Iterator[Check]:
    """Parameters of the second path with every draw given."""
    given, stored = fixture.inputs, fixture.outputs
    names = [name.removeprefix("enc_") for name in given if name.startswith("enc_")]
    tiled = tile_rows({n: given[f"enc_{n}"] for n in names}, fixture.meta["Ke"])
    camera = tiled.pop("cam")
    templates = template_bank(
        [given[name] for name in sorted(given, key=_number) if "templates_" in name],
        given["enc_expression_params"].shape[1],
    )
    draws = augmentation_draws(given, templates)
    found = augment(HeadParameters(**tiled), templates, draws)
    for name in (*tiled, "cam"):
        value = camera if name == "cam" else getattr(found, name)
        expected = stored[name]
        atol = AUGMENT_SHARE * (np.abs(expected).max() + np.abs(expected))
        yield Check(name, value, expected, atol)


def augmentation_draws(
    given: dict[str, np.ndarray], templates: TemplateBank
) -> AugmentationDraws:
    """The draws of a file, by our names."""

    def draw(name: str) -> np.ndarray:
        return given[f"draw_{name}"]

    groups = ("rand", "perm", "template", "zero")
    count = sum(name.endswith("_key_index") for name in given)
    sequences = np.array([draw(f"template{n}_key_index") for n in range(count)], int)
    frames = np.array([draw(f"template{n}_row") for n in range(count)], int)
    scales = [draw(f"template{n}_scale_u").reshape(-1) for n in range(count)]
    return AugmentationDraws(
        order=draw("gid_perm"),
        noise=np.concatenate([draw(f"{group}_noise_normal") for group in groups]),
        noise_scale=np.concatenate([draw(f"{g}_noise_u")[:, 0] for g in groups]),
        disturbed=draw("rand_normal"),
        disturbed_scale=draw("rand_scale_u")[:, 0],
        disturbed_entries=draw("rand_bernoulli"),
        exchanged=draw("perm_perm"),
        exchanged_scale=draw("perm_scale_u")[:, 0],
        template=np.asarray(templates.starts)[sequences] + frames,
        template_scale=np.concatenate([*scales, np.zeros(0)]),
        neutral_eyelids=draw("zero_eyelid_u"),
        jaw=draw("jaw_normal"),
        jaw_moves=draw("jaw_bernoulli"),
        eyelids=draw("eyelid_u"),
    )


def _extras(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "rendered": given["rendered_mask"][:, 0],
        "noise": _channels_last(given["noise_normal"]),
        "centres": given["bernoulli_centres"][:, 0] > 0,
    }


def _sampled(
    fixture: Fixture, name: str, value: Any, atol: float | None = None
) -> Iterator[Check]:
    """Stored entries of an output in the published layout, and what is said of all."""
    stored = fixture.outputs
    value, expected = np.asarray(value, np.float64), stored[name]
    atol = fixture.atol(expected) if atol is None else atol
    index = stored[f"{name}__flat_index"]
    yield Check(name, value.reshape(-1)[index], expected, atol)
    yield Check(f"{name}__shape", value.shape, stored[f"{name}__shape"], 0)
    if f"{name}__mean_std" in stored:
        spread = [value.mean(), value.std()]
        yield Check(f"{name}__mean_std", spread, stored[f"{name}__mean_std"], atol)


def _channels_last(image: np.ndarray) -> np.ndarray:
    return np.moveaxis(image, -3, -1)


def _channels_first(image: Any) -> np.ndarray:
    return np.moveaxis(np.asarray(image), -1, -3)


def _number(name: str) -> int:
    """The number at the end of a name, -1 without."""
    digits = name.rpartition("_")[2]
    return int(digits) if digits.isdigit() else -1


PARTS: dict[str, Part] = {
    "masking": masking,
    "augment": augmentation,
    "preprocess": preprocess,
    **smirk_losses.PARTS,
}
