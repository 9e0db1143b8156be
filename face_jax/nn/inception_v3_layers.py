"""Layers of Inception-v3 (arXiv 1512.00567) by torchvision's names.

Pools are those of the TensorFlow graph that FID is defined by: the last block takes the
largest of 3 x 3 pixels where the others average.
"""

import enum
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple


class Layer(NamedTuple):
    """A convolution without bias, its batch norm and a ReLU.

    Attributes:
      name: torchvision's.
      features: channels of its output.
      sides: height and width of its kernel.
      stride: step between outputs.
      padding: zeros around the map so that it keeps its size, or none.
    """

    name: str
    features: int
    sides: tuple[int, int] = (1, 1)
    stride: int = 1
    padding: Literal["SAME", "VALID"] = "SAME"


class Pool(enum.Enum):
    """What becomes of 3 x 3 pixels.

    Attributes:
      AVERAGE: their mean, without what lies beyond the edge; the map keeps its size.
      LARGEST: the largest; the map keeps its size.
      HALVE: the largest of every second whole window.
    """

    AVERAGE = "average"
    LARGEST = "largest"
    HALVE = "halve"


Step = Layer | Pool | tuple[Layer, ...]
"""One after the other; layers in a tuple see the same map, and their outputs are joined."""

Branches = Sequence[Sequence[Step]]
"""Steps that see the same map, and whose outputs are joined."""


def _halving(name: str, features: int) -> Layer:
    return Layer(name, features, (3, 3), 2, "VALID")


STEM: Sequence[Step] = (
    _halving("Conv2d_1a_3x3", 32),
    Layer("Conv2d_2a_3x3", 32, (3, 3), padding="VALID"),
    Layer("Conv2d_2b_3x3", 64, (3, 3)),
    Pool.HALVE,
    Layer("Conv2d_3b_1x1", 80),
    Layer("Conv2d_4a_3x3", 192, (3, 3), padding="VALID"),
    Pool.HALVE,
)


def _small_kernels(pooled: int) -> Branches:
    """35 x 35 pixels: ``InceptionA``, with the channels of its pool's branch."""
    return (
        (Layer("branch1x1", 64),),
        (Layer("branch5x5_1", 48), Layer("branch5x5_2", 64, (5, 5))),
        (
            Layer("branch3x3dbl_1", 64),
            Layer("branch3x3dbl_2", 96, (3, 3)),
            Layer("branch3x3dbl_3", 96, (3, 3)),
        ),
        (Pool.AVERAGE, Layer("branch_pool", pooled)),
    )


def _lines(width: int) -> Branches:
    """17 x 17 pixels: ``InceptionC``, with the channels between its kernels."""
    return (
        (Layer("branch1x1", 192),),
        (
            Layer("branch7x7_1", width),
            Layer("branch7x7_2", width, (1, 7)),
            Layer("branch7x7_3", 192, (7, 1)),
        ),
        (
            Layer("branch7x7dbl_1", width),
            Layer("branch7x7dbl_2", width, (7, 1)),
            Layer("branch7x7dbl_3", width, (1, 7)),
            Layer("branch7x7dbl_4", width, (7, 1)),
            Layer("branch7x7dbl_5", 192, (1, 7)),
        ),
        (Pool.AVERAGE, Layer("branch_pool", 192)),
    )


def _forks(pool: Pool) -> Branches:
    """8 x 8 pixels: ``InceptionE``, with the pool of its last branch."""
    return (
        (Layer("branch1x1", 320),),
        (Layer("branch3x3_1", 384), _fork("branch3x3_2")),
        (
            Layer("branch3x3dbl_1", 448),
            Layer("branch3x3dbl_2", 384, (3, 3)),
            _fork("branch3x3dbl_3"),
        ),
        (pool, Layer("branch_pool", 192)),
    )


def _fork(name: str) -> tuple[Layer, ...]:
    return Layer(f"{name}a", 384, (1, 3)), Layer(f"{name}b", 384, (3, 1))


TO_17: Branches = (
    (_halving("branch3x3", 384),),
    (
        Layer("branch3x3dbl_1", 64),
        Layer("branch3x3dbl_2", 96, (3, 3)),
        _halving("branch3x3dbl_3", 96),
    ),
    (Pool.HALVE,),
)
TO_8: Branches = (
    (Layer("branch3x3_1", 192), _halving("branch3x3_2", 320)),
    (
        Layer("branch7x7x3_1", 192),
        Layer("branch7x7x3_2", 192, (1, 7)),
        Layer("branch7x7x3_3", 192, (7, 1)),
        _halving("branch7x7x3_4", 192),
    ),
    (Pool.HALVE,),
)
BLOCKS: Mapping[str, Branches] = {
    "Mixed_5b": _small_kernels(32),
    "Mixed_5c": _small_kernels(64),
    "Mixed_5d": _small_kernels(64),
    "Mixed_6a": TO_17,
    "Mixed_6b": _lines(128),
    "Mixed_6c": _lines(160),
    "Mixed_6d": _lines(160),
    "Mixed_6e": _lines(192),
    "Mixed_7a": TO_8,
    "Mixed_7b": _forks(Pool.AVERAGE),
    "Mixed_7c": _forks(Pool.LARGEST),
}
"""Behind the stem, in order, by torchvision's names."""
