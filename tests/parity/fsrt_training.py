"""FSRT's training losses and their gradients, under given pictures and draws."""

import re
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.convert import from_published, to_published
from face_jax.fsrt.draws import Draws
from face_jax.fsrt.task import FsrtTask
from face_jax.fsrt.views import Views
from face_jax.losses.pixel import mean_squared_error
from face_jax.nn.resample import resize_bilinear
from face_jax.train.state import join_variables
from tests.parity.fixture import Check, Fixture, Part

SECOND_VIEW, THIRD_VIEW = np.float32(0.93), np.float32(1.05)
SAMPLES = 200
PHASES = ("phase1", "phase2", "phase3")
PUBLISHED_TERMS = {
    "perceptual": "perceptual",
    "gan": "gen_gan",
    "feature_matching": "feature_matching",
}
LATTICES = ("sampled_idxs", "remaining_idxs")


def train_losses(fixture: Fixture) -> Iterator[Check]:
    """Loss terms and gradients of the three phases, then the discriminator's."""
    task = build_task(fixture)
    variables = published_variables(fixture, task)
    batch, views, carry = fixture_batch(fixture), fixture_views(fixture), None
    for phase in PHASES:
        draws = fixture_draws(fixture, phase)
        (loss, aux), gradients = generator(task, variables, batch, views, draws, phase)
        yield from compare_terms(fixture, phase, loss, aux.metrics)
        yield from compare_errors(fixture, phase, task, aux.carry)
        yield from compare_gradients(fixture, phase, gradients)
        carry = aux.carry
    yield from compare_discriminator(fixture, task, variables, carry)


def build_task(fixture: Fixture) -> FsrtTask:
    """The published task at the file's image size and weights."""
    config = fixture.config
    side = config["image"]
    return FsrtTask(
        networks={
            "image_size": side,
            "small_decoder": config["small_decoder"],
        },
        mse_weight=config["mse_loss_weight"],
        keypoint_detector_weights="random",
        vgg19_weights="random",
    )


def published_variables(fixture: Fixture, task: FsrtTask) -> Any:
    """All networks from the file's published weights."""
    shapes = jax.eval_shape(lambda key: task.init(key, {}), jax.random.key(0))
    return from_published(fixture.state_dict, shapes)


def fixture_batch(fixture: Fixture) -> dict[str, np.ndarray]:
    """The batch entries that the losses read besides pictures."""
    return {
        "keypoint_scale": fixture.inputs["kp_scale"],
        "keypoint_shift": fixture.inputs["kp_shift"],
    }


def fixture_views(fixture: Fixture) -> Views:
    """The pictures as the meta's conventions make them."""
    sources = fixture.image("input_images_u8")
    target = fixture.image("target_image_u8")[:, None]
    coin = fixture.meta["draws"]["coin_below_half_uses_augm2"]
    return Views(
        sources=sources,
        sources_second=sources * SECOND_VIEW,
        sources_uncropped=(sources * SECOND_VIEW)[:, :, :, ::-1],
        target=target,
        driving_first=target * SECOND_VIEW if coin < 0.5 else target,
        driving_crop=expression_crop(fixture, target),
        driving_uncropped=(target * SECOND_VIEW)[:, :, :, ::-1],
    )


def expression_crop(fixture: Fixture, target: np.ndarray) -> jax.Array:
    """The driving frames' expression crops, resized to the image's size."""
    pattern = r"\[rows (\d+):(\d+), cols (\d+):(\d+)\]"
    found = re.search(pattern, fixture.meta["conventions"])
    if found is None:
        raise ValueError(f"{fixture.path}: the meta names no expression crop")
    top, bottom, left, right = map(int, found.groups())
    cut = (target * THIRD_VIEW)[:, 0, top:bottom, left:right]
    return resize_bilinear(jnp.asarray(cut), target.shape[2:4])[:, None]


def fixture_draws(fixture: Fixture, phase: str) -> Draws:
    """The file's random choices; every row of the batch has the same positions."""
    drawn = fixture.meta["draws"]
    selection = np.asarray(drawn["selection_uniform_per_sample"], np.float32)[:, None]
    names = ("phase1_idxs", None) if phase == "phase1" else LATTICES
    sampled, remaining = (_positions(fixture, name, len(selection)) for name in names)
    coin = np.full(len(selection), drawn["coin_below_half_uses_augm2"], np.float32)
    return Draws(coin, selection, sampled, remaining)


def generator(task, variables, batch, views, draws, phase: str):
    """((loss, aux), gradients by trained network) of the generator's loss."""
    moving = {name: variables[name] for name in task.trained}

    def loss(moving, fixed):
        return task.loss_of_views({**fixed, **moving}, batch, views, draws, phase)

    return jax.jit(jax.value_and_grad(loss, has_aux=True))(moving, variables)


def compare_terms(fixture: Fixture, phase: str, loss, terms) -> Iterator[Check]:
    """The weighted terms under their published names."""
    regularization = sum(terms[n] for n in ("invariance", "variance", "covariance"))
    named = {"total": loss, "reg_loss": regularization}
    named |= {theirs: terms[n] for n, theirs in PUBLISHED_TERMS.items() if n in terms}
    for name, value in named.items():
        expected = fixture.outputs[f"{phase}_{name}"]
        atol = fixture.meta["rtol"] * abs(float(expected))
        yield Check(f"{phase}_{name}", value, expected, atol)


def compare_errors(fixture, phase: str, task: FsrtTask, carry) -> Iterator[Check]:
    """The squared error of each sample, weighted."""
    expected = fixture.outputs[f"{phase}_mse"]
    errors = task.mse_weight * mean_squared_error(carry["made"], carry["target"])
    yield Check(f"{phase}_mse", errors, expected, fixture.meta["rtol"] * expected)


def compare_gradients(fixture: Fixture, phase: str, gradients) -> Iterator[Check]:
    """Norms of all gradients and sampled entries of some."""
    named = to_published(gradients)
    rtol = fixture.meta["rtol_grads"]
    norms = fixture.outputs[f"{phase}_grad_norms"]
    ours = [np.linalg.norm(named[n]) for n in fixture.meta["grad_param_names"]]
    yield Check(f"{phase}_grad_norms", ours, norms, rtol * np.abs(norms))
    prefix = f"{phase}_grad/"
    for key, expected in fixture.outputs.items():
        if key.startswith(prefix):
            flat = named[key.removeprefix(prefix)].reshape(-1)
            entries = flat[sampled_entries(fixture, flat.size)]
            yield Check(key, entries, expected, rtol * np.abs(expected).max())


def sampled_entries(fixture: Fixture, size: int) -> np.ndarray:
    """Positions of the stored gradient entries in a flattened array."""
    random = np.random.RandomState(fixture.meta["grad_index_seed"])
    return np.sort(random.choice(size, SAMPLES, replace=False))


def compare_discriminator(fixture, task, variables, carry) -> Iterator[Check]:
    """The discriminator's loss, its keypoints and the norms of its gradients."""
    frozen = {n: v for n, v in variables.items() if n != "discriminator"}

    def loss(params):
        held = join_variables({"discriminator": params}, {}, frozen)
        return task.discriminator_loss(held, {}, None, carry)[0]

    params = variables["discriminator"]["params"]
    value, gradients = jax.jit(jax.value_and_grad(loss))(params)
    expected = fixture.outputs["disc_loss"]
    atol = fixture.meta["rtol"] * abs(float(expected))
    yield Check("disc_loss", value, expected, atol)
    keypoints = np.asarray(carry["keypoints"])[:, 0]
    yield from fixture.compare("disc_kp", keypoints)
    named = to_published({"discriminator": {"params": gradients}})
    names = fixture.meta["disc_param_names"]
    norms = fixture.outputs["disc_grad_norms"]
    zero = np.array([name in fixture.meta["zero_grad_names"] for name in names])
    atol = np.where(zero, 1e-4 * norms.max(), fixture.meta["rtol_grads"] * norms)
    ours = [np.linalg.norm(named[name]) for name in names]
    yield Check("disc_grad_norms", ours, norms, atol)


def _positions(fixture: Fixture, name: str | None, rows: int) -> np.ndarray:
    flat = np.zeros(0, np.int32) if name is None else fixture.inputs[name]
    return np.tile(flat, (rows, 1, 1)).reshape(rows, 1, -1).astype(np.int32)


PARTS: dict[str, Part] = {"train_losses": train_losses}
