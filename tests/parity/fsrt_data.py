"""Golden data of FSRT's data geometry."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from data_pipelines.transforms import fsrt_geometry as geometry
from data_pipelines.transforms.fsrt_geometry import Margins
from data_pipelines.transforms.fsrt_item import NUM_VIEWS, FsrtDraws, fsrt_images
from data_pipelines.transforms.photometric import no_color_jitter
from data_pipelines.transforms.query_pixels import lattice_split
from tests.parity.fixture import Check, Fixture

IMAGES = {
    "input_images_augm": "source_images",
    "input_images_augm2_uncropped": "source_images_uncropped",
    "target_image_augm": "driving_images",
    "target_image_augm2_uncropped": "driving_images_uncropped",
    "target_image_augm3_crop": "driving_expression_crops",
}
"""Published names of the pictures and ours; without colours all views are equal."""

SIDE = 256
"""Side of the published pictures."""


def vox_geometry(fixture: Fixture) -> Iterator[Check]:
    """Flip, crops, keypoint transform and pixel lattices under given draws."""
    for number, case in enumerate(fixture.meta["cases"]):
        prefix = f"case{number}_"
        landmarks = fixture.inputs[f"{prefix}landmarks"]
        frames = fixture.inputs[f"{prefix}frames_u8"]
        actual = {
            **_limits(landmarks, case),
            **_transform(frames, case),
            **_pictures(frames, case),
            **_pixels(frames, case),
        }
        for name, array in actual.items():
            yield _check(fixture, prefix + name, array)


def _check(fixture: Fixture, name: str, actual: np.ndarray) -> Check:
    expected = fixture.outputs[name]
    if f"{name}_idx" in fixture.outputs:
        actual = actual.ravel()[fixture.outputs[f"{name}_idx"]]
    if np.issubdtype(expected.dtype, np.integer):
        return Check(name, actual, expected, 0)
    bound = fixture.meta["atol"] + fixture.meta["rtol"] * np.abs(expected)
    return Check(name, actual, expected, bound)


def _draws(case: dict[str, Any]) -> FsrtDraws:
    shared = case["source_crop_draws_left_right_top_bottom_256"]
    top, bottom, right, left = case["driving_crop_draws_top_bottom_right_left_256"]
    return FsrtDraws(
        flip=case["flip"],
        out_of_frame=None if shared is None else Margins(*shared),
        expression_crops=(Margins(left, right, top, bottom),),
        colors=no_color_jitter(NUM_VIEWS),
    )


def _limits(landmarks: np.ndarray, case: dict[str, Any]) -> dict[str, np.ndarray]:
    """Bounds of the draws, in the published order; an empty range draws nothing."""
    if case["flip"]:
        landmarks = geometry.mirror_points(landmarks)
    highs: tuple[int, ...] = ()
    if _draws(case).out_of_frame is not None:
        highs += geometry.out_of_frame_limits(landmarks[: case["num_src"]])
    left, right, top, bottom = geometry.expression_crop_limits(landmarks[-1])
    highs += (top, bottom, right, left)
    return {"randint_highs": np.array([high for high in highs if high > 0])}


def _transform(frames: np.ndarray, case: dict[str, Any]) -> dict[str, np.ndarray]:
    height, width = frames.shape[1:3]
    margins = _draws(case).out_of_frame or geometry.NO_MARGINS
    margins = margins.scaled(width, height)
    scale, shift = geometry.keypoint_transform(margins, width, height)
    return {"kp_scale": scale, "kp_shift": shift}


def _pictures(frames: np.ndarray, case: dict[str, Any]) -> dict[str, np.ndarray]:
    """Published pictures, in [0, 1] and channels first."""
    num_sources = case["num_src"]
    images = fsrt_images(frames[:num_sources], frames[num_sources:], _draws(case), SIDE)
    pictures = {
        published: images[ours].transpose(0, 3, 1, 2) / 255
        for published, ours in IMAGES.items()
    }
    target = images["driving_images"].reshape(-1, 3) / 255
    return {**pictures, "target_pixels_every997": target[::997]}


def _pixels(frames: np.ndarray, case: dict[str, Any]) -> dict[str, np.ndarray]:
    sampled, remaining = lattice_split(SIDE, SIDE, *case["polyphase_corner_x_y"])
    return {
        "sampled_idxs_head": sampled[:300],
        "remaining_idxs_every97": remaining[::97],
        "target_pos_every97": _positions(sampled)[::97],
        "remaining_pos_every97": _positions(remaining)[::97],
    }


def _positions(pixels: np.ndarray) -> np.ndarray:
    """Pixel coordinates (x, y): ±1 are the edges of the image."""
    columns_rows = np.stack([pixels % SIDE, pixels // SIDE], axis=-1)
    return (columns_rows + 0.5 - SIDE / 2) / (SIDE / 2)


PARTS = {"vox_geometry": vox_geometry}
