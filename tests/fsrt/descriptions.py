"""Random descriptions of a batch, and what numpy makes of them."""

import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.views import Description

ITEMS, SOURCES, DRIVING, ENTRIES = 3, 2, 4, 5


def description(seed=0) -> Description:
    random = np.random.default_rng(seed)
    persons = 2 * random.standard_normal((ITEMS, 1, ENTRIES))

    def vectors(frames):
        frames = 0.1 * random.standard_normal((ITEMS, frames, ENTRIES))
        return jnp.asarray(persons + frames, jnp.float32)

    points = jnp.zeros((ITEMS, 1, 10, 2))
    return Description(
        points,
        points,
        vectors(SOURCES),
        vectors(SOURCES),
        vectors(DRIVING),
        vectors(DRIVING),
    )


def views(given):
    return [
        np.concatenate(pair, axis=1).astype(np.float64)
        for pair in (
            (given.source_expression, given.driving_expression),
            (given.source_expression_second, given.driving_expression_crop),
        )
    ]
