"""FSRT small enough for tests: every network, every phase, seconds to compile."""

import numpy as np

from configs.fsrt import vox256
from face_jax.fsrt.task import FsrtTask

SIDE = 32


def small_task(**changes) -> FsrtTask:
    networks = vox256.small_networks(SIDE).to_dict()
    networks["keypoints"] = changes.pop("keypoints", "published")
    fields = {
        "networks": networks,
        "schedule": {"name": "constant", "peak": 1e-3},
        "num_pixels": 64,
        "phase2_start": 1,
        "phase3_start": 2,
        "discriminator_warmup": 1,
        "keypoint_detector_weights": "random",
        "vgg19_weights": "random",
    }
    return FsrtTask(**{**fields, **changes})


def random_batch(rows: int = 8, sources: int = 1, driving: int = 1, seed: int = 0):
    """A training batch of noise that looks a little like pictures."""
    random = np.random.default_rng(seed)

    def pictures(frames):
        coarse = random.integers(0, 256, (rows, frames, 8, 8, 3), np.uint8)
        return coarse.repeat(SIDE // 8, axis=2).repeat(SIDE // 8, axis=3)

    def points(frames):
        return random.uniform(-0.7, 0.7, (rows, frames, 10, 2)).astype(np.float32)

    def uniform(low, high, *shape):
        return random.uniform(low, high, (rows, *shape)).astype(np.float32)

    order = np.stack([random.permutation(4) for _ in range(3 * rows)])
    return {
        "source_images": pictures(sources),
        "source_images_uncropped": pictures(sources),
        "driving_images": pictures(driving),
        "driving_images_uncropped": pictures(driving),
        "driving_expression_crops": pictures(driving),
        "source_keypoints": points(sources),
        "driving_keypoints": points(driving),
        "keypoint_scale": uniform(1.0, 1.3, 2),
        "keypoint_shift": uniform(-0.2, 0.2, 2),
        "expression_scale": uniform(1.0, 1.3, driving, 2),
        "expression_shift": uniform(-0.2, 0.2, driving, 2),
        "color_factors": uniform(0.9, 1.1, 3, 4) * np.float32([1, 1, 1, 0.05]),
        "color_order": order.reshape(rows, 3, 4).astype(np.int32),
        "item_id": np.arange(rows, dtype=np.int32),
    }
