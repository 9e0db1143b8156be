"""SMIRK small enough for tests: every network, every phase, seconds to compile."""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from face_jax.heads.flame import flame_from_arrays
from face_jax.heads.storage import save_head
from face_jax.smirk.task import SmirkTask
from tests.heads import flame_files

SIDE = 32

NETWORKS = {
    "image_size": SIDE,
    "num_shape": 6,
    "num_expression": 5,
    "pose_encoder": {"variant": "tiny"},
    "shape_encoder": {"variant": "tiny"},
    "expression_encoder": {"variant": "tiny"},
    "generator": {"features": 4, "levels": 1, "residual_blocks": 1},
    "emotion": {"depths": [1, 1], "width": 4},
    "mica": {
        "depths": [1, 1],
        "channels": [4, 8],
        "embedding_size": 8,
        "hidden": [8],
        "num_shape": 6,
        "image_size": 16,
    },
}


def write_head(folder: Path, **changes) -> str:
    """A FLAME of 285 vertices as a file; ``changes`` replace fields of it."""
    assets = flame_files.arrays()
    face = np.zeros(len(assets["v_template"]), bool)
    face[assets["mask_face"]] = True
    fields = {"regions": {"face": face}, **changes}
    head = dataclasses.replace(flame_from_arrays(assets), **fields)
    path = folder / "head.npz"
    save_head(path, head)
    return str(path)


def small_task(head: str, **changes) -> SmirkTask:
    networks = {**NETWORKS, "head": head, **changes.pop("networks", {})}
    fields = {
        "networks": networks,
        "schedule": {"name": "constant", "peak": 1e-3},
        "mask_ratio": 0.05,
        "mask_radius": 1,
    }
    return SmirkTask(**{**fields, **changes})


@functools.cache
def random_batch(rows: int = 8, seed: int = 0) -> dict[str, np.ndarray]:
    """A training batch of noise that looks a little like pictures."""
    random = np.random.default_rng(seed)

    def uniform(*shape):
        return random.uniform(-0.7, 0.7, (rows, *shape)).astype(np.float32)

    def pictures(side):
        coarse = random.integers(0, 256, (rows, 4, 4, 3), np.uint8)
        return coarse.repeat(side // 4, axis=1).repeat(side // 4, axis=2)

    hull_mask = np.ones((rows, SIDE, SIDE), np.uint8)
    hull_mask[:, 8:24, 8:24] = 0
    return {
        "image": pictures(SIDE),
        "hull_mask": hull_mask,
        "landmarks_mediapipe": uniform(105, 2),
        "has_landmarks_mediapipe": np.arange(rows) > 0,
        "landmarks_68": uniform(68, 2),
        "has_landmarks_68": np.arange(rows) % 2 == 0,
        "recognition_image": pictures(16),
        "shape_params": uniform(6),
        "has_truth": np.arange(rows) < rows - 1,
        "item_id": np.arange(rows, dtype=np.int32),
    }
