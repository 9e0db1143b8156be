"""A few pictures with latents, all told apart by their numbers."""

import numpy as np

KINDS = ("none", "hand", "mask")
SIZE, GRID, WIDTH = 8, 2, 3


def small_latents(count=6):
    """Arrays of ``write_latents`` for ``count`` pictures."""
    random = np.random.default_rng(0)
    tokens = random.normal(size=(count, 1 + GRID**2, WIDTH))
    return {
        "images": random.integers(0, 256, (count, SIZE, SIZE, 3), np.uint8),
        "tokens": tokens.astype(np.float16),
        "relevance": random.random((count, GRID, GRID), np.float32),
        "labels": np.arange(count, dtype=np.int32) // 2 - 1,
        "occluders": np.arange(count, dtype=np.int32) % len(KINDS),
        "identities": 10 + np.arange(count, dtype=np.int32),
    }
