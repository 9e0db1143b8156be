import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.smirk import masking
from tests.render.meshes import icosphere

SIZE = 24

mask_photo = jax.jit(masking.mask_photo)
draw_masking = jax.jit(masking.draw_masking, static_argnums=(1, 2, 3))


def pictures(seed=0, shape=(2, 9, 7, 3)):
    return np.random.default_rng(seed).uniform(0.1, 1, shape).astype(np.float32)


def flags(seed, shape=(2, 9, 7), share=0.3):
    return np.random.default_rng(seed).uniform(size=shape) < share


def widened(mask, radius):
    """Largest value of every square, pixel by pixel."""
    found = np.zeros(mask.shape)
    for b, row, column in np.ndindex(mask.shape):
        rows = slice(max(row - radius, 0), row + radius + 1)
        columns = slice(max(column - radius, 0), column + radius + 1)
        found[b, row, column] = mask[b, rows, columns].max()
    return found


@pytest.mark.parametrize("radius", [0, 1, 3])
def test_squares_widen_and_shrink(radius):
    mask = flags(1, share=0.05)
    assert 0 < mask.sum() < 20
    np.testing.assert_array_equal(masking.dilate(mask, radius), widened(mask, radius))
    shrunk = masking.erode(~mask, radius)
    np.testing.assert_array_equal(shrunk, 1 - widened(mask, radius))


def test_shrinking_takes_nothing_off_at_the_border():
    assert np.all(masking.erode(jnp.ones((1, 5, 6)), 2) == 1)


@pytest.mark.parametrize(("hole_radius", "share"), [(1, 0.08), (5, 0.02)])
def test_background_and_kept_pixels_are_laid_over_each_other(hole_radius, share):
    image, kept = pictures(0), pictures(1)
    kept *= flags(2, kept.shape)
    hull = np.ones((2, 9, 7), np.uint8)
    hull[:, 3:6, 2:5] = 0
    rendered, centres = flags(3, share=0.2), flags(4, share=share)
    noise = np.random.default_rng(5).normal(size=kept.shape).astype(np.float32)
    found = jax.jit(masking.masked_image, static_argnames=("radius", "hole_radius"))(
        image,
        hull,
        kept,
        rendered=rendered,
        noise=noise,
        centres=centres,
        radius=1,
        hole_radius=hole_radius,
    )
    visible = (1 - widened(hull == 0, 1)) * ~rendered
    expected = image.astype(np.float64) * visible[..., None]
    lost = widened(centres, hole_radius)
    assert 0.1 < lost.mean() < 0.9
    for place in np.ndindex(kept.shape):
        value = kept[place] * (1 + 0.05 * noise[place])
        if value > 0 and not lost[place[:3]]:
            expected[place] = value
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("hole_radius", [0, 2, 5])
def test_smaller_holes_lose_as_many_pixels(hole_radius):
    share = masking.hole_share(0.01, hole_radius)
    draws = draw_masking(jax.random.key(1), 20, 1, 100, share)
    # Beyond a picture's border there are no centres.
    lost = masking.dilate(draws.centres, hole_radius)[:, 5:-5, 5:-5]
    assert abs(float(lost.mean()) - (1 - 0.99**121)) < 0.01


def test_by_default_kept_pixels_stay_as_they_are():
    image, kept = pictures(0), pictures(1) * flags(2, (2, 9, 7, 1))
    hull = np.zeros((2, 9, 7), np.uint8)
    np.testing.assert_array_equal(masking.masked_image(image, hull, kept), kept)


def test_what_is_drawn_is_what_is_not_black():
    picture = np.zeros((1, 1, 4, 3), np.float32)
    picture[0, 0, 1] = [0.5, 0, 0]
    picture[0, 0, 2] = [0.5, 0.1, 0.2]
    any_channel = masking.rendered_mask(picture)
    np.testing.assert_array_equal(any_channel, [[[0, 1, 1, 0]]])
    every_channel = masking.rendered_mask(picture, every_channel=True)
    np.testing.assert_array_equal(every_channel, [[[0, 0, 1, 0]]])
    alpha = np.array([[[False, True, True, True]]])
    shaded = masking.rendered_mask(picture, alpha=alpha)
    np.testing.assert_array_equal(shaded, [[[0, 1, 1, 1]]])
    assert shaded.dtype == np.float32


def scene():
    """A photograph and a sphere in its middle, which hides the hull."""
    points, faces = icosphere(2)
    mesh = np.float32(0.5 * points * [1, -1, -1])[None]
    image = pictures(0, (1, SIZE, SIZE, 3))
    hull = np.zeros((1, SIZE, SIZE), np.uint8)
    regions = np.ones(len(faces), np.float32)
    return image, hull, np.zeros(hull.shape, np.float32), mesh, faces, regions


def quiet(count=40):
    """Draws without noise and holes."""
    rng = np.random.default_rng(7)
    return masking.MaskingDraws(
        triangles=rng.uniform(size=(1, count)).astype(np.float32),
        places=rng.uniform(size=(1, count, 2)).astype(np.float32),
        noise=np.zeros((1, SIZE, SIZE, 3), np.float32),
        centres=np.zeros((1, SIZE, SIZE), bool),
    )


def test_the_first_path_keeps_pixels_in_place():
    image, hull, rendered, mesh, faces, regions = scene()
    masked = mask_photo(image, hull, rendered, (mesh, mesh), faces, regions, quiet())
    kept = np.any(np.asarray(masked) > 0, axis=-1)
    assert 25 < kept.sum() <= 40
    np.testing.assert_array_equal(masked[kept], image[kept])
    rows, columns = np.nonzero(kept[0])
    middle = np.hypot(columns + 0.5 - SIZE / 2, rows + 0.5 - SIZE / 2)
    assert middle.max() < 0.5 * SIZE / 2 + 1


def test_the_second_path_moves_pixels_with_the_surface():
    image, hull, rendered, mesh, faces, regions = scene()
    moved = mesh + np.float32([3 * 2 / SIZE, -2 * 2 / SIZE, 0.1])
    first, second = (
        mask_photo(image, hull, rendered, (mesh, target), faces, regions, quiet())
        for target in (mesh, moved)
    )
    expected = np.roll(np.asarray(first), (-2, 3), axis=(1, 2))
    np.testing.assert_array_equal(second, expected)


def test_noise_and_holes_are_used():
    image, hull, rendered, mesh, faces, regions = scene()
    draws = quiet()
    given = image, hull, rendered, (mesh, mesh), faces, regions
    plain = np.asarray(mask_photo(*given, draws))
    noisy = mask_photo(*given, draws.replace(noise=draws.noise + 1))
    np.testing.assert_allclose(noisy, 1.05 * plain, rtol=1e-6)
    holes = draws.centres.copy()
    holes[0, SIZE // 2] = True
    holed = np.asarray(mask_photo(*given, draws.replace(centres=holes)))
    lost = slice(SIZE // 2 - 5, SIZE // 2 + 6)
    assert not holed[:, lost].any() and plain[:, lost].any()


def test_nothing_has_a_gradient():
    image, hull, rendered, mesh, faces, regions = scene()

    def total(image, mesh):
        meshes = (mesh, 1.1 * mesh)
        masked = mask_photo(image, hull, rendered, meshes, faces, regions, quiet())
        return jnp.sum(masked)

    for gradient in jax.jit(jax.grad(total, argnums=(0, 1)))(image, mesh):
        assert not np.any(gradient)


def test_draws_are_what_they_say():
    draws = draw_masking(jax.random.key(1), 2, 501, 96, holes=0.02)
    assert draws.triangles.shape == (2, 501)
    assert draws.places.shape == (2, 501, 2)
    assert draws.noise.shape == (2, 96, 96, 3)
    assert abs(draws.noise.std() - 1) < 0.02
    assert draws.centres.shape == (2, 96, 96) and draws.centres.dtype == bool
    assert abs(draws.centres.mean() - 0.02) < 0.005
    assert draws.places.min() >= 0 and draws.places.max() < 1


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("image", (9, 7, 3), r"image: expected \[B, H, W, C\], got \(9, 7, 3\)"),
        ("kept", (2, 9, 7, 1), r"kept: expected \[2, 9, 7, 3\], got \(2, 9, 7, 1\)"),
        ("hull_mask", (2, 9, 7, 1), r"hull_mask: expected \[2, 9, 7\], got"),
        ("rendered", (2, 7, 9), r"rendered: expected \[2, 9, 7\], got \(2, 7, 9\)"),
        ("centres", (1, 9, 7), r"centres: expected \[2, 9, 7\], got \(1, 9, 7\)"),
        ("noise", (2, 9, 7), r"noise: expected \[2, 9, 7, 3\], got \(2, 9, 7\)"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(name, shape, message):
    given = {"image": pictures(), "kept": pictures(), "hull_mask": flags(0)}
    with pytest.raises(ValueError, match=message):
        masking.masked_image(**(given | {name: jnp.zeros(shape)}))


def test_scenes_that_do_not_fit_are_refused():
    image, hull, rendered, mesh, faces, regions = scene()
    others = faces, regions, quiet()
    with pytest.raises(
        ValueError, match=r"image: expected \[B, S, S, 3\], got \(1, 24, 9"
    ):
        mask_photo(image[:, :, :9], hull, rendered, (mesh, mesh), *others)
    with pytest.raises(ValueError, match=r"meshes\[1\]: expected \[1, 162, 3\]"):
        mask_photo(image, hull, rendered, (mesh, mesh[:, :9]), *others)
