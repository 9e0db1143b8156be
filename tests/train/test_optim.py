import jax
import numpy as np
import optax
import pytest

from face_jax.train import optim

PUBLISHED = {
    "name": "warmup_exponential",
    "peak": 1e-4,
    "warmup_steps": 2500,
    "decay_rate": 0.16,
    "decay_steps": 4_000_000,
}


@pytest.mark.parametrize("step", [0, 1, 1250, 2499, 2500, 500_000, 4_002_500])
def test_fsrt_schedule(step):
    warm, decayed = step / 2500, 0.16 ** ((step - 2500) / 4e6)
    expected = 1e-4 * (warm if step < 2500 else decayed)
    np.testing.assert_allclose(optim.schedule(PUBLISHED)(step), expected, rtol=1e-6)


def test_cosine_goes_from_zero_to_peak_to_end():
    settings = {"name": "warmup_cosine", "peak": 1.0, "warmup_steps": 10}
    rate = optim.schedule({**settings, "decay_steps": 110, "end": 0.25})
    np.testing.assert_allclose(rate(0), 0.0)
    np.testing.assert_allclose(rate(10), 1.0)
    np.testing.assert_allclose(rate(60), 0.625, rtol=1e-6)
    np.testing.assert_allclose(rate(110), 0.25)


def test_adam_gives_a_direction_of_unit_size_without_a_rate():
    adam = optim.optimizer({"name": "adam", "b1": 0.9, "b2": 0.999, "eps": 1e-8})
    gradient = {"a": np.float32([1e-3, -5.0])}
    direction, _ = adam.update(gradient, adam.init(gradient), gradient)
    np.testing.assert_allclose(direction["a"], [1.0, -1.0], rtol=1e-4)


def descend(settings, start, gradients, rate=0.1):
    """Parameters after each step along the direction that an optimizer gives."""
    chosen = optim.optimizer(settings)
    params = {name: np.float32(value) for name, value in start.items()}
    state, path = chosen.init(params), []
    for gradient in gradients:
        direction, state = chosen.update(gradient, state, params)
        params = {n: np.float32(params[n] - rate * direction[n]) for n in params}
        path.append(params)
    return path


def problem(steps=4):
    random = np.random.default_rng(3)
    shapes = {"kernel": (2, 3), "bias": (3,)}
    draw = [
        {n: np.float32(random.normal(size=s)) for n, s in shapes.items()}
        for _ in range(steps + 1)
    ]
    return draw[0], draw[1:]


def adam_path(start, gradients, decayed, coupled, rate=0.1):
    """Adam by hand; weight decay 0.3 on ``decayed``, in the gradient or beside it."""
    params = {n: np.float64(value) for n, value in start.items()}
    first, second = (dict.fromkeys(params, 0.0) for _ in range(2))
    for t, given in enumerate(gradients, start=1):
        for n in params:
            decay = 0.3 * params[n] * (n in decayed)
            g = given[n] + decay * coupled
            first[n] = 0.8 * first[n] + 0.2 * g
            second[n] = 0.9 * second[n] + 0.1 * g * g
            step = first[n] / (1 - 0.8**t) / (np.sqrt(second[n] / (1 - 0.9**t)) + 1e-6)
            params[n] = params[n] - rate * (step + decay * (not coupled))
        yield dict(params)


@pytest.mark.parametrize(
    ("name", "decayed"), [("adam", ("kernel", "bias")), ("adamw", ("kernel",))]
)
def test_weight_decay_goes_through_adam_or_past_it(name, decayed):
    start, gradients = problem()
    settings = {"name": name, "b1": 0.8, "b2": 0.9, "eps": 1e-6, "weight_decay": 0.3}
    found = descend(settings, start, gradients)
    expected = adam_path(start, gradients, decayed, coupled=name == "adam")
    for ours, theirs in zip(found, expected, strict=True):
        for n in theirs:
            np.testing.assert_allclose(ours[n], theirs[n], rtol=2e-5)


def test_adam_without_weight_decay_keeps_the_state_of_old_checkpoints():
    params = {"a": np.ones(2, np.float32)}
    plain, none = (
        optim.optimizer({"name": "adam", **settings}).init(params)
        for settings in ({}, {"weight_decay": 0.0})
    )
    expected = jax.tree.structure(optax.scale_by_adam().init(params))
    assert jax.tree.structure(plain) == jax.tree.structure(none) == expected


def test_sgd_adds_decay_to_the_gradient_and_keeps_momentum():
    start, gradients = problem()
    settings = {"name": "sgd", "momentum": 0.9, "weight_decay": 0.3}
    found = descend(settings, start, gradients)
    for n in start:
        value, trace = np.float64(start[n]), 0.0
        for ours, given in zip(found, gradients, strict=True):
            trace = 0.9 * trace + given[n] + 0.3 * value
            value = value - 0.1 * trace
            np.testing.assert_allclose(ours[n], value, rtol=1e-5)


def test_sgd_is_the_gradient_when_nothing_else_is_said():
    start, gradients = problem(steps=1)
    (found,) = descend({"name": "sgd"}, start, gradients)
    expected = start["bias"] - 0.1 * gradients[0]["bias"]
    np.testing.assert_allclose(found["bias"], expected, rtol=1e-6)


def test_steps_multiply_from_each_boundary_on():
    settings = {"name": "steps", "peak": 0.1, "boundaries": (3, 7), "factor": 0.1}
    rate = jax.jit(optim.schedule(settings))
    found = [rate(step) for step in range(9)]
    np.testing.assert_allclose(found, [0.1] * 3 + [0.01] * 4 + [0.001] * 2, rtol=1e-6)
    never = optim.schedule({**settings, "boundaries": ()})
    np.testing.assert_allclose(never(10**6), 0.1, rtol=1e-6)


def test_constant_then_linear_ends_at_zero():
    settings = {"name": "constant_then_linear", "constant_steps": 4, "decay_steps": 5}
    rate = jax.jit(optim.schedule({**settings, "peak": 0.5}))
    expected = [0.5] * 5 + [0.4, 0.3, 0.2, 0.1, 0.0, 0.0]
    found = [rate(step) for step in range(11)]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_muon_moves_matrices_evenly_in_all_directions():
    muon = optim.optimizer({"name": "muon", "rms": 0.2})
    gradient = {
        "kernel": np.float32([[1.0, 0.0], [0.0, 1e-2], [0.0, 0.0], [0.0, 0.0]]),
        "bias": np.float32([1e-3, -5.0]),
    }
    direction, _ = muon.update(gradient, muon.init(gradient), gradient)
    kernel = np.asarray(direction["kernel"])
    # Both singular values come out near 1, times the stated size of a step.
    scale = 0.2 * np.sqrt(max(kernel.shape))
    values = np.linalg.svd(kernel, compute_uv=False) / scale
    assert (values > 0.6).all() and (values < 1.3).all()
    assert kernel[0, 0] > 0
    # Biases move by Adam: by one size, whatever their gradients.
    np.testing.assert_allclose(direction["bias"][0], -direction["bias"][1], rtol=1e-4)
    assert 0.9 < direction["bias"][0] < 1.6


def test_fewer_iterations_of_muon_leave_weak_directions_weaker():
    kernel = np.diag(np.float32([1.0, 1e-2]))
    weakest = []
    for iterations in (1, 3, 5):
        muon = optim.optimizer({"name": "muon", "iterations": iterations})
        direction, _ = muon.update(kernel, muon.init(kernel), kernel)
        strong, weak = np.linalg.svd(direction, compute_uv=False)
        weakest.append(weak / strong)
    assert 0.01 < weakest[0] < weakest[1] < weakest[2]
    assert weakest[1] > 0.2


def test_muon_takes_kernels_that_mix_channels_for_matrices():
    muon = optim.optimizer({"name": "muon", "rms": 0.2, "convolutions": True})
    random = np.random.default_rng(0)
    shapes = {"kernel": (3, 3, 4, 8), "depthwise": (3, 3, 1, 8), "bias": (8,)}
    gradient = {n: np.float32(random.normal(size=s)) for n, s in shapes.items()}
    gradient["kernel"] *= np.float32(np.geomspace(1e-2, 1, 8))
    direction, _ = muon.update(gradient, muon.init(gradient), gradient)
    matrix = np.reshape(direction["kernel"], (36, 8))
    values = np.linalg.svd(matrix, compute_uv=False) / (0.2 * np.sqrt(36))
    assert (values > 0.6).all() and (values < 1.3).all()
    # Depthwise kernels and biases move by Adam.
    adam = optim.optimizer({"name": "adam", "b1": 0.9, "b2": 0.999, "eps": 1e-8})
    rest = {name: gradient[name] for name in ("depthwise", "bias")}
    expected, _ = adam.update(rest, adam.init(rest), rest)
    for name, value in expected.items():
        signs = np.sign(value)
        np.testing.assert_array_equal(np.sign(direction[name]), signs)
        assert np.ptp(np.abs(direction[name])) < 1e-3


def test_muon_leaves_layers_to_adam_by_name():
    muon = optim.optimizer({"name": "muon", "rms": 0.2, "without": ("head",)})
    kernel = np.float32([[1.0, 0.1], [-3.0, 1e-2]])
    gradient = {"head": {"kernel": kernel}, "mix": {"kernel": kernel}}
    direction, _ = muon.update(gradient, muon.init(gradient), gradient)
    # Adam's first step has one size, whatever the gradients.
    head, mix = (np.asarray(direction[name]["kernel"]) for name in gradient)
    np.testing.assert_array_equal(np.sign(head), np.sign(kernel))
    assert np.ptp(np.abs(head)) < 1e-3
    assert np.ptp(np.abs(mix)) > 0.05


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match=r"expected one of .*'warmup_cosine'"):
        optim.schedule({"name": "cosine"})
    with pytest.raises(ValueError, match=r"'constant'.*decay_steps"):
        optim.schedule({"name": "constant", "peak": 1.0, "decay_steps": 3})
    short = {"name": "warmup_cosine", "peak": 1.0, "warmup_steps": 60}
    with pytest.raises(ValueError, match=r"decay_steps = 2 .* warmup_steps = 60"):
        optim.schedule({**short, "decay_steps": 2})
    linear = {"name": "constant_then_linear", "peak": 1.0, "constant_steps": 5}
    with pytest.raises(ValueError, match=r"decay_steps must be positive, got 0"):
        optim.schedule({**linear, "decay_steps": 0})
    with pytest.raises(ValueError, match=r"'adamw'.*weight_decay"):
        optim.optimizer({"name": "adamw"})
    with pytest.raises(ValueError, match=r"'adam'.*beta"):
        optim.optimizer({"name": "adam", "beta": 0.9})
    with pytest.raises(ValueError, match="optimizer: expected one of"):
        optim.optimizer({"name": "lion"})
