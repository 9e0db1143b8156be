import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.assembly_rules import COHERENT, RULES, AssemblyRules
from face_jax.latent_ofer.self_assembly import coherent_attention, self_assembly
from tests.latent_ofer import plain_assembly

SHAPE = (2, 5, 6, 7)
ALL_RULES = {
    **RULES,
    "coherent": COHERENT,
    "shrinking": AssemblyRules(whole=False),
    "by_ordinal": AssemblyRules(similarity_of="ordinal"),
    "signed": AssemblyRules("own", clamped=False),
}


def maps(seed=0):
    random = np.random.default_rng(seed)
    features, flipped = random.uniform(-0.3, 1, (2, *SHAPE)).astype(np.float32)
    return features, flipped, random.uniform(size=SHAPE[:3]) < 0.4


def filled_plainly(features, flipped, holes, rules):
    pairs = [
        plain_assembly.fill(*each, rules)
        for each in zip(features, flipped, holes, strict=True)
    ]
    return tuple(np.stack(arrays) for arrays in zip(*pairs, strict=True))


def pulled_back(gradient, rules, features, flipped, holes):
    def product(*maps):
        return jnp.sum(self_assembly(*maps, holes, rules) * gradient)

    return jax.jit(jax.grad(product, argnums=(0, 1)))(features, flipped)


@pytest.mark.parametrize("name", ALL_RULES)
def test_it_is_the_plain_loop(name):
    given = maps()
    found = jax.jit(self_assembly, static_argnums=3)(*given, ALL_RULES[name])
    expected, _ = filled_plainly(*given, ALL_RULES[name])
    np.testing.assert_allclose(found, expected, atol=2e-5)
    known = ~given[2]
    np.testing.assert_array_equal(np.asarray(found)[known], given[0][known])


def test_rules_differ():
    results = [filled_plainly(*maps(), rules)[0] for rules in ALL_RULES.values()]
    for index, result in enumerate(results):
        for other in results[:index]:
            assert np.abs(result - other).max() > 1e-3


def test_coherent_attention_needs_no_mirror():
    features, _, holes = maps()
    found = coherent_attention(features, holes)
    expected, _ = filled_plainly(features, features, holes, COHERENT)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_whole_shares_keep_a_constant_map():
    features = np.ones(SHAPE, np.float32)
    _, _, holes = maps()
    found = self_assembly(features, features, holes)
    np.testing.assert_allclose(found, features, atol=1e-5)
    shrunk = self_assembly(features, features, holes, AssemblyRules(whole=False))
    assert np.asarray(shrunk)[holes].mean() < 0.9


@pytest.mark.parametrize("name", ["fixed", "shrinking"])
def test_its_own_gradient_is_that_of_the_plain_loop(name):
    rules, (features, flipped, holes) = ALL_RULES[name], maps()
    random = np.random.default_rng(1)
    gradient, *moves = random.standard_normal((3, *SHAPE))
    found = pulled_back(gradient, rules, features, flipped, holes)

    def value(step):
        moved = (np.float64(features) + step * moves[0], flipped + step * moves[1])
        return np.sum(filled_plainly(*moved, holes, rules)[0] * gradient)

    slope = (value(1e-6) - value(-1e-6)) / 2e-6
    ours = sum(np.sum(np.float64(g) * m) for g, m in zip(found, moves, strict=True))
    np.testing.assert_allclose(ours, slope, rtol=1e-3)
    assert all(np.abs(g).max() > 0 for g in found)


@pytest.mark.parametrize("kind", ["reference", "attention"])
@pytest.mark.parametrize("name", ["reference", "signed"])
def test_published_gradients_are_drawn_through_shares(name, kind):
    rules = dataclasses.replace(ALL_RULES[name], gradient=kind)
    features, flipped, holes = maps()
    gradient = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
    found, of_flipped = pulled_back(gradient, rules, features, flipped, holes)
    shares = filled_plainly(features, flipped, holes, rules)[1]
    if kind == "reference":
        shares = np.trunc(shares)
    flat = gradient.reshape(len(gradient), -1, SHAPE[-1])
    expected = gradient + (shares.swapaxes(1, 2) @ flat).reshape(SHAPE)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert not np.any(of_flipped)


def test_truncation_leaves_the_first_position_its_match_alone():
    features, flipped, _ = (x[:1] for x in maps())
    holes = np.zeros((1, *SHAPE[1:3]), bool)
    holes[0, 2, 2:5] = True
    gradient = np.zeros((1, *SHAPE[1:]), np.float32)
    gradient[0, 2, 2:5] = [[1.0], [10.0], [100.0]]
    found, _ = pulled_back(gradient, RULES["reference"], features, flipped, holes)
    drawn = np.asarray(found) - gradient
    assert np.count_nonzero(drawn.sum(-1)) == 1 and drawn.max() == 1


@pytest.mark.parametrize("name", ["fixed", "reference"])
def test_without_a_hole_nothing_changes(name):
    features, flipped, _ = maps()
    holes = np.zeros(SHAPE[:3], bool)
    found = self_assembly(features, flipped, holes, RULES[name])
    np.testing.assert_array_equal(found, features)


@pytest.mark.parametrize("features", [np.zeros(SHAPE), maps()[0]], ids=["zeros", "any"])
def test_values_and_gradients_are_finite_without_known_positions(features):
    features, holes = np.float32(features), np.ones(SHAPE[:3], bool)

    def total(x, y):
        return jnp.sum(self_assembly(x, y, holes) ** 2)

    value, gradients = jax.value_and_grad(total, argnums=(0, 1))(features, features)
    assert all(np.isfinite(x).all() for x in (value, *gradients))


def test_wrong_inputs_are_refused():
    features, flipped, holes = maps()
    with pytest.raises(ValueError, match=r"features: expected \[B, H, W, C\]"):
        self_assembly(features[0], flipped[0], holes[0])
    with pytest.raises(ValueError, match=r"flipped: expected \[2, 5, 6, 7\], got"):
        self_assembly(features, flipped[..., :3], holes)
    with pytest.raises(ValueError, match=r"holes: expected \[2, 5, 6\], got"):
        self_assembly(features, flipped, holes[:, :3])
    with pytest.raises(ValueError, match="holes: expected bool, got float32"):
        self_assembly(features, flipped, np.float32(holes))
    with pytest.raises(ValueError, match=r"gradient: expected one of.*got none"):
        AssemblyRules(gradient="none")
