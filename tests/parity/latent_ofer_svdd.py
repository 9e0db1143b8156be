"""Both detectors of covered patches: whole trainings, and fits of spheres."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from face_jax.convert.engine import Table, dense, to_published, to_variables
from face_jax.latent_ofer.deep_svdd import (
    DeepSvdd,
    boundary_radius,
    initial_center,
    one_class_loss,
    soft_boundary_loss,
    soft_boundary_scores,
    squared_distances,
)
from face_jax.latent_ofer.kernel_svdd import (
    FREE_SHARE,
    SMALLEST_WEIGHT,
    KernelSphere,
    fit_kernel_svdd,
    mean_radius,
)
from face_jax.latent_ofer.kernels import Kernel
from face_jax.latent_ofer.svdd_dual import center_offset, dual_objective
from tests.parity.fixture import Check, Fixture, Part

SOFT, ONE_CLASS = "soft-boundary", "one-class"


def deep_svdd(fixture: Fixture) -> Iterator[Check]:
    """A training of each objective, from the same weights."""
    samples, tests = (jnp.asarray(fixture.inputs[name]) for name in ("X", "T"))
    weights = fixture.state_dict
    network = DeepSvdd(tuple(len(rows) for rows in weights.values()))
    target = jax.eval_shape(network.init, jax.random.key(0), samples)
    table = _table(list(weights))
    start = to_variables(weights, table, {"svdd": target})["svdd"]
    center = initial_center(network.apply(start, samples))
    for objective in (ONE_CLASS, SOFT):
        training = Training(fixture, network, center, objective == SOFT)
        params, radius, losses = training.run(start["params"], samples)
        found = squared_distances(network.apply({"params": params}, tests), center)
        if objective == SOFT:
            found = soft_boundary_scores(found, radius)
        results = {
            "center": center,
            "epoch_loss": losses,
            "R": radius,
            "test_scores": found,
            "test_auc": area_under_curve(found, fixture.inputs["labels"] > 0),
        }
        final = to_published({"svdd": {"params": params}}, table)
        results |= {f"final/{name}": array for name, array in final.items()}
        for name, value in results.items():
            yield _stated(fixture, f"{objective}/{name}", value, fixture.meta["tol"])


class Training:
    """The published loop: batches in order, rates by epoch, a radius at the end."""

    def __init__(self, fixture: Fixture, network: DeepSvdd, center: Any, soft: bool):
        self.config = fixture.config
        self.network, self.center, self.soft = network, center, soft
        decay = optax.add_decayed_weights(self.config["weight_decay"])
        self.optimizer = optax.chain(decay, optax.scale_by_adam())

    def run(self, params: Any, samples: jax.Array) -> tuple[Any, Any, np.ndarray]:
        """Trained parameters, the radius, and the mean loss of each epoch."""
        state, radius, means = self.optimizer.init(params), jnp.float32(0), []
        size, warmup = self.config["batch_size"], self.config["warmup_epochs_for_R"]
        step = jax.jit(self.step)
        for epoch in range(self.config["epochs"]):
            losses = []
            for first in range(0, len(samples), size):
                batch = samples[first : first + size]
                params, state, loss, distances = step(
                    params, state, batch, radius, self.rate(epoch)
                )
                losses.append(loss)
                if self.soft and epoch >= warmup:
                    radius = boundary_radius(distances, self.config["nu"])
            means.append(np.mean(losses))
        return params, radius, np.asarray(means)

    def rate(self, epoch: int) -> float:
        """The rate falls an epoch early: schedules are stepped before the epoch."""
        passed = sum(epoch + 1 >= end for end in self.config["milestones"])
        return self.config["lr"] * 0.1**passed

    def step(self, params, state, batch, radius, rate):
        """One step of the optimizer, and the distances before it."""

        def loss_of(params):
            embeddings = self.network.apply({"params": params}, batch)
            distances = squared_distances(embeddings, self.center)
            if self.soft:
                loss = soft_boundary_loss(distances, radius, self.config["nu"])
            else:
                loss = one_class_loss(distances)
            return loss, distances

        (loss, distances), gradients = jax.value_and_grad(loss_of, has_aux=True)(params)
        updates, state = self.optimizer.update(gradients, state, params)
        updates = jax.tree.map(lambda update: -rate * update, updates)
        return optax.apply_updates(params, updates), state, loss, distances


def kernel_svdd(fixture: Fixture) -> Iterator[Check]:
    """Every fit: formulas on the stored weights, then those that are found here."""
    samples, tests = (jnp.asarray(fixture.inputs[name]) for name in ("X", "T"))
    for name, config in fixture.meta["configs"].items():
        kernel = _kernel(config)
        yield from _stored_fit(fixture, name, samples, tests, kernel)
        fit = jax.jit(fit_kernel_svdd, static_argnames=("kernel", "upper_bound"))
        sphere, _ = fit(samples, kernel=kernel, upper_bound=config["C"])
        yield from _own_fit(fixture, name, sphere, tests)


def _stored_fit(
    fixture: Fixture, name: str, samples: jax.Array, tests: jax.Array, kernel: Kernel
) -> Iterator[Check]:
    stored = fixture.outputs
    upper_bound = fixture.meta["configs"][name]["C"]
    weights = jnp.asarray(stored[f"{name}/alpha"])
    matrix = kernel(samples, samples)
    surface = np.isin(np.arange(len(samples)), stored[f"{name}/boundary"])
    free = (weights > SMALLEST_WEIGHT) & (weights < FREE_SHARE * upper_bound)
    sphere = KernelSphere(
        samples=samples,
        weights=weights,
        offset=center_offset(matrix, weights),
        radius=mean_radius(matrix, weights, jnp.asarray(surface)),
        kernel=kernel,
    )
    results = {
        "offset": sphere.offset,
        "radius": sphere.radius,
        "radius_free_sv": mean_radius(matrix, weights, free),
        "dist_test": sphere.distances(tests),
        "decision_test": sphere.decisions(tests),
    }
    tolerance = {"rtol": 1e-4, "atol": 1e-4}
    for result, value in results.items():
        yield _stated(fixture, f"{name}/{result}", value, tolerance)
    decided = np.abs(stored[f"{name}/decision_test"]) > 1e-3
    found = np.where(sphere.decisions(tests) >= 0, 1, -1)[decided]
    expected = stored[f"{name}/pred_test"][decided]
    yield Check(f"{name}/pred_test", found, expected, 0)


def _own_fit(
    fixture: Fixture, name: str, sphere: KernelSphere, tests: jax.Array
) -> Iterator[Check]:
    """Weights need not be the only best ones, but what they are the centre of is."""
    stored, loose = fixture.outputs, {"rtol": 1e-2, "atol": 0.0}
    matrix = sphere.kernel(sphere.samples, sphere.samples)
    objective = dual_objective(matrix, sphere.weights)
    tight = {"rtol": 1e-3, "atol": 0.0}
    yield _stated(fixture, f"{name}/objective", objective, tight)
    shared = matrix @ stored[f"{name}/alpha"]
    atol = 1e-2 * np.abs(shared).max()
    yield Check(f"{name}/alpha", matrix @ sphere.weights, shared, atol)
    distances = sphere.distances(tests)
    for result, value in (("offset", sphere.offset), ("dist_test", distances)):
        yield _stated(fixture, f"{name}/{result}", value, loose)
    decided = np.abs(stored[f"{name}/decision_test"]) > 1e-2
    inside = stored[f"{name}/radius"] >= distances
    expected = stored[f"{name}/pred_test"][decided]
    found = np.where(inside, 1, -1)[decided]
    yield Check(f"{name}/pred_test", found, expected, 0)


def _kernel(config: dict[str, Any]) -> Kernel:
    return Kernel(
        {"poly": "polynomial"}.get(config["kernel"], config["kernel"]),
        gamma=config.get("gamma", 1.0),
        degree=config.get("degree", 3),
        offset=config.get("coef0", 1.0),
    )


def _table(names: list[str]) -> Table:
    table: dict[str, Any] = {}
    for index, name in enumerate(names):
        path = ("svdd", "params", f"dense_{index}")
        table |= dense(name.removesuffix(".weight"), path, bias=False)
    return table


def area_under_curve(scores: Any, positive: np.ndarray) -> float:
    """How often a positive scores higher than a negative; ties count half."""
    scores = np.asarray(scores)
    gaps = scores[positive][:, None] - scores[~positive]
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


def _stated(fixture: Fixture, name: str, value: Any, tolerance: Any) -> Check:
    expected = fixture.outputs[name]
    atol = tolerance["atol"] + tolerance["rtol"] * np.abs(expected)
    return Check(name, value, expected, atol)


PARTS: dict[str, Part] = {"deep_svdd": deep_svdd, "kernel_svdd": kernel_svdd}
