"""The integer half of the renderer: which face each pixel sees. It has no gradient."""

import functools
from collections.abc import Callable

from jax import lax

from face_jax.render.batching import fold_mapped
from face_jax.render.blocks import block_visibility
from face_jax.render.dense import dense_visibility
from face_jax.types import Array

CHUNK_ON_CPU = 8192
CHUNK_ELSEWHERE = 2**17
"""Work items handled at once: enough to fill the device, few enough for its cache."""


def visible_faces(
    triangles: Array,
    image_size: tuple[int, int],
    *,
    cull_backfaces: bool = False,
    perspective_correct: bool = False,
    implementation: str = "blocks",
) -> Array:
    """Nearest face at every pixel centre that lies strictly inside of it.

    Under ``vmap`` the mapped axis is folded into the batch, which is much faster than
    a loop of which every image waits for the others.

    Args:
      triangles: float32 [B, F, 3, 3] corners in the screen frame.
      image_size: (height, width) in pixels.
      cull_backfaces: drop faces that show their back.
      perspective_correct: compare depths in the scene instead of on the screen.
      implementation: "blocks", or "dense" for the slow and simple one.

    Returns:
      int32 [B, H, W] face index within its own mesh, -1 where there is none. Equal
      depths go to the lower index.

    Raises:
      ValueError: unknown implementation.
    """
    if implementation not in ("blocks", "dense"):
        raise ValueError(
            f"implementation: expected 'blocks' or 'dense', got {implementation!r}"
        )
    find = _search(image_size, cull_backfaces, perspective_correct, implementation)
    return find(lax.stop_gradient(triangles))


@functools.cache
def _search(
    image_size: tuple[int, int], cull: bool, perspective: bool, implementation: str
) -> Callable[[Array], Array]:
    """The search with its settings bound; cached, so that JAX traces it once."""
    block_search, dense_search = (
        functools.partial(
            find,
            image_size=image_size,
            cull_backfaces=cull,
            perspective_correct=perspective,
        )
        for find in (block_visibility, dense_visibility)
    )

    def search(triangles: Array) -> Array:
        if implementation == "dense":
            return dense_search(triangles)

        def with_chunk(chunk: int) -> Callable[[Array], Array]:
            return functools.partial(block_search, chunk=chunk)

        return lax.platform_dependent(
            triangles,
            cpu=with_chunk(CHUNK_ON_CPU),
            default=with_chunk(CHUNK_ELSEWHERE),
        )

    return fold_mapped(search)
