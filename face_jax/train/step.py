"""One training iteration as a pure function, and its compilation."""

import dataclasses
from collections.abc import Iterable, Mapping

import jax
import jax.numpy as jnp
import optax

from face_jax.train.state import Guard, TrainState, join_variables
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, PyTree

Metrics = dict[str, Array]


@dataclasses.dataclass(frozen=True)
class StepOptions:
    """What a run adds to the task's own definition of an iteration.

    Attributes:
      accumulation: micro-batches whose gradients are averaged before an update.
      clip_norm: largest global norm of an update's gradient, or None.
      ema_decay: decay of the parameter average per iteration, or None.
    """

    accumulation: int = 1
    clip_norm: float | None = None
    ema_decay: float | None = None


def train_step(
    task: Task,
    phase: Phase,
    options: StepOptions,
    state: TrainState,
    batch: Batch,
    key: Array,
) -> tuple[TrainState, Metrics]:
    """Runs the updates of one iteration in order.

    Args:
      task: the system.
      phase: the phase of this iteration.
      options: accumulation, clipping and averaging.
      state: the state before.
      batch: the global batch.
      key: the key of the run; the iteration's own key is folded in from ``step``.

    Returns:
      The state after, or the state before with ``guard`` set where a value was not
      finite; and the metrics, scalars prefixed by the update's name.
    """
    key = jax.random.fold_in(key, state.step)
    learning_rates = task.learning_rates(state.step)
    new, metrics = state, Metrics()
    carry: dict[str, PyTree] = {}
    for index, update in enumerate(task.updates(phase)):
        gradients, loss, aux = update_gradients(
            update, new, batch, jax.random.fold_in(key, index), carry, options
        )
        new, norms = _apply(task, update, new, gradients, learning_rates, options)
        new = new.replace(model_state={**new.model_state, **aux.model_state})
        carry = {**carry, **aux.carry}
        named = {**aux.metrics, "loss": loss, **norms}
        metrics |= {f"{update.name}/{name}": value for name, value in named.items()}
    if options.ema_decay is not None:
        new = new.replace(ema=_average(state.ema, new.params, options.ema_decay))
    terms = [metrics[name] for name in guarded_terms(task, phase, metrics)]
    return _guarded(state, new.replace(step=state.step + 1), terms), metrics


def update_gradients(
    update: Update,
    state: TrainState,
    batch: Batch,
    key: Array,
    carry: Mapping[str, PyTree],
    options: StepOptions = StepOptions(),
) -> tuple[dict[str, PyTree], Array, Aux]:
    """Gradients of one update, averaged over the micro-batches.

    Args:
      update: the update.
      state: the state; networks outside ``update.trains`` are constants.
      batch: the global batch.
      key: random key of this update.
      carry: arrays that earlier updates of this iteration left, [B, ...].
      options: only ``accumulation`` is used.

    Returns:
      Network to gradients, the loss, and the loss's ``Aux``.
    """
    moving = {name: state.params[name] for name in update.trains}

    def loss_fn(moving, model_state, batch, key, carry):
        params = {**state.params, **moving}
        variables = join_variables(params, model_state, state.frozen)
        loss, aux = update.loss(variables, batch, key, carry)
        return loss, aux.replace(carry=jax.lax.stop_gradient(aux.carry))

    gradient_fn = jax.value_and_grad(loss_fn, has_aux=True)
    if options.accumulation == 1:
        (loss, aux), gradients = gradient_fn(
            moving, state.model_state, batch, key, carry
        )
        return gradients, loss, aux
    return _accumulate(
        gradient_fn, moving, state.model_state, batch, key, carry, options.accumulation
    )


def compile_step(
    task: Task,
    phase: Phase,
    options: StepOptions,
    state_shardings: TrainState,
    batch_shardings: PyTree,
    metric_sharding: jax.sharding.Sharding,
) -> jax.stages.Wrapped:
    """The jitted iteration of one phase; its state argument is donated."""

    def step(state: TrainState, batch: Batch, key: Array):
        return train_step(task, phase, options, state, batch, key)

    return jax.jit(
        step,
        in_shardings=(state_shardings, batch_shardings, metric_sharding),
        out_shardings=(state_shardings, metric_sharding),
        donate_argnums=0,
    )


def guarded_terms(task: Task, phase: Phase, metric_names: Iterable[str]) -> list[str]:
    """The order in which the guard looks at metrics.

    Updates come in the order in which they run, and within an update its loss terms
    come before what is computed from them, so that the first bad term is the cause.
    """
    updates = [update.name for update in task.updates(phase)]
    last = ("loss", "gradient_norm", "parameter_norm", "update_norm", "learning_rate")

    def rank(metric: str) -> tuple[int, int, str]:
        update, name = metric.split("/", 1)
        position = last.index(name) + 1 if name in last else 0
        return updates.index(update), position, name

    return sorted(metric_names, key=rank)


def _accumulate(gradient_fn, moving, model_state, batch, key, carry, count):
    def body(sums, inputs):
        model_state, gradients = sums
        index, batch, carry = inputs
        (loss, aux), new = gradient_fn(
            moving, model_state, batch, jax.random.fold_in(key, index), carry
        )
        model_state = {**model_state, **aux.model_state}
        gradients = jax.tree.map(jnp.add, gradients, new)
        return (model_state, gradients), (loss, aux.metrics, aux.carry)

    start = (model_state, jax.tree.map(jnp.zeros_like, moving))
    inputs = (jnp.arange(count), *(_micro_batches(t, count) for t in (batch, carry)))
    (model_state, sums), (losses, metrics, carries) = jax.lax.scan(body, start, inputs)
    gradients, loss = jax.tree.map(lambda g: g / count, sums), losses.mean()
    aux = Aux(
        metrics={name: value.mean() for name, value in metrics.items()},
        model_state=model_state,
        carry=jax.tree.map(_join_micro_batches, carries),
    )
    return gradients, loss, aux


def _micro_batches(tree: PyTree, count: int) -> PyTree:
    # Micro-batch i takes rows i, i + count, ...: each device keeps its own rows.
    def split(x: Array) -> Array:
        return x.reshape(x.shape[0] // count, count, *x.shape[1:]).swapaxes(0, 1)

    return jax.tree.map(split, tree)


def _join_micro_batches(x: Array) -> Array:
    return x.swapaxes(0, 1).reshape(x.shape[0] * x.shape[1], *x.shape[2:])


def _apply(task, update, state, gradients, learning_rates, options):
    norm = optax.tree.norm(gradients)
    if options.clip_norm is not None:
        scale = jnp.minimum(1.0, options.clip_norm / jnp.maximum(norm, 1e-12))
        gradients = jax.tree.map(lambda g: g * scale, gradients)
    params, opt_state = dict(state.params), dict(state.opt_state)
    optimizers = task.optimizers()
    steps = {}
    for name in update.trains:
        direction, opt_state[name] = optimizers[name].update(
            gradients[name], opt_state[name], params[name]
        )
        rate = learning_rates[name]
        steps[name] = jax.tree.map(lambda d, rate=rate: -rate * d, direction)
        params[name] = optax.apply_updates(params[name], steps[name])
    norms = {
        "gradient_norm": norm,
        "update_norm": optax.tree.norm(steps),
        "parameter_norm": optax.tree.norm({n: params[n] for n in update.trains}),
        "learning_rate": jnp.float32(learning_rates[update.trains[0]]),
    }
    return state.replace(params=params, opt_state=opt_state), norms


def _average(ema: PyTree, params: PyTree, decay: float) -> PyTree:
    return jax.tree.map(lambda e, p: decay * e + (1.0 - decay) * p, ema, params)


def _guarded(old: TrainState, new: TrainState, terms: list[Array]) -> TrainState:
    bad = ~jnp.isfinite(jnp.stack(terms))
    stopped = old.guard.step >= 0
    first = jnp.where(stopped, old.guard.term, jnp.argmax(bad).astype(jnp.int32))
    halt = stopped | jnp.any(bad)
    kept = jax.tree.map(lambda n, o: jnp.where(halt, o, n), new, old)
    guard = Guard(
        step=jnp.where(halt & ~stopped, old.step, old.guard.step),
        term=jnp.where(halt, first, old.guard.term),
    )
    return kept.replace(guard=guard)
