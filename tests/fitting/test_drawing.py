"""The head as a picture: a diamond whose area and colours are known."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fitting.drawing import MATERIAL_COLORS, head_painter, material_colors
from face_jax.fitting.unknowns import mean_head
from face_jax.geometry.head import HeadModel
from face_jax.render.shading import LIGHT_DIRECTIONS, LIGHT_INTENSITY
from tests.heads.tiny_head import bare_head, full_head

RADIUS, SIZE, SCALE = 0.1, 32, 6.0


def octahedron() -> HeadModel:
    """Seen from the front it is a square on its corner."""
    turn = np.arange(4)
    front = np.stack([turn, (turn + 1) % 4, 0 * turn + 4], 1)
    back = np.stack([(turn + 1) % 4, turn, 0 * turn + 5], 1)
    corners = [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    return HeadModel(
        template=RADIUS * jnp.array(corners, jnp.float32),
        faces=jnp.asarray(np.concatenate([front, back]), jnp.int32),
        identity_basis=jnp.zeros((6, 3, 0)),
        expression_basis=jnp.zeros((6, 3, 0)),
    )


def start(camera):
    return mean_head(octahedron(), jnp.zeros((1, 3)), jnp.asarray(camera))


@pytest.fixture(scope="module")
def painter():
    return head_painter(octahedron(), SIZE)


@pytest.fixture(scope="module")
def areas(painter):
    """Covered pixels and their derivatives, by ``silhouettes``."""

    def measured(silhouettes):
        draw = dataclasses.replace(painter, silhouettes=silhouettes)

        def area(camera):
            picture = draw(start(camera))
            return jnp.sum(picture[..., 3]), picture

        camera = jnp.array([[SCALE, 0.004, -0.002]])
        (value, picture), slope = jax.jit(jax.value_and_grad(area, has_aux=True))(
            camera
        )
        return float(value), np.asarray(picture), np.asarray(slope[0])

    return {silhouettes: measured(silhouettes) for silhouettes in (True, False)}


def test_the_outline_covers_its_area_and_grows_with_the_scale(areas):
    """A square with half diagonals s r N / 2 pixels; its area goes as s squared."""
    area = 2 * (SCALE * RADIUS * SIZE / 2) ** 2
    value, _, slope = areas[True]
    assert value == pytest.approx(area, rel=0.01)
    assert slope[0] == pytest.approx(2 * area / SCALE, rel=0.05)


def test_without_silhouettes_outlines_are_hard_and_pull_at_nothing(areas):
    _, picture, slope = areas[False]
    assert set(np.unique(picture[..., 3]).round(5)) == {0, 1}
    np.testing.assert_allclose(slope, 0, atol=1e-3)


def test_only_pixels_beside_the_outline_differ(areas):
    soft, hard = areas[True][1][0], areas[False][1][0]
    covered = hard[..., 3] > 0.5
    padded = np.pad(covered, 1)
    around = [padded[1:-1, :-2], padded[1:-1, 2:], padded[:-2, 1:-1], padded[2:, 1:-1]]
    inner, outer = np.all(around, axis=0), ~np.any(around, axis=0)
    alike = (covered & inner) | (~covered & outer)
    np.testing.assert_allclose(soft[alike], hard[alike], atol=1e-6)
    assert np.abs(soft - hard).max() > 0.1
    assert not soft[~covered & outer].any()


def test_skin_is_lit_by_its_normals(areas):
    """In the middle the normal of the tip, towards the viewer, is seen."""
    facing = LIGHT_DIRECTIONS[:, 2] / np.linalg.norm(LIGHT_DIRECTIONS, axis=1)
    expected = np.array(MATERIAL_COLORS["skin"]) * LIGHT_INTENSITY * facing.mean()
    # Between the corners normals are shorter: the nearest centre is a little darker.
    found = areas[False][1][0, SIZE // 2 - 1 : SIZE // 2 + 1, SIZE // 2, :3].max(0)
    assert (found < expected * 1.001).all() and (found > 0.8 * expected).all()
    np.testing.assert_allclose(found / found[0], expected / expected[0], rtol=1e-5)


def test_materials_have_their_colours():
    skin, sclera = MATERIAL_COLORS["skin"], MATERIAL_COLORS["sclera"]
    found = material_colors(full_head())
    np.testing.assert_allclose(found, [skin, sclera, sclera, skin], rtol=1e-6)
    np.testing.assert_allclose(material_colors(bare_head()), [skin] * 4, rtol=1e-6)
    odd = dataclasses.replace(full_head(), material_names=("sclera", "felt"))
    np.testing.assert_allclose(material_colors(odd)[:2], [sclera, skin], rtol=1e-6)
