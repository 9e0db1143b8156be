"""Named optimizers and learning-rate schedules as functions of the global step."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from face_jax.types import Array, PyTree

Schedule = Callable[[Any], Any]


def _warmup_exponential(
    peak: float, warmup_steps: int, decay_rate: float, decay_steps: int
) -> Schedule:
    # optax's schedule of this name loses four digits of the first rates in float32.
    def rate(step: Any) -> Array:
        step = jnp.asarray(step, jnp.float32)
        warm = peak * (step / max(warmup_steps, 1))
        decayed = peak * decay_rate ** ((step - warmup_steps) / decay_steps)
        return jnp.where(step < warmup_steps, warm, decayed)

    return rate


def _warmup_cosine(
    peak: float, warmup_steps: int, decay_steps: int, end: float = 0.0
) -> Schedule:
    if decay_steps <= warmup_steps:
        raise ValueError(
            f"learning-rate schedule 'warmup_cosine': decay_steps = {decay_steps} "
            f"(the length of the run) must exceed warmup_steps = {warmup_steps}"
        )
    return optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=peak,
        warmup_steps=warmup_steps,
        decay_steps=decay_steps,
        end_value=end,
    )


def _constant(peak: float) -> Schedule:
    return optax.constant_schedule(peak)


def _steps(peak: float, boundaries: Sequence[int], factor: float) -> Schedule:
    rates = np.float32(peak * np.power(float(factor), range(len(boundaries) + 1)))

    def rate(step: Any) -> Array:
        passed = jnp.sum(jnp.asarray(step) >= jnp.asarray(boundaries, jnp.int32))
        return jnp.asarray(rates)[passed]

    return rate


def _constant_then_linear(
    peak: float, constant_steps: int, decay_steps: int
) -> Schedule:
    if decay_steps <= 0:
        raise ValueError(
            "learning-rate schedule 'constant_then_linear': decay_steps must be "
            f"positive, got {decay_steps}"
        )

    def rate(step: Any) -> Array:
        decayed = (jnp.asarray(step) - constant_steps) / decay_steps
        return peak * (1.0 - jnp.clip(decayed, 0.0, 1.0))

    return rate


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": _constant,
    "constant_then_linear": _constant_then_linear,
    "steps": _steps,
    "warmup_exponential": _warmup_exponential,
    "warmup_cosine": _warmup_cosine,
}


def _adam(weight_decay: float = 0.0, **settings: Any):
    adam = optax.scale_by_adam(**settings)
    if not weight_decay:
        return adam
    return optax.chain(optax.add_decayed_weights(weight_decay), adam)


def _adamw(weight_decay: float, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8):
    return optax.chain(
        optax.scale_by_adam(b1=b1, b2=b2, eps=eps),
        optax.add_decayed_weights(weight_decay, mask=_without_vectors),
    )


def _without_vectors(params: PyTree) -> PyTree:
    return jax.tree.map(lambda array: array.ndim > 1, params)


def _sgd(momentum: float = 0.0, weight_decay: float = 0.0):
    if not momentum and not weight_decay:
        return optax.identity()
    return optax.chain(
        optax.add_decayed_weights(weight_decay), optax.trace(decay=momentum)
    )


def _muon(
    beta: float = 0.95,
    b1: float = 0.9,
    b2: float = 0.999,
    rms: float = 0.2,
    iterations: int = 5,
    convolutions: bool = False,
    without: Sequence[str] = (),
):
    muon = optax.contrib.muon(
        learning_rate=1.0,
        ns_steps=iterations,
        beta=beta,
        adam_b1=b1,
        adam_b2=b2,
        consistent_rms=rms,
        muon_weight_dimension_numbers=functools.partial(
            _matrices, convolutions=convolutions, without=without
        ),
    )
    return optax.chain(muon, optax.scale(-1.0))


def _matrices(params: PyTree, convolutions: bool, without: Sequence[str]) -> PyTree:
    """Which axes make each array a matrix, None for those that are none.

    With ``convolutions`` kernels [h, w, in, out] are matrices too, but for depthwise ones
    [h, w, 1, out]; what belongs to a layer named in ``without`` is none.
    """
    dimensions = optax.contrib.MuonDimensionNumbers

    def axes(path: Any, array: Array) -> Any:
        if any(getattr(key, "key", None) in without for key in path):
            return None
        if convolutions and array.ndim == 4 and array.shape[2] > 1:
            return dimensions((0, 1, 2), 3)
        return dimensions() if array.ndim == 2 else None

    return jax.tree_util.tree_map_with_path(axes, params)


OPTIMIZERS: dict[str, Callable[..., optax.GradientTransformation]] = {
    "adam": _adam,
    "adamw": _adamw,
    "muon": _muon,
    "sgd": _sgd,
}


def schedule(settings: Mapping[str, Any]) -> Schedule:
    """Learning rate as a function of the global step.

    Args:
      settings: ``name`` and the keywords of that schedule. ``constant(peak)``;
        ``constant_then_linear(peak, constant_steps, decay_steps)``: constant, then
        linear to 0 at ``constant_steps + decay_steps``; ``steps(peak, boundaries,
        factor)``: times ``factor`` from each of the steps ``boundaries`` on;
        ``warmup_exponential(peak, warmup_steps, decay_rate, decay_steps)``: linear
        from 0, then ``peak * decay_rate ** ((step - warmup_steps) / decay_steps)``;
        ``warmup_cosine(peak, warmup_steps, decay_steps, end)``, ``decay_steps``
        counted from step 0.

    Returns:
      A function from step to learning rate.

    Raises:
      ValueError: the name is unknown, or a keyword is missing or unknown.
    """
    return _build(SCHEDULES, "learning-rate schedule", settings)


def optimizer(settings: Mapping[str, Any]) -> optax.GradientTransformation:
    """An optimizer without learning rate: it turns a gradient into a direction.

    Args:
      settings: ``name`` and keywords. ``adam``: those of ``optax.scale_by_adam``, for
        example ``b1``, ``b2``, ``eps``, and ``weight_decay``, the share of a parameter
        that is added to its gradient. ``adamw(weight_decay, b1, b2, eps)``: this share
        is added to the direction, and nothing for arrays with less than two axes (biases,
        norms). ``sgd(momentum, weight_decay)``: ``weight_decay`` as for ``adam``, then
        ``trace = momentum * trace + gradient``, as PyTorch without dampening.
        ``muon(beta, b1, b2, rms, iterations, convolutions, without)``: matrices, and
        with ``convolutions`` kernels that mix channels, move along their orthogonalised
        momentum with a root mean square of ``rms``, about that of Adam's steps, everything
        else by Adam (b1, b2), as do the layers named in ``without``, for example
        ``("head",)``. Fewer ``iterations`` of Newton and Schulz leave the weakest
        directions of the momentum weaker than the others.

    Returns:
      The gradient transformation.

    Raises:
      ValueError: the name is unknown, or a keyword is.
    """
    return _build(OPTIMIZERS, "optimizer", settings)


def _build(table: Mapping[str, Callable], what: str, settings: Mapping[str, Any]):
    arguments = dict(settings)
    name = arguments.pop("name", None)
    if name not in table:
        raise ValueError(f"{what}: expected one of {sorted(table)}, got {name!r}")
    try:
        return table[name](**arguments)
    except TypeError as error:
        raise ValueError(f"{what} {name!r}: {error}") from error
