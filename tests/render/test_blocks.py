"""The fast search finds what testing every pixel against every face finds."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import blocks
from face_jax.render.blocks import BlockGrid, block_visibility
from face_jax.render.dense import dense_visibility
from tests.render import scenes

STATIC = (
    "image_size",
    "cull_backfaces",
    "perspective_correct",
    "block",
    "chunk",
)
search = jax.jit(block_visibility, static_argnames=STATIC)
oracle = jax.jit(dense_visibility, static_argnames=STATIC[:3])


@pytest.mark.parametrize(
    ("size", "batch", "count", "settings"),
    [
        ((16, 24), 2, 80, {}),
        ((9, 30), 1, 100, {"perspective_correct": True}),
        ((21, 5), 3, 33, {"cull_backfaces": True}),
    ],
)
def test_random_meshes_of_all_kinds(size, batch, count, settings):
    covered = []
    for seed in range(12):
        triangles = scenes.soup(seed, batch, count, size)
        found = search(triangles, image_size=size, **settings)
        expected = np.asarray(oracle(triangles, image_size=size, **settings))
        np.testing.assert_array_equal(found, expected, err_msg=f"seed {seed}")
        covered.append(np.mean(expected >= 0))
    assert 0.05 < np.mean(covered) < 1


@pytest.mark.parametrize(
    ("block", "chunk"),
    [((2, 4), 16), ((3, 5), 999), ((32, 32), 8)],
)
def test_the_shape_of_blocks_and_chunks_changes_nothing(block, chunk):
    for seed in range(20, 24):
        triangles = scenes.soup(seed)
        found = search(triangles, image_size=scenes.SIZE, block=block, chunk=chunk)
        np.testing.assert_array_equal(found, oracle(triangles, image_size=scenes.SIZE))


def test_more_items_than_can_be_counted_are_searched_in_segments(monkeypatch):
    triangles = scenes.soup(30)
    grid = BlockGrid(scenes.SIZE, (2, 4))
    chunk = 64
    # So few that a segment holds 50 of the 160 faces.
    monkeypatch.setattr(blocks, "LARGEST_COUNT", 50 * grid.count + 2 * chunk)
    find = functools.partial(block_visibility, image_size=scenes.SIZE, chunk=chunk)
    assert "length=4" in str(jax.make_jaxpr(find)(triangles))
    found = jax.jit(find)(triangles)
    np.testing.assert_array_equal(found, oracle(triangles, image_size=scenes.SIZE))


def test_faces_that_no_centre_touches_make_no_work():
    grid = BlockGrid((8, 8), (2, 4))
    # Between four centres of a block; off to each side; one centre; the whole picture.
    boxes = [(0.5, 0.75, 0.1), (9, 0, 1), (0, 9, 1), (-9, 0, 1), (0.125, 0.125, 0.1)]
    corners = np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]])
    triangles = [size * corners + [x, y, 1] for x, y, size in [*boxes, (0, 0, 9)]]
    number = np.arange(6)
    work = jax.jit(blocks.list_work, static_argnums=(3, 4))(
        np.float32(triangles), number[::-1], 0 * number, grid, False
    )
    assert np.diff(work.ends, prepend=0).tolist() == [0, 0, 0, 0, 1, grid.count]


def test_blocks_are_put_back_in_their_places():
    grid = BlockGrid((5, 7), (2, 4))
    assert grid.blocks == (3, 2)
    pixels = np.arange(2 * 5 * 7).reshape(2, 5, 7)
    padded = np.pad(pixels, ((0, 0), (0, 1), (0, 1)))
    cut = [
        padded[b, 2 * r : 2 * r + 2, 4 * c : 4 * c + 4].reshape(-1)
        for b in range(2)
        for r in range(3)
        for c in range(2)
    ]
    np.testing.assert_array_equal(grid.to_images(jnp.asarray(cut)), pixels)
