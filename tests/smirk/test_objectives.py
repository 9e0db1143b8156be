import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters
from face_jax.smirk import objectives
from face_jax.smirk.projection import ProjectedFace

BATCH = 3


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def parameters(seed=0):
    return HeadParameters(
        shape_params=normal(seed, BATCH, 6),
        expression_params=normal(seed + 1, BATCH, 4),
        jaw_params=normal(seed + 2, BATCH, 3),
        eyelid_params=normal(seed + 3, BATCH, 2),
        pose_params=normal(seed + 4, BATCH, 3),
    )


def cycle_loss(wanted, found, shape):
    return objectives.cycle_loss(objectives.cycle_terms(wanted, found, shape=shape))


def mean_square(one, other=0.0):
    return np.mean((one.astype(np.float64) - other) ** 2)


def test_of_68_landmarks_the_contours_of_faces_that_have_them_count():
    ours, theirs = normal(0, BATCH, 68, 2), normal(1, BATCH, 68, 2)
    inner, seen = normal(2, BATCH, 105, 2), normal(3, BATCH, 105, 2)
    none = jnp.zeros((BATCH, 0, 3))
    face = ProjectedFace(none, none, jnp.asarray(ours), jnp.asarray(inner))
    has = np.array([True, False, True])
    terms = objectives.landmark_terms(face, jnp.asarray(theirs), has, jnp.asarray(seen))
    expected = mean_square(ours[has, :17], theirs[has, :17])
    np.testing.assert_allclose(terms["contour"], expected, rtol=1e-6)
    np.testing.assert_allclose(terms["landmarks"], mean_square(inner, seen), rtol=1e-6)


def test_parameters_are_kept_small_or_near_a_base():
    given, base = parameters(0), parameters(10).replace(jaw_params=None)
    terms = objectives.regularization_terms(given)
    near = objectives.regularization_terms(given, base)
    assert set(terms) == set(near) == {"expression", "jaw", "shape"}
    for name in terms:
        value = getattr(given, f"{name}_params")
        np.testing.assert_allclose(terms[name], mean_square(value), rtol=1e-6)
        target = 0.0 if name == "jaw" else getattr(base, f"{name}_params")
        np.testing.assert_allclose(near[name], mean_square(value, target), rtol=1e-6)
    without = objectives.regularization_terms(given.replace(jaw_params=None))
    assert set(without) == {"expression", "shape"}


def test_the_first_coefficients_of_the_teacher_count():
    shape, teacher = normal(0, BATCH, 6), normal(1, BATCH, 9)
    found = objectives.identity_term(shape, teacher)
    np.testing.assert_allclose(found, mean_square(shape, teacher[:, :6]), rtol=1e-6)
    known = np.array([True, False, True])
    found = objectives.identity_term(shape, teacher, known)
    expected = mean_square(shape[known], teacher[known, :6])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert objectives.identity_term(shape, teacher, np.zeros(BATCH, bool)) == 0


@pytest.mark.parametrize("shape", [False, True])
def test_the_cycle_weighs_expression_jaw_and_eyelids(shape):
    wanted, found = parameters(0), parameters(10)
    distance = {
        name: mean_square(
            getattr(found, f"{name}_params"), getattr(wanted, f"{name}_params")
        )
        for name in ("expression", "jaw", "eyelid", "shape")
    }
    expected = distance["expression"] + 10 * (distance["jaw"] + distance["eyelid"])
    expected += distance["shape"] if shape else 0
    value = cycle_loss(wanted, found, shape=shape)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    lidless = wanted.replace(eyelid_params=None)
    value = cycle_loss(lidless, found, shape=shape)
    np.testing.assert_allclose(value, expected - 10 * distance["eyelid"], rtol=1e-6)


def test_terms_of_the_cycle_can_be_weighed_otherwise():
    terms = objectives.cycle_terms(parameters(0), parameters(10), shape=True)
    value = objectives.cycle_loss(terms, {"expression": 25.0, "shape": 0.5})
    expected = 25 * terms["expression"] + 0.5 * terms["shape"]
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_the_gradient_of_the_cycle_is_that_of_finite_differences():
    wanted, found = parameters(0), parameters(10)

    def loss(expression, jaw):
        changed = found.replace(expression_params=expression, jaw_params=jaw)
        return cycle_loss(wanted, changed, shape=True)

    given = found.expression_params, found.jaw_params
    gradients = jax.jit(jax.grad(loss, argnums=(0, 1)))(*given)
    for number, gradient in enumerate(gradients):
        # The loss is quadratic: its central difference is exact for any step.
        step = [np.zeros_like(value) for value in given]
        step[number][1, 2] = 0.5
        ahead = loss(given[0] + step[0], given[1] + step[1])
        behind = loss(given[0] - step[0], given[1] - step[1])
        np.testing.assert_allclose(gradient[1, 2], ahead - behind, rtol=1e-4)


def test_parameters_of_other_shapes_are_refused():
    given = parameters()
    other = given.replace(jaw_params=normal(0, BATCH, 2))
    with pytest.raises(
        ValueError, match=r"base.jaw_params: expected \(3, 3\), got \(3, 2\)"
    ):
        objectives.regularization_terms(given, other)
    with pytest.raises(
        ValueError, match=r"found.jaw_params: expected \(3, 3\), got \(3, 2\)"
    ):
        objectives.cycle_terms(given, other, shape=False)
    without = given.replace(shape_params=None)
    with pytest.raises(
        ValueError, match=r"found.shape_params: expected \(3, 6\), got None"
    ):
        objectives.cycle_terms(given, without, shape=True)
    with pytest.raises(ValueError, match=r"teacher: expected \(3, 6\), got \(3, 5\)"):
        objectives.identity_term(given.shape_params, normal(0, BATCH, 5))
