import numpy as np
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


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match=r"expected one of .*'warmup_cosine'"):
        optim.schedule({"name": "cosine"})
    with pytest.raises(ValueError, match=r"'constant'.*decay_steps"):
        optim.schedule({"name": "constant", "peak": 1.0, "decay_steps": 3})
    short = {"name": "warmup_cosine", "peak": 1.0, "warmup_steps": 60}
    with pytest.raises(ValueError, match=r"decay_steps = 2 .* warmup_steps = 60"):
        optim.schedule({**short, "decay_steps": 2})
    with pytest.raises(ValueError, match="optimizer: expected one of"):
        optim.optimizer({"name": "lion"})
