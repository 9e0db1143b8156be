import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import rasterize, rasterize_attributes
from tests.render import reference, scenes
from tests.render.scenes import FACES, drawn, features, loose

OTHERS = {"cull": True, "perspective": True}


def assert_like_reference(fragments, triangles, **settings):
    for index, mesh in enumerate(triangles):
        expected = reference.draw(mesh, scenes.SIZE, **settings)
        clear = expected.clear
        assert clear.mean() > 0.5
        found = jax.tree.map(lambda image, i=index: np.asarray(image[i]), fragments)
        np.testing.assert_array_equal(found.pix_to_face[clear], expected.face[clear])
        large = clear & (np.abs(found.bary - expected.weights) < 1e-4).all(axis=-1)
        assert large.sum() >= 0.95 * clear.sum()
        depth = expected.depth
        np.testing.assert_allclose(found.zbuf[large], depth[large], rtol=1e-4)


@pytest.mark.parametrize("settings", [{}, OTHERS])
def test_faces_weights_and_depths_are_those_of_a_loop_in_float64(settings):
    for triangles in (scenes.spheres(), scenes.soup(11)):
        fragments, _ = drawn(loose(triangles), FACES, features(), **settings)[0]
        assert_like_reference(fragments, triangles, **settings)


@pytest.mark.parametrize("settings", [{}, OTHERS])
def test_attributes_are_blended_by_the_weights_on_the_surface(settings):
    triangles, attributes = scenes.spheres(), features()
    fragments, images = drawn(loose(triangles), FACES, attributes, **settings)[0]
    corners = np.concatenate(
        [triangles, np.asarray(attributes).reshape(*triangles.shape[:3], -1)], axis=-1
    )
    for b, face in enumerate(np.asarray(fragments.pix_to_face)):
        perspective = settings.get("perspective", False)
        weights, values = reference.surface(corners[b], face, perspective)
        np.testing.assert_allclose(fragments.bary[b], weights, atol=2e-4)
        np.testing.assert_allclose(fragments.zbuf[b], values[..., 0], atol=5e-4)
        np.testing.assert_allclose(images[b], values[..., 1:], atol=5e-4)


def test_the_background_is_minus_one_and_zeros():
    (fragments, images), _ = drawn(loose(scenes.spheres()), FACES, features())
    nothing = ~np.asarray(fragments.mask)
    assert 0.1 < nothing.mean() < 0.9
    assert (np.asarray(fragments.pix_to_face)[nothing] == -1).all()
    for image in (fragments.bary, fragments.zbuf, images):
        assert not np.asarray(image)[nothing].any()


def test_types_and_shapes():
    (fragments, images), _ = drawn(loose(scenes.spheres()), FACES, features())
    types = jax.tree.map(lambda x: (str(x.dtype), *x.shape), (fragments, images))
    found, seen = types
    assert found.pix_to_face == ("int32", 2, *scenes.SIZE)
    assert found.bary == ("float32", 2, *scenes.SIZE, 3)
    assert found.zbuf == ("float32", 2, *scenes.SIZE)
    assert seen == ("float32", 2, *scenes.SIZE, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e8, -1e8, 1e19, 1e30])
@pytest.mark.parametrize("settings", [{}, OTHERS])
def test_corners_that_are_nowhere_or_far_away_leave_the_others_alone(value, settings):
    triangles = scenes.spheres()
    broken = triangles.copy()
    for coordinate in range(3):
        broken[:, coordinate::20, coordinate, coordinate] = value
    vertices = loose(broken)
    (fragments, images), gradients = drawn(vertices, FACES, features(), **settings)
    assert_like_reference(fragments, broken, **settings)
    for array in jax.tree.leaves((fragments, images, gradients)):
        assert np.isfinite(array).all()
    lost = ~np.isfinite(broken).all(axis=(-1, -2))
    assert lost.any() == (not np.isfinite(value))
    assert not np.asarray(gradients[0]).reshape(triangles.shape)[lost].any()
    # A triangle of zeros is not drawn either.
    emptied = np.where(lost[..., None, None], 0, broken)
    expected = drawn(loose(emptied), FACES, features(), **settings)
    for array, wanted in zip(
        jax.tree.leaves((fragments, images, gradients)),
        jax.tree.leaves(expected),
        strict=True,
    ):
        np.testing.assert_array_equal(array, wanted)


def test_attributes_that_are_not_finite_spoil_only_their_own_faces():
    vertices = loose(scenes.spheres())
    attributes = np.asarray(features()).copy()
    attributes[:, : 3 * 20] = np.nan
    (fragments, images), gradients = drawn(vertices, FACES, attributes)
    spoiled = np.asarray(fragments.pix_to_face) < 20
    spoiled &= np.asarray(fragments.mask)
    assert spoiled.any()
    np.testing.assert_array_equal(np.isnan(images).any(axis=-1), spoiled)
    usable = np.asarray(drawn(vertices, FACES, features())[1][0])
    others = np.asarray(gradients[0])[:, 3 * 20 :]
    np.testing.assert_array_equal(others, usable[:, 3 * 20 :])


@pytest.mark.parametrize("reason", ["culled", "behind", "beside", "flat"])
def test_an_empty_picture_has_no_gradient(reason):
    triangles = scenes.spheres()
    if reason == "culled":
        # Of a sphere without its front only backs are seen.
        x, y = np.moveaxis(triangles[..., :2], -1, 0)
        sides = np.stack([x, y], -1)
        a, b, c = (np.moveaxis(sides[:, :, k], -1, 0) for k in range(3))
        triangles[reference.twice_area(a, b, c) > 0] = 0
    elif reason == "behind":
        triangles[..., 2] *= -1
    elif reason == "beside":
        triangles[..., 0] += 9
    else:
        triangles[..., 1] = triangles[..., 0]
    result, gradients = drawn(loose(triangles), FACES, features(), **OTHERS)
    assert not np.asarray(result[0].mask).any()
    for gradient in gradients:
        assert not np.asarray(gradient).any()


def test_one_face_whose_gradient_survives_a_checkpoint():
    vertices = np.float32([[[-0.9, -0.8, 1], [0.9, -0.7, 2], [0.1, 0.9, 3.0]]])
    faces = np.array([[0, 1, 2]])
    of_bary, of_depth, _ = scenes.cotangents(1)

    @jax.jit
    def draw(vertices):
        @jax.checkpoint
        def both(vertices):
            fragments = rasterize(vertices, faces, scenes.SIZE)
            return (fragments.bary, fragments.zbuf), fragments

        _, pull, fragments = jax.vjp(both, vertices, has_aux=True)
        return fragments, pull((of_bary, of_depth))

    fragments, (gradient,) = draw(vertices)
    assert_like_reference(fragments, vertices[:, faces])
    # What is blended from the corners' places are the pixels' places, but for epsilon.
    places = np.stack(reference.pixel_centres(scenes.SIZE), axis=-1)
    blended = np.asarray(fragments.bary[0]) @ vertices[0, :, :2]
    mask = np.asarray(fragments.mask[0])
    assert mask.any()
    np.testing.assert_allclose(blended[mask], places[mask], atol=1e-5)

    def loss(vertices):
        found = fragments.pix_to_face[0]
        weights, depth = reference.surface(vertices[faces], np.asarray(found))
        return np.sum(weights * of_bary[0]) + np.sum(depth[..., 0] * of_depth[0])

    slopes = scenes.central_differences(loss, vertices[0])
    np.testing.assert_allclose(gradient[0], slopes, rtol=1e-3, atol=1e-3)


def test_faces_beyond_the_vertices_are_dropped_under_jit():
    vertices = loose(scenes.spheres())
    faces, emptied = FACES.copy(), FACES.copy()
    for row, wrong in enumerate([-1, len(FACES) * 3, 2**31 - 1, -(2**31)]):
        faces[row::9, row % 3] = wrong
        emptied[row::9] = 0
    found = drawn(vertices, faces, features())
    expected = drawn(vertices, emptied, features())
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_bfloat16_is_drawn_in_float32():
    vertices = loose(scenes.spheres()).astype(jnp.bfloat16)
    attributes = features().astype(jnp.bfloat16)

    for given in (None, attributes):

        def draw(vertices, given=given):
            return rasterize_attributes(vertices, FACES, scenes.SIZE, given)

        computed = scenes.types_within(draw, vertices)
        assert "float32" in computed and "bfloat16" not in computed
    _, gradients = jax.eval_shape(drawn, vertices, FACES, attributes)
    assert {gradient.dtype for gradient in gradients} == {jnp.dtype(jnp.bfloat16)}


def test_meshes_of_the_same_shape_share_a_compilation():
    drawn(loose(scenes.spheres()), FACES, features())
    compiled = drawn._cache_size()
    drawn(loose(scenes.soup(1)), FACES[::-1].copy(), 2 * features())
    assert drawn._cache_size() == compiled
