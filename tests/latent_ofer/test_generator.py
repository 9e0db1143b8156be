import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.assembly_rules import RULES
from face_jax.latent_ofer.generator import ReconstructionGenerator, network_input
from face_jax.latent_ofer.matching import feature_holes
from tests.filled import fill

SMALL = ReconstructionGenerator(width=2, levels=4)
SHAPE = (2, 32, 48, 3)


def scene(shape=SHAPE):
    random = np.random.default_rng(0)
    images, coarse = random.uniform(-1, 1, (2, *shape)).astype(np.float32)
    holes = np.zeros(shape[:3], bool)
    holes[:, 6:24, 10:30] = True
    return images, coarse, holes


@pytest.fixture(scope="module")
def variables():
    return fill(SMALL, *scene())


@pytest.fixture(scope="module")
def found(variables):
    return refined(variables, *scene())


def refined(variables, *given, network=SMALL):
    return jax.jit(network.apply)(variables, *given)


@pytest.mark.parametrize(
    ("fields", "side", "count"), [({}, 256, 86_479_363), ({"levels": 6}, 64, None)]
)
def test_sizes(fields, side, count):
    images = jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32)
    holes = jax.ShapeDtypeStruct((1, side, side), jnp.bool_)
    network = ReconstructionGenerator(**fields)
    made, shapes = jax.eval_shape(
        network.init_with_output, jax.random.key(0), images, images, holes
    )
    assert (made.images.shape, made.images.dtype) == (images.shape, jnp.float32)
    assert made.assembled.shape == made.decoded.shape == (1, side // 8, side // 8, 512)
    found = sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))
    assert count is None or found == count


def test_only_what_it_should_see_matters(variables, found):
    images, coarse, holes = scene()
    hole = holes[..., None]
    images, coarse = np.where(hole, 9, images), np.where(hole, coarse, 9)
    again = refined(variables, np.float32(images), np.float32(coarse), holes)
    np.testing.assert_array_equal(found.images, again.images)
    np.testing.assert_array_equal(found.holes, feature_holes(holes))
    coarse = np.where(hole, coarse + 0.5, coarse)
    other = refined(variables, np.float32(images), np.float32(coarse), holes)
    assert np.abs(other.images - found.images).max() > 1e-4


def test_corrections_are_added_to_what_was_given(variables, found):
    images, coarse, holes = scene()
    network = SMALL.clone(residual=True)
    corrected = refined(variables, images, coarse, holes, network=network)
    given = np.where(holes[..., None], coarse, images)
    np.testing.assert_allclose(corrected.images - given, found.images, atol=1e-6)
    np.testing.assert_array_equal(corrected.decoded, found.decoded)


def test_the_published_preset_is_made_of_single_rules(variables, found):
    """Colours of the mirror, and the rules of self-assembly."""
    fields = [
        {"compat": "reference"},
        {"flips_colors": True, "assembly": RULES["reference"]},
    ]
    preset, single = (
        refined(variables, *scene(), network=SMALL.clone(**given)) for given in fields
    )
    np.testing.assert_array_equal(preset.images, single.images)
    assert np.abs(preset.assembled - found.assembled).max() > 1e-4
    assert np.abs(preset.images - found.images).max() > 1e-4


def test_every_kernel_learns_but_published_code_leaves_the_mirrored_half(variables):
    def gradients(network):
        def loss(params):
            made = network.apply({"params": params}, *scene())
            return jnp.sum(made.images**2)

        return jax.jit(jax.grad(loss))(variables["params"])

    fixed = gradients(SMALL)
    for path, leaf in jax.tree_util.tree_leaves_with_path(fixed):
        # A bias before a norm has no effect.
        assert path[-1].key == "bias" or np.abs(leaf).max() > 1e-6, path
    reference = gradients(SMALL.clone(compat="reference"))
    kernel = np.asarray(reference["down_3"]["conv"]["kernel"])
    assert np.abs(kernel[..., :16]).max() > 0
    assert not kernel[..., 16:].any()


def test_input_is_both_pictures_and_their_mirrors():
    images, coarse, holes = scene((1, 16, 24, 3))
    found = np.asarray(network_input(images, coarse, holes))
    composite, masked = found[..., :3], found[..., 3:6]
    np.testing.assert_array_equal(composite[holes], coarse[holes])
    np.testing.assert_array_equal(composite[~holes], images[~holes])
    assert not masked[holes].any()
    np.testing.assert_array_equal(masked[~holes], images[~holes])
    np.testing.assert_array_equal(found[..., 6:], found[:, :, ::-1, :6])
    reversed_colors = np.asarray(network_input(images, coarse, holes, True))
    order = [0, 1, 2, 3, 4, 5, 8, 7, 6, 11, 10, 9]
    np.testing.assert_array_equal(reversed_colors, found[..., order])


def test_wrong_inputs_are_refused():
    key, (images, coarse, holes) = jax.random.key(0), scene()
    with pytest.raises(ValueError, match=r"images.*divisible by 16"):
        SMALL.init(key, images[:, :20], coarse[:, :20], holes[:, :20])
    with pytest.raises(ValueError, match="coarse: expected"):
        SMALL.init(key, images, coarse[:1], holes)
    with pytest.raises(ValueError, match="holes: expected bool"):
        SMALL.init(key, images, coarse, holes.astype(np.float32))
    with pytest.raises(ValueError, match="levels: expected more than 3, got 3"):
        ReconstructionGenerator(levels=3).init(key, images, coarse, holes)
    with pytest.raises(ValueError, match=r"compat: expected one of .* got 'fast'"):
        ReconstructionGenerator(compat="fast").init(key, images, coarse, holes)
