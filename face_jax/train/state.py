"""The training state: one pytree, created already sharded."""

from collections.abc import Mapping
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from face_jax.train.differences import differences
from face_jax.train.distributed import from_host, to_host
from face_jax.train.task import Task, zeros_like_spec
from face_jax.types import Array, PyTree, Variables


class Guard(flax.struct.PyTreeNode):
    """Memory of the first iteration with a value that was not finite.

    Attributes:
      step: int32 [], that iteration, or -1 while all is well.
      term: int32 [], position of the first bad metric among the step's metrics in
        the order of ``step.guarded_terms``, or -1.
    """

    step: Array
    term: Array

    @classmethod
    def clear(cls) -> "Guard":
        """A guard that has seen nothing."""
        return cls(step=jnp.int32(-1), term=jnp.int32(-1))


class TrainState(flax.struct.PyTreeNode):
    """Everything that an iteration reads and writes.

    Attributes:
      step: int32 [], iterations done.
      params: trained network to its parameters.
      model_state: trained network to its other collections (batch statistics).
      frozen: network that is not trained to its whole variable dictionary.
      opt_state: trained network to its optimizer state.
      ema: exponential moving average of ``params``, or empty.
      guard: the first non-finite iteration.
    """

    step: Array
    params: Mapping[str, PyTree]
    model_state: Mapping[str, PyTree]
    frozen: Mapping[str, PyTree]
    opt_state: Mapping[str, PyTree]
    ema: Mapping[str, PyTree]
    guard: Guard

    def variables(self, use_ema: bool = False) -> Variables:
        """Linen variable dictionaries of all networks.

        Args:
          use_ema: take averaged parameters where there are any.

        Returns:
          Network to ``{"params": ..., other collections}``.
        """
        params = {**self.params, **(self.ema if use_ema else {})}
        return join_variables(params, self.model_state, self.frozen)


def join_variables(
    params: Mapping[str, PyTree],
    model_state: Mapping[str, PyTree],
    frozen: Mapping[str, PyTree],
) -> Variables:
    """Linen variable dictionaries from the three parts of a state."""
    trained = {
        name: {"params": tree, **model_state.get(name, {})}
        for name, tree in params.items()
    }
    return {**trained, **frozen}


def initial_state(task: Task, key: Array, batch: Any, with_ema: bool) -> TrainState:
    """State at step 0, with random values in the frozen networks too.

    Args:
      task: the system.
      key: random key of the initialisation.
      batch: arrays of one batch, only their shapes matter.
      with_ema: keep an average of the trained parameters.

    Returns:
      The state; pure, to be called under jit with output shardings.

    Raises:
      ValueError: the task names an optimizer for a network that it does not have.
    """
    variables = task.init(key, batch)
    optimizers = task.optimizers()
    if unknown := sorted(set(optimizers) - set(variables)):
        raise ValueError(
            f"{type(task).__name__}.optimizers: networks {unknown} are not among "
            f"those of init, {sorted(variables)}"
        )
    params = {name: variables[name]["params"] for name in optimizers}
    model_state = {name: _without_params(variables[name]) for name in optimizers}
    return TrainState(
        step=jnp.int32(0),
        params=params,
        model_state={name: tree for name, tree in model_state.items() if tree},
        frozen={n: dict(v) for n, v in variables.items() if n not in optimizers},
        opt_state={name: tx.init(params[name]) for name, tx in optimizers.items()},
        ema=jax.tree.map(jnp.copy, params) if with_ema else {},
        guard=Guard.clear(),
    )


def abstract_state(
    task: Task, spec: Mapping[str, jax.ShapeDtypeStruct], with_ema: bool
) -> TrainState:
    """Shapes and types of the state, without computing anything."""
    return jax.eval_shape(
        lambda key: initial_state(task, key, zeros_like_spec(spec), with_ema),
        jax.random.key(0),
    )


def create_state(
    task: Task,
    key: Array,
    spec: Mapping[str, jax.ShapeDtypeStruct],
    with_ema: bool,
    shardings: TrainState,
) -> TrainState:
    """The state at step 0, each array born on the devices that keep it.

    Args:
      task: the system.
      key: random key of the initialisation.
      spec: shapes and types of a batch.
      with_ema: keep an average of the trained parameters.
      shardings: a sharding for every leaf of the state.

    Returns:
      The state, with the task's pretrained variables in place.
    """
    state = random_state(task, key, spec, with_ema, shardings)
    return install_pretrained(state, task.pretrained(), shardings)


def random_state(
    task: Task,
    key: Array,
    spec: Mapping[str, jax.ShapeDtypeStruct],
    with_ema: bool,
    shardings: TrainState,
) -> TrainState:
    """As ``create_state``, with random values in the place of pretrained variables."""
    # It runs once: on CPUs optimising it takes three times as long as all the rest.
    on_cpu = jax.default_backend() == "cpu"
    init = jax.jit(
        lambda k: initial_state(task, k, zeros_like_spec(spec), with_ema),
        out_shardings=shardings,
        compiler_options={"xla_backend_optimization_level": 0} if on_cpu else None,
    )
    return init(key)


def install_pretrained(
    state: TrainState,
    pretrained: Mapping[str, Mapping[str, Any]],
    shardings: TrainState,
) -> TrainState:
    """Puts variables from the user's files into a state.

    Args:
      state: the state to change.
      pretrained: network to host arrays of its variables; ``network/module`` for one
        module of a trained network, whose others keep what they have.
      shardings: a sharding for every leaf of the state.

    Returns:
      The state with those networks replaced.

    Raises:
      ValueError: a network is unknown, or a tree or shape differs.
    """
    params, frozen = dict(state.params), dict(state.frozen)
    model_state, ema = dict(state.model_state), dict(state.ema)
    for place, variables in pretrained.items():
        name, _, module = place.partition("/")
        if place in frozen:
            check_same_shapes(f"pretrained {name}", frozen[name], variables)
            frozen[name] = from_host(dict(variables), shardings.frozen[name])
            continue
        given = _around(module, params.get(name), variables["params"])
        check_same_shapes(f"pretrained {place}", params.get(name), given)
        params[name] = from_host(given, shardings.params[name])
        if name in ema:
            ema[name] = from_host(given, shardings.ema[name])
        if name in model_state:
            rest = {
                collection: _around(module, model_state[name].get(collection), tree)
                for collection, tree in _without_params(variables).items()
            }
            rest = {**model_state[name], **rest} if module else rest
            check_same_shapes(f"pretrained {place}", model_state[name], rest)
            model_state[name] = from_host(rest, shardings.model_state[name])
    return state.replace(params=params, frozen=frozen, model_state=model_state, ema=ema)


def _around(module: str, before: PyTree, given: PyTree) -> PyTree:
    """A network's tree with a module's part replaced; all of it where none is named."""
    if not module:
        return given
    return {**to_host(before or {}), module: given}


def replace_variables(
    state: TrainState, changes: Variables, shardings: TrainState, source: str
) -> TrainState:
    """Puts other values in the place of variables that no optimizer moves.

    Args:
      state: the state to change.
      changes: network to its new collections, numpy or jax arrays. Of a frozen network
        any collection can be given, of a trained one any but ``params``; those that are
        not given stay.
      shardings: a sharding for every leaf of the state.
      source: where the changes come from, for messages.

    Returns:
      The state with these collections replaced, in the types that they had.

    Raises:
      ValueError: a network or a collection is none that may change, or a tree or shape
        differs.
    """
    parts = {part: dict(getattr(state, part)) for part in ("frozen", "model_state")}
    for name, collections in changes.items():
        part = "frozen" if name in state.frozen else "model_state"
        before, places = parts[part].get(name, {}), getattr(shardings, part)
        for collection, tree in collections.items():
            what = f"{source}: {collection} of {name}"
            if collection not in before:
                raise ValueError(f"{what}: no collection that it may change")
            check_same_shapes(what, before[collection], tree)
        kept = {c: before[c] for c in collections}
        new = jax.tree.map(lambda a, b: a.astype(b.dtype), to_host(collections), kept)
        place = {c: places[name][c] for c in collections}
        parts[part][name] = {**before, **from_host(new, place)}
    return state.replace(**parts)


def check_same_shapes(what: str, expected: PyTree, given: PyTree) -> None:
    """Refuses variables of another size.

    Args:
      what: what to call them in an error.
      expected: nested dictionaries of arrays or shape structs.
      given: likewise, or None.

    Raises:
      ValueError: names the first array of which there is none, or of another shape.
    """
    want, have = (jax.tree.map(jnp.shape, tree) for tree in (expected, given))
    for path, wanted, found in differences(want, have):
        raise ValueError(
            f"{what} does not fit this model: {path or 'the network'} is "
            f"{_shape_words(found)}, expected {_shape_words(wanted)}"
        )


def _without_params(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tree for name, tree in variables.items() if name != "params"}


def _shape_words(shape: Any) -> str:
    if isinstance(shape, tuple):
        return f"of shape {list(shape)}"
    return "absent" if shape is None else "a group of arrays"
