import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from face_jax.render import Fragments, Topology, antialias, rasterize
from tests.render import outlined, reference, scenes
from tests.render.meshes import icosphere

SCALE, PLACE = 0.7, np.array([0.03, -0.05, 3.0])
SHARE = 0.06
"""How wrong areas and gradients may be."""


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["points", "moving", "faces", "edges", "paint"],
    meta_fields=[],
)
@dataclasses.dataclass(frozen=True)
class Body:
    """A mesh whose moving points can be scaled and shifted.

    All have as many points, faces and edges as a sphere of level 4: one compilation
    serves them all. ``paint`` are the colours of the faces, then of the background.
    """

    points: np.ndarray
    moving: np.ndarray
    faces: np.ndarray
    edges: np.ndarray
    paint: np.ndarray


def body(points, faces, moving=None, paint=None):
    size = len(icosphere(4)[1])
    moving = np.ones(len(points), bool) if moving is None else moving
    paint = np.ones(len(faces)) if paint is None else paint

    def filled(array, length, value):
        widths = [(0, length - len(array))] + [(0, 0)] * (array.ndim - 1)
        return np.pad(array, widths, constant_values=value)

    return Body(
        filled(np.float32(points), size // 2 + 2, 0),
        filled(moving, size // 2 + 2, False),
        filled(faces, size, 0),
        filled(Topology.from_faces(faces).edges, size * 3 // 2, -1),
        filled(np.float32(paint), size + 1, 0),
    )


def moments(move, body, size):
    """Sums of the picture, and of it times x and y, in units of the screen.

    Args:
      move: scale, and shift along x and y, of the moving points.
      body: what is drawn.
      size: of the picture's sides.

    Returns:
      The three sums, and the picture before and after [H, W].
    """
    moved = move[0] * body.points + PLACE + jnp.append(move[1:], 0)
    vertices = jnp.where(body.moving[:, None], moved, body.points)[None]
    fragments = rasterize(vertices, body.faces, (size, size))
    hard = body.paint[fragments.pix_to_face][..., None]
    soft = antialias(hard, vertices, Topology(body.edges), fragments)[0, ..., 0]
    x, y = np.float32(reference.pixel_centres((size, size)))
    sums = jnp.stack([soft.sum(), (soft * x).sum(), (soft * y).sum()])
    return sums * (2 / size) ** 2, (hard[0, ..., 0], soft)


@functools.partial(jax.jit, static_argnames="size")
def measured(body, size):
    """Moments, their Jacobian, the pictures."""
    differentiate = jax.jacrev if size == 64 else jax.jacfwd

    def twice(move):
        sums, pictures = moments(move, body, size)
        return sums, (sums, pictures)

    jacobian, (sums, pictures) = differentiate(twice, has_aux=True)(
        jnp.array([SCALE, 0, 0])
    )
    return sums, jacobian, pictures


def sphere(level):
    points, faces = icosphere(level)
    return scenes.turned(points, 0.4), faces


def assert_moments(found, points, contrast=1.0, behind=0.0):
    """Compares with the convex outline of the moving points."""
    sums, jacobian, _ = found
    area = ConvexHull(points[:, :2]).volume * SCALE**2 * contrast
    np.testing.assert_allclose(sums[0] - behind, area, rtol=SHARE)
    expected = np.diag([2 * area / SCALE, area, area])
    # How the centre moves with the scale: icospheres are symmetric about theirs.
    expected[1:, 0] = 2 * area / SCALE * PLACE[:2]
    np.testing.assert_allclose(jacobian, expected, rtol=SHARE, atol=SHARE * area)


@pytest.mark.parametrize(
    ("size", "level"),
    [*((64, level) for level in range(5)), (224, 0), (224, 2), (224, 4)],
)
def test_areas_and_gradients_of_spheres_are_exact_to_six_percent(size, level):
    points, faces = sphere(level)
    assert_moments(measured(body(points, faces), size), points)


def test_an_outline_before_another_surface_moves_too():
    points, faces = sphere(2)
    large = 0.95 * points + [0, 0, 5]
    count = len(points)
    moving = np.arange(2 * count) < count
    paint = np.where(np.arange(2 * len(faces)) < len(faces), 0.9, 0.4)
    both = body(
        np.concatenate([points, large]),
        np.concatenate([faces, faces + count]),
        moving,
        paint,
    )
    behind = 0.4 * ConvexHull(large[:, :2]).volume
    assert_moments(measured(both, 64), points, contrast=0.5, behind=behind)


def test_pixels_away_from_outlines_are_untouched():
    points, faces = sphere(3)
    painted = body(points, faces, paint=scenes.normal(0, len(faces)))
    hard, soft = map(np.asarray, measured(painted, 64)[2])
    mask = np.pad(hard != 0, 1, mode="edge")
    middle = mask[1:-1, 1:-1]
    around = mask[:-2, 1:-1], mask[2:, 1:-1], mask[1:-1, :-2], mask[1:-1, 2:]
    away = np.all([middle == neighbour for neighbour in around], axis=0)
    assert 0.5 < away.mean() < 1
    np.testing.assert_array_equal(soft[away], hard[away])
    assert (soft != hard)[~away].mean() > 0.3


def half_plane(ends, far, size):
    """A triangle of which one long edge crosses the picture; ends in pixels."""
    return reference.screen_points([*ends, far], 2.0, size).astype(np.float32)


@pytest.mark.parametrize("flat", [False, True])
def test_along_an_edge_across_the_whole_picture_coverage_is_exact(flat):
    size = (64, 64)
    corners = np.array([[20.3, -5.0], [41.7, 70.0], [-400.0, 30.0]])
    swap = slice(None, None, -1 if flat else 1)
    points = half_plane(corners[:2, swap], corners[2, swap], size)
    fixed = body(points, np.array([[0, 1, 2]]), np.zeros(3, bool))
    soft = np.asarray(measured(fixed, 64)[2][1])
    place = 20.3 + (np.arange(64) + 5) / 75 * (41.7 - 20.3)
    np.testing.assert_allclose(soft.sum(0 if flat else 1), place + 0.5, atol=1e-3)


@pytest.mark.parametrize("size", [(9, 1), pytest.param((1, 9), marks=pytest.mark.slow)])
def test_a_picture_of_one_column_or_row(size):
    swap = slice(None, None, 1 if size[0] == 1 else -1)
    corners = np.array([[4.3, -9], [4.3, 9], [-40, 0]])[:, swap]
    vertices = half_plane(corners[:2], corners[2], size)[None]
    picture = reference.draw(vertices, size)
    fragments = Fragments(
        *(x[None] for x in (picture.face, picture.weights, picture.depth))
    )
    image = fragments.mask[..., None]
    topology = Topology.from_faces(np.array([[0, 1, 2]]))
    soft = jax.jit(lambda v: antialias(image, v, topology, fragments))(vertices)
    expected = [1, 1, 1, 1, 0.8, 0, 0, 0, 0]
    np.testing.assert_allclose(np.ravel(soft), expected, atol=1e-5)


@jax.jit
def softened(image, vertices, edges, fragments, changes, weights):
    """The picture, its change with image and vertices, and the gradients."""

    def soften(image, vertices):
        return antialias(image, vertices, Topology(edges), fragments)

    soft, change = jax.jvp(soften, (image, vertices), changes)
    return soft, change, jax.vjp(soften, image, vertices)[1](weights)


@pytest.mark.parametrize("name", sorted(outlined.SCENES))
def test_colours_and_both_derivatives_are_those_of_the_reference(name):
    scene = outlined.scene(name)
    shape = (*scene.depth.shape, 3)
    image, change, weights = (scenes.normal(seed, *shape) for seed in range(3))
    move = scenes.normal(3, *scene.vertices.shape)
    soft, slope, gradients = softened(
        image, scene.vertices, scene.edges, scene.fragments, (change, move), weights
    )
    usable = np.isfinite(scene.vertices)
    # Pairs whose outline is doubtful, and the two pixels of each.
    doubt = ~scene.clear.all(axis=1)
    doubt[:, :, 1:] |= ~scene.clear[:, 0, :, :-1]
    doubt[:, 1:] |= ~scene.clear[:, 1, :-1]
    assert doubt.mean() < 0.1
    step = 1e-5
    for b, found in enumerate(scene.found):
        kept = ~doubt[b]
        expected, above, below = (
            reference.splat(
                image[b].astype(float) + amount * change[b],
                scene.vertices[b].astype(float) + amount * move[b],
                found,
                scene.edges,
            )
            for amount in (0.0, step, -step)
        )
        np.testing.assert_allclose(soft[b][kept], expected[kept], atol=1e-4)
        assert np.abs(soft[b] - image[b]).max() > 0.1
        wanted = (above - below) / (2 * step)
        atol = 1e-4 * np.abs(wanted).max()
        np.testing.assert_allclose(slope[b][kept], wanted[kept], rtol=1e-3, atol=atol)
    of_image, of_vertices = map(np.asarray, gradients)
    assert np.isfinite(of_vertices).all() and not of_vertices[~usable].any()
    total = np.sum(of_image * change) + np.sum(of_vertices * move)
    np.testing.assert_allclose(total, np.sum(weights * slope), rtol=1e-3)


def test_depths_of_vertices_have_no_gradient():
    scene = outlined.scene("spheres")
    image = scenes.normal(0, *scene.depth.shape, 3)
    arguments = image, scene.vertices, scene.edges, scene.fragments
    _, _, gradients = softened(*arguments, (image, scene.vertices), image)
    assert not np.asarray(gradients[1])[..., 2].any()
    assert np.asarray(gradients[1])[..., :2].any()


def test_other_types_are_softened_in_float32():
    scene = outlined.scene("spheres")
    image = jnp.zeros((*scene.depth.shape, 3), jnp.bfloat16)
    vertices = jnp.asarray(scene.vertices, jnp.bfloat16)
    topology = Topology(scene.edges)

    def soften(image, vertices):
        return antialias(image, vertices, topology, scene.fragments)

    assert "bfloat16" not in scenes.types_within(soften, image, vertices)
    assert jax.eval_shape(soften, image > 0, vertices).dtype == jnp.float32


@pytest.mark.parametrize(
    ("image", "vertices", "message"),
    [
        ((2, 13, 18), (2, 84, 3), r"image: .*\(2, 13, 18\).* got \(2, 13, 18\)"),
        ((2, 18, 13, 1), (2, 84, 3), r"image: .*\(2, 13, 18\).* got \(2, 18, 13, 1\)"),
        ((2, 13, 18, 1), (1, 84, 3), "vertices: expected 2 meshes .* got 1"),
        ((2, 13, 18, 1), (84, 3), r"vertices: .*\[B, V, 3\], got .*\(84, 3\)"),
        ((2, 13, 18, 1), (2, 84, 2), r"vertices: .*\[B, V, 3\], got .*\(2, 84, 2\)"),
        ((2, 13, 18, 1), (2, 10, 3), r"vertices: expected at least \d+ .* got 10"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(image, vertices, message):
    scene = outlined.scene("spheres")
    with pytest.raises(ValueError, match=message):
        antialias(
            np.zeros(image, np.float32),
            np.zeros(vertices, np.float32),
            Topology(scene.edges),
            scene.fragments,
        )
