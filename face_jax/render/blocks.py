"""Visible face of every pixel, by block work items and scatter-min.

The picture is cut into blocks of a few pixels. A work item is one block that the
bounding box of one face touches: there are as many items as such pairs, whatever the
mesh, so nothing overflows and nothing is left out. Each item computes the depth of its
face at the pixels of its block; ``face_jax.render.nearest`` keeps the nearest one.
"""

import dataclasses
import math

import flax.struct
import jax.numpy as jnp
import numpy as np
from jax import lax

from face_jax.render.nearest import (
    NOTHING,
    NOWHERE,
    Buffers,
    Candidates,
    depth_keys,
    empty_buffers,
    last_begun,
    nearest_owners,
)
from face_jax.render.screen import (
    Corners,
    corner_columns,
    depth_inside,
    is_drawable,
    pixel_centres,
    screen_extent,
    signed_area,
)
from face_jax.types import Array

MARGIN = 2e-3
"""Pixels by which a bounding box is widened against rounding."""
LARGEST_COUNT = 2**31 - 1
"""Largest number that int32 can hold."""


@dataclasses.dataclass(frozen=True)
class BlockGrid:
    """How a batch of pictures is cut into blocks.

    Attributes:
      image_size: (height, width) in pixels.
      shape: (rows, columns) of pixels in a block.
    """

    image_size: tuple[int, int]
    shape: tuple[int, int]

    @property
    def blocks(self) -> tuple[int, int]:
        """Rows and columns of blocks; the last ones may reach over the edge."""
        (height, width), (rows, columns) = self.image_size, self.shape
        return -(-height // rows), -(-width // columns)

    @property
    def count(self) -> int:
        """Number of blocks of one picture."""
        return math.prod(self.blocks)

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """Pixel centres x [block columns, columns] and y [block rows, rows].

        Pixels beyond the edge lie at infinity, inside no face.
        """
        xs, ys = pixel_centres(self.image_size)
        return self._by_block(xs, 1), self._by_block(ys, 0)

    def _by_block(self, centres: np.ndarray, axis: int) -> np.ndarray:
        padding = self.blocks[axis] * self.shape[axis] - len(centres)
        padded = np.pad(centres, (0, padding), constant_values=np.inf)
        return padded.reshape(self.blocks[axis], self.shape[axis])

    def to_images(self, blocks: Array) -> Array:
        """Reorders [B * count, pixels of a block] into pictures [B, H, W]."""
        (block_rows, block_columns), (rows, columns) = self.blocks, self.shape
        split = blocks.reshape(-1, block_rows, block_columns, rows, columns)
        padded = split.transpose(0, 1, 3, 2, 4).reshape(
            -1, block_rows * rows, block_columns * columns
        )
        return padded[:, : self.image_size[0], : self.image_size[1]]


@flax.struct.dataclass
class WorkList:
    """Faces and the work items that belong to them; N faces in descending order.

    Attributes:
      ends: int32 [N] number of items of this face and all faces before it.
      geometry: float32 [N, 10] nine coordinates (corner by corner) and the area.
      placement: int32 [N, 5] first item, first block of the picture, first row and
        first column of blocks, number of columns of blocks.
      face: int32 [N] index of the face in the whole batch.
    """

    ends: Array
    geometry: Array
    placement: Array
    face: Array


def block_visibility(
    triangles: Array,
    image_size: tuple[int, int],
    *,
    cull_backfaces: bool = False,
    perspective_correct: bool = False,
    block: tuple[int, int] = (2, 4),
    chunk: int = 8192,
) -> Array:
    """Index of the nearest face at every pixel.

    Args:
      triangles: float32 [B, F, 3, 3] corners in the screen frame.
      image_size: (height, width).
      cull_backfaces: drop faces that show their back.
      perspective_correct: take depths in the scene instead of on the screen.
      block: (rows, columns) of pixels in a block.
      chunk: work items handled at once; memory grows with it, the result does not
        depend on it.

    Returns:
      int32 [B, H, W] face index within its own mesh, -1 where there is none.
    """
    batch, faces = triangles.shape[:2]
    grid = BlockGrid(image_size, block)
    flat = triangles.reshape(batch * faces, 3, 3)[::-1]
    owner = jnp.arange(batch * faces - 1, -1, -1, dtype=jnp.int32)
    first_block = owner // faces * grid.count

    def draw(buffers: Buffers, segment: tuple[Array, Array, Array]):
        work = list_work(*segment, grid, cull_backfaces)

        def candidates(items: Array) -> Candidates:
            return _candidates(items, work, grid, perspective_correct)

        return nearest_owners(buffers, work.ends[-1], chunk, candidates), None

    countable = (LARGEST_COUNT - 2 * chunk) // grid.count
    segments = _split((flat, owner, first_block), countable)
    empty = empty_buffers(batch * grid.count, math.prod(block))
    (_, owners), _ = lax.scan(draw, empty, segments)
    winner = grid.to_images(owners)
    offset = jnp.arange(batch, dtype=jnp.int32)[:, None, None] * faces
    return jnp.where(winner == NOTHING, -1, winner - offset)


def _split(
    arrays: tuple[Array, Array, Array], longest: int
) -> tuple[Array, Array, Array]:
    """Cuts arrays of N rows into [segments, <= longest, ...], padded by no face.

    One segment cannot have more work items than int32 can count, even if every face
    covers the whole picture.
    """
    count = len(arrays[0])
    segments = -(-count // max(longest, 1))
    padding = -count % segments
    length = (count + padding) // segments

    def cut(array: Array) -> Array:
        # A triangle of zeros has no area and is dropped.
        widths = [(0, padding)] + [(0, 0)] * (array.ndim - 1)
        padded = jnp.pad(array, widths) if padding else array
        return padded.reshape(segments, length, *array.shape[1:])

    first, second, third = arrays
    return cut(first), cut(second), cut(third)


def list_work(
    triangles: Array,
    face: Array,
    first_block: Array,
    grid: BlockGrid,
    cull_backfaces: bool,
) -> WorkList:
    """Counts the blocks that each face touches.

    Args:
      triangles: float32 [N, 3, 3].
      face: int32 [N] index in the whole batch, descending.
      first_block: int32 [N] where the blocks of the face's picture begin.
      grid: the blocks.
      cull_backfaces: drop faces that show their back.
    """
    x, y, z = corner_columns(triangles)
    area = signed_area(x, y)
    height, width = grid.image_size
    left, right = _covered(x, width, height, grid.shape[1])
    top, bottom = _covered(y, height, width, grid.shape[0])
    columns, rows = right - left + 1, bottom - top + 1
    keep = is_drawable(x, y, z, area, cull_backfaces) & (columns > 0) & (rows > 0)
    items = jnp.where(keep, rows * columns, 0)
    ends = jnp.cumsum(items)
    return WorkList(
        ends=ends,
        geometry=jnp.concatenate([triangles.reshape(-1, 9), area[:, None]], axis=1),
        placement=jnp.stack([ends - items, first_block, top, left, columns], axis=1),
        face=face,
    )


def _covered(corner: Corners, size: int, other: int, block: int) -> tuple[Array, Array]:
    """First and last block along one axis whose pixel centres the corners enclose.

    Where they enclose no centre the last block comes before the first one, or the
    first one lies beyond the picture.
    """
    extent = screen_extent(size, other)
    lowest = jnp.minimum(jnp.minimum(corner[0], corner[1]), corner[2])
    highest = jnp.maximum(jnp.maximum(corner[0], corner[1]), corner[2])
    # Inverse of `pixel_centres`; the axis points against the pixels' order.
    first = (size - 1) - ((highest + extent / 2) * size - extent / 2) / extent
    last = (size - 1) - ((lowest + extent / 2) * size - extent / 2) / extent
    # Clipped as floats: far away corners do not fit into an integer.
    first = jnp.clip(jnp.ceil(first - MARGIN), 0, size).astype(jnp.int32)
    last = jnp.clip(jnp.floor(last + MARGIN), -1, size - 1).astype(jnp.int32)
    # A box between two centres of the same block must come out empty.
    return first // block, jnp.where(first <= last, last // block, -1)


def _candidates(
    items: Array, work: WorkList, grid: BlockGrid, perspective_correct: bool
) -> Candidates:
    """Depths of work items at the pixels of their blocks.

    Args:
      items: int32 [C]; those beyond the last one are given no block.
      work: the faces.
      grid: the blocks.
      perspective_correct: which depth to take.

    Returns:
      Keys int32 [C, pixels of a block], blocks int32 [C], faces int32 [C].
    """
    owner = last_begun(work.ends, items)
    geometry = work.geometry.at[owner].get(mode="clip")[:, :, None, None]
    placement = work.placement.at[owner].get(mode="clip")
    first_item, first_block, top, left, columns = placement.T
    row = (items - first_item) // columns
    column = left + items - first_item - row * columns
    row = top + row
    xs, ys = (jnp.asarray(centres) for centres in grid.centres())
    px = xs.at[column].get(mode="clip")[:, None, :]
    py = ys.at[row].get(mode="clip")[:, :, None]
    depth, inside = _depths(px, py, geometry, perspective_correct)
    exists = items < work.ends[-1]
    block = jnp.where(exists, first_block + row * grid.blocks[1] + column, NOWHERE)
    keys = depth_keys(depth, inside).reshape(len(items), -1)
    return keys, block, work.face.at[owner].get(mode="clip")


def _depths(
    px: Array, py: Array, geometry: Array, perspective_correct: bool
) -> tuple[Array, Array]:
    """Depth of faces at points and whether the points lie inside; [C, rows, columns]."""

    def of(coordinate: int) -> Corners:
        first, second, third = (geometry[:, coordinate + 3 * k] for k in range(3))
        return first, second, third

    x, y, z = of(0), of(1), of(2)
    return depth_inside(px, py, x, y, z, geometry[:, 9], perspective_correct)
