"""Which tokens' latents the recogniser sees (arXiv 2307.11404).

Tokens are counted as the masked autoencoder has them: the class token is 0, then the
patches of the grid row by row, left to right. The paper takes for each picture the half
of the patches that its class activation map finds relevant; the published code takes
one list, a window over the middle of the face.
"""

from collections.abc import Mapping
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.cam import Method, class_activation_maps, shown_maps
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.nn.checks import check_shape
from face_jax.types import Array

Selection = Literal["static", "relevant", "all", "none"]
"""Whose latents the recogniser sees. ``static``: the published list; ``relevant``: for
each picture the patches that its activation map finds relevant, the others are zero, as
the paper has it; ``all``; ``none``: there is no latent branch."""

GRID = 14
"""Patches along either side of a picture of 224 pixels."""

RELEVANT = GRID**2 // 2
"""Tokens that the paper selects in each picture: half of the patches."""


def _published_tokens() -> np.ndarray:
    """Columns 3 to 10 of the rows 3 to 11, and columns 3 to 8 of row 12."""
    window = [
        (row, column)
        for row in range(3, 13)
        for column in range(3, 9 if row == 12 else 11)
    ]
    return np.array([1 + GRID * row + column for row, column in window], np.int32)


PUBLISHED_TOKENS = _published_tokens()
"""int32 [78], the list of the published code."""


def static_tokens(grid: int = GRID) -> np.ndarray:
    """One list for all pictures: the published one, or its window on another grid.

    Args:
      grid: patches along either side.

    Returns:
      int32 [N], tokens whose patches have their centres in the rows and columns that
      the published list spans.
    """
    if grid == GRID:
        return PUBLISHED_TOKENS
    rows, columns = np.divmod(PUBLISHED_TOKENS - 1, GRID)
    centres = (np.arange(grid) + 0.5) * GRID / grid
    inside = [
        np.flatnonzero((centres > taken.min()) & (centres < taken.max() + 1))
        for taken in (rows, columns)
    ]
    return (1 + grid * inside[0][:, None] + inside[1]).ravel().astype(np.int32)


def patch_relevance(maps: Array, grid: int = GRID) -> Array:
    """What the maps of a picture say about its patches.

    Args:
      maps: [B, K, H, W], of ``cam.shown_maps``; sides divisible by ``grid``.
      grid: patches along either side.

    Returns:
      [B, grid, grid] float32, mean over the heads and the pixels of each patch.

    Raises:
      ValueError: the maps do not divide into patches.
    """
    if maps.ndim != 4 or any(side % grid for side in maps.shape[2:]):
        raise ValueError(
            f"maps: expected [B, K, H, W], H and W divisible by {grid}, "
            f"got {list(maps.shape)}"
        )
    batch, heads, height, width = maps.shape
    blocks = maps.reshape(batch, heads, grid, height // grid, grid, width // grid)
    return blocks.astype(jnp.float32).mean(axis=(1, 3, 5))


def relevant_tokens(relevance: Array, count: int = RELEVANT) -> Array:
    """The most relevant patches of each picture.

    Args:
      relevance: [B, rows, columns], of ``patch_relevance``.
      count: number of patches, static under ``jit``.

    Returns:
      int32 [B, count], tokens in ascending order. Of equally relevant patches those
      that come first are taken.

    Raises:
      ValueError: there are not as many patches, or the shape is another one.
    """
    check_shape("relevance", relevance, ("B", "rows", "columns"))
    flat = relevance.reshape(relevance.shape[0], -1)
    if not 0 < count <= flat.shape[1]:
        raise ValueError(f"count: expected 1 to {flat.shape[1]}, got {count}")
    _, patches = jax.lax.top_k(flat, count)
    return jnp.sort(patches, axis=-1).astype(jnp.int32) + 1


def tokens_by_activation(
    network: ExpressionNetwork,
    variables: Mapping[str, Any],
    images: Array,
    count: int = RELEVANT,
    method: Method = "grad_cam_plus_plus",
) -> Array:
    """The patches that an expression network recognises each picture by.

    Args:
      network: trained on expressions; static under ``jit``, as are count and method.
      variables: its variables.
      images: [B, H, W, 3] float, as the network takes them; sides divisible by
        ``GRID``.
      count: number of patches.
      method: of the class activation maps.

    Returns:
      int32 [B, count], see ``relevant_tokens``.

    Raises:
      ValueError: the pictures do not divide into patches, there are not as many
        patches, or there is no such method.
    """
    found = class_activation_maps(network, variables, images, method=method)
    _, height, width, _ = images.shape
    shown = shown_maps(found.maps, (height, width))
    return relevant_tokens(patch_relevance(shown), count)


def gather_tokens(latents: Array, tokens: Array | np.ndarray) -> Array:
    """Latents of selected tokens, in the order of the selection.

    Args:
      latents: [B, L, D], of all tokens, the class token first.
      tokens: int [N] for all pictures, or [B, N] for each its own.

    Returns:
      [B, N, D].

    Raises:
      ValueError: the shapes do not fit together, or a list names a token that there is
        not.
    """
    _check_latents(latents, tokens)
    if tokens.ndim == 1:
        return latents[:, tokens]
    return jnp.take_along_axis(latents, tokens[..., None], axis=1)


def keep_tokens(latents: Array, tokens: Array | np.ndarray) -> Array:
    """Latents of all patches, zero where they are not selected.

    A dense layer over all of them then knows which patch a latent is of, whichever are
    selected.

    Args:
      latents: [B, L, D], of all tokens, the class token first.
      tokens: int [N] for all pictures, or [B, N] for each its own.

    Returns:
      [B, L - 1, D], without the class token.

    Raises:
      ValueError: as for ``gather_tokens``.
    """
    _check_latents(latents, tokens)
    kept = jax.nn.one_hot(tokens, latents.shape[1], dtype=bool).any(axis=-2)
    return jnp.where(kept[..., 1:, None], latents[:, 1:], 0)


def select_latents(
    tokens: Array, relevance: Array, selection: Selection, share: float = 0.5
) -> Array:
    """The latents that a recogniser sees.

    Args:
      tokens: [B, 1 + L, D] float, the class token first.
      relevance: [B, g, g], L = g * g, see ``token_selection.patch_relevance``.
      selection: any but ``none``.
      share: of the patches that ``relevant`` takes.

    Returns:
      [B, N, D]; N depends on the selection alone.
    """
    if selection == "all":
        return tokens[:, 1:]
    grid = relevance.shape[1]
    if selection == "static":
        return gather_tokens(tokens, static_tokens(grid))
    count = max(1, round(share * grid * grid))
    return keep_tokens(tokens, relevant_tokens(relevance, count))


def _check_latents(latents: Array, tokens: Array | np.ndarray) -> None:
    check_shape("latents", latents, ("B", "L", "D"))
    if tokens.ndim != 1 and (tokens.ndim != 2 or tokens.shape[0] != latents.shape[0]):
        expected = f"[N] or [{latents.shape[0]}, N]"
        raise ValueError(f"tokens: expected {expected}, got {list(tokens.shape)}")
    if isinstance(tokens, np.ndarray) and tokens.size:
        low, high = int(tokens.min()), int(tokens.max())
        if low < 0 or high >= latents.shape[1]:
            raise ValueError(
                f"tokens: expected 0 to {latents.shape[1] - 1}, got {low} to {high}"
            )
