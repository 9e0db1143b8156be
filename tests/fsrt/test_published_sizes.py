"""The published config at its published sizes: every variant of its step runs."""

import functools

import jax
import numpy as np
import pytest

from face_jax.cli.config import load_config
from face_jax.cli.fsrt_cases import project, random_latent, random_model, random_motion
from face_jax.cli.runs import make_trainer
from face_jax.systems import build_task
from face_jax.train import partitioning
from face_jax.train.distributed import to_global
from face_jax.train.state import abstract_state, create_state
from face_jax.train.step import StepOptions, compile_step

FIRST_STEPS = {
    "phase1": 0,
    "phase2": 200_000,
    "phase3_warmup": 500_000,
    "phase3": 500_500,
}


def published_task(**changes):
    config = load_config("configs/fsrt/vox256.py:random_weights")
    return build_task(config.system, {**config.task.to_dict(), **changes})


def test_the_config_states_the_published_phases(tmp_path):
    task = published_task()
    for name, step in FIRST_STEPS.items():
        assert task.phase(step).step == name
        assert step == 0 or task.phase(step - 1).step != name
    config = load_config("configs/fsrt/vox256.py:random_weights")
    spec = make_trainer(config, tmp_path).streams.spec()
    assert spec["driving_images"].shape == (24, 1, 256, 256, 3)


@pytest.mark.slow
@pytest.mark.parametrize("phase", FIRST_STEPS)
def test_one_real_step_at_full_size(phase, tmp_path):
    task = published_task(lattice_stride=8)
    config = load_config(
        "configs/fsrt/vox256.py:random_weights", ["loader.batch_size=1"]
    )
    spec = make_trainer(config, tmp_path).streams.spec()
    batch = _pictures(spec)
    mesh = partitioning.make_mesh(1, 1, 1, devices=jax.devices()[:1])
    placed = partitioning.place(abstract_state(task, spec, False), mesh)
    state = create_state(task, jax.random.key(0), spec, False, placed.shardings)
    state = state.replace(step=state.step + FIRST_STEPS[phase])
    rows, whole = partitioning.batch_sharding(mesh), partitioning.replicated(mesh)
    step = compile_step(
        task,
        task.phase(FIRST_STEPS[phase]),
        StepOptions(),
        placed.shardings,
        rows,
        whole,
    )
    with jax.set_mesh(mesh):
        state, metrics = step(state, to_global(batch, rows), jax.random.key(1))
    assert int(state.guard.step) == -1
    assert int(state.step) == FIRST_STEPS[phase] + 1
    assert all(np.isfinite(float(value)) for value in metrics.values())
    assert float(metrics["generator/gradient_norm"]) > 0


def _pictures(spec):
    random = np.random.default_rng(0)
    batch = {n: np.zeros(leaf.shape, leaf.dtype) for n, leaf in spec.items()}
    for name, array in batch.items():
        if array.dtype == np.uint8:
            batch[name] = random.integers(0, 256, array.shape, np.uint8)
    batch["keypoint_scale"] += 1.0
    batch["color_factors"] += np.float32([1, 1, 1, 0])
    batch["color_order"] += np.arange(4, dtype=np.int32)
    return batch


@pytest.mark.slow
def test_half_precision_shows_the_same_picture():
    """45 dB, as if colours had the deviation of a photograph, 0.2 of the range."""
    exact, half = (random_model({"dtype": dtype}) for dtype in ("float32", "bfloat16"))
    motion, latent = random_motion(exact, 1), random_latent(exact)
    axis = np.linspace(-1, 1, 32, dtype=np.float32)

    def colours(model):
        memory = project(model, latent)
        face = (motion.keypoints[None], motion.expression[None])
        decoder, weights = model.networks.decoder, model.variables["decoder"]
        draw = functools.partial(decoder.apply, method="decode_grid")
        return np.asarray(jax.jit(draw)(weights, memory, axis, axis, *face))

    expected = colours(exact)
    error = np.mean(np.square(colours(half) - expected))
    assert -10 * np.log10(error * 0.2**2 / expected.var()) >= 45
