"""Sizes of the published networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.decoder import SMALL_DECODER, Decoder
from face_jax.fsrt.discriminator import Discriminator
from face_jax.fsrt.encoder import Encoder
from face_jax.fsrt.expression import ExpressionEncoder
from face_jax.fsrt.keypoints import KeypointDetector
from face_jax.nn.resample import gaussian_kernel

QUERY = ((1, 1024, 768), (100, 2), (1, 1, 10, 2), (1, 1, 256))
DETECTOR = ((1, 256, 256, 3),)


def sizes(module, *shapes):
    inputs = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    variables = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    return {
        name: sum(leaf.size for leaf in jax.tree.leaves(tree))
        for name, tree in variables.items()
    }


@pytest.mark.parametrize(
    ("module", "shapes", "count"),
    [
        (KeypointDetector(), DETECTOR, 14_146_728),
        (ExpressionEncoder(), ((1, 64, 64, 35), (1, 58, 58, 10)), 2_558_976),
        (
            Encoder(),
            ((1, 1, 256, 256, 3), (1, 1, 10, 2), (1, 1, 256)),
            29_774_112,
        ),
        (Decoder(), QUERY, 15_310_131),
        (Decoder(**SMALL_DECODER), QUERY, 6_012_723),
        (Discriminator(), ((1, 256, 256, 3), (1, 10, 2)), 6_846_849),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters(module, shapes, count):
    assert sizes(module, *shapes)["params"] == count


def test_buffers_of_the_detector():
    """Published buffers: statistics, one counter per batch norm, the blur's kernel.

    Only the statistics are variables here; the counters have no use and the kernel
    (one copy per colour) is a constant.
    """
    statistics = sizes(KeypointDetector(), *DETECTOR)["batch_stats"]
    batch_norms = 10
    taps = gaussian_kernel(KeypointDetector.scale_factor)
    kernel = 3 * np.outer(taps, taps).size
    assert statistics + batch_norms + kernel == 6_469
