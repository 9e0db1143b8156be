import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer import refinement_losses
from face_jax.latent_ofer.judges import LiveTerms
from tests.latent_ofer import small_judges

LABELS = np.array([0, 6], np.int32)
FIELDS = ("images", "assembled", "decoded")


@pytest.fixture(scope="module")
def variables():
    return small_judges.variables()


@functools.cache
def step(compat, live):
    """Terms, and the gradient of each by what the generator made."""
    judges = small_judges.judges(compat=compat, live=live)

    def terms(made, variables, coarse, target):
        refined = small_judges.refined()._replace(**made)
        return refinement_losses.generator_terms(
            judges, variables, refined, coarse, target, LABELS
        )

    def both(*given):
        found, pull = jax.vjp(lambda made: terms(made, *given[1:]), given[0])
        names = list(found)
        rows = jnp.eye(len(names))
        cotangents = dict(zip(names, rows.T, strict=True))
        return found, jax.vmap(lambda seed: pull(seed)[0])(cotangents)

    return jax.jit(both)


def terms_and_gradients(variables, compat="fixed", live=None):
    made = small_judges.refined()._asdict()
    made = {name: made[name] for name in FIELDS}
    coarse, target = small_judges.pictures(2), small_judges.pictures(3)
    found, rows = step(compat, live)(made, variables, coarse, target)
    names = list(found)
    gradients = {
        name: {field: rows[field][index] for field in FIELDS}
        for index, name in enumerate(names)
    }
    return found, gradients


def moved(gradients):
    """What each term has a gradient for."""
    return {
        name: {field for field, leaf in fields.items() if np.abs(leaf).max() > 0}
        for name, fields in gradients.items()
    }


def test_all_terms_but_the_coarse_one_are_alive(variables):
    assert moved(terms_and_gradients(variables)[1]) == {
        "reconstruction": {"images"},
        "coarse": set(),
        "image_adversarial": {"images"},
        "feature_adversarial": {"images"},
        "assembled": {"assembled"},
        "decoded": {"decoded"},
        "semantic": {"images"},
    }


def test_published_code_learns_from_pictures_and_their_discriminator_alone(variables):
    found, gradients = terms_and_gradients(variables, "reference")
    alive = {name for name, fields in moved(gradients).items() if fields}
    assert alive == {"reconstruction", "image_adversarial"}
    everything = LiveTerms()
    again, gradients = terms_and_gradients(variables, "reference", everything)
    alive = {name for name, fields in moved(gradients).items() if fields}
    assert alive == set(found) - {"coarse"}
    for name, value in found.items():
        np.testing.assert_allclose(value, again[name], rtol=1e-6)


def test_terms_are_distances(variables):
    found, _ = terms_and_gradients(variables)
    refined, target = small_judges.refined(), small_judges.pictures(3)
    coarse = np.abs(small_judges.pictures(2) - target).mean()
    np.testing.assert_allclose(found["coarse"], coarse, rtol=1e-5)
    made = np.abs(np.asarray(refined.images) - target).mean()
    np.testing.assert_allclose(found["reconstruction"], made, rtol=1e-5)
    judges = small_judges.judges()
    deep = np.asarray(judges.perceive(variables, target).deep)
    for name in ("assembled", "decoded"):
        inside = getattr(refined, name) * refined.holes[..., None]
        expected = np.mean((np.float64(inside) - deep) ** 2)
        np.testing.assert_allclose(found[name], expected, rtol=1e-4)


def test_discriminators_and_generator_want_the_opposite(variables):
    judges, target = small_judges.judges(), small_judges.pictures(3)
    made = np.asarray(small_judges.refined().images)

    @jax.jit
    def run(variables, made, target):
        return refinement_losses.discriminator_terms(judges, variables, made, target)

    swapped = run(variables, target, made)
    found, _ = terms_and_gradients(variables)
    for name, theirs in (("image", "image"), ("features", "feature")):
        np.testing.assert_allclose(
            swapped[name], found[f"{theirs}_adversarial"], rtol=1e-4
        )
    gradient = jax.grad(lambda x: sum(run(variables, x, target).values()))(made)
    assert not gradient.any()


def test_losses_weigh_terms_as_published():
    terms = dict.fromkeys(refinement_losses.GENERATOR_WEIGHTS, jnp.float32(1))
    np.testing.assert_allclose(refinement_losses.generator_loss(terms), 302.4)
    assert refinement_losses.generator_loss(terms, {"semantic": 2.0}) == 2
    judged = {"image": jnp.float32(1), "features": jnp.float32(3)}
    assert refinement_losses.discriminator_loss(judged) == 2


def test_semantic_distance_is_least_at_the_targets_shares():
    target = np.array([[2.0, -1, 0], [0, 0, 3]])
    shares = np.exp(target) / np.exp(target).sum(1, keepdims=True)
    entropy = -np.mean(np.sum(shares * np.log(shares), axis=1))
    distance = refinement_losses.semantic_distance
    np.testing.assert_allclose(distance(target, target), entropy, rtol=1e-6)
    ours, theirs = jax.grad(distance, argnums=(0, 1))(jnp.float32(target), target + 1)
    np.testing.assert_allclose(ours, 0, atol=1e-7)
    assert not theirs.any()
    assert distance(target[::-1], target) > entropy + 0.1


def test_published_semantic_distance_takes_sigmoids_for_logits():
    logits = np.array([[20.0, -20.0, -20.0]])
    expected = -np.log(np.e / (np.e + 2))
    found = refinement_losses.published_semantic_distance(logits, np.array([0]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_what_does_not_fit_is_refused(variables):
    refined, target = small_judges.refined(), small_judges.pictures(3)
    fixed, published = small_judges.judges(), small_judges.judges(compat="reference")
    terms = refinement_losses.generator_terms
    with pytest.raises(ValueError, match="target: expected"):
        terms(fixed, variables, refined, target, target[:1])
    with pytest.raises(ValueError, match="coarse: expected"):
        terms(fixed, variables, refined, target[:1], target)
    with pytest.raises(ValueError, match="labels: expected int"):
        jax.eval_shape(lambda: terms(published, variables, refined, target, target))
    with pytest.raises(ValueError, match="made: expected"):
        refinement_losses.discriminator_terms(fixed, variables, target[:1], target)
    narrow = refined._replace(assembled=refined.assembled[..., :8])
    deep = np.zeros_like(refined.decoded)
    with pytest.raises(ValueError, match="features of the target for assembled"):
        refinement_losses.consistency_terms(narrow, deep)
    with pytest.raises(ValueError, match="compat: expected one of"):
        small_judges.judges(compat="live")
