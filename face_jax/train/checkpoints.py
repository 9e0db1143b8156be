"""Checkpoints of a run: separate Orbax items, digests, and the newest intact step.

Items of a step: ``params``, ``model_state``, ``frozen`` (without teachers),
``opt_state``, ``ema`` and ``meta`` (config, networks, digests). Nothing of the data
stream is stored: it is a function of the step. Orbax does not notice flipped bits, so
each array's digest is stored and compared after reading.
"""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from etils import epath
from orbax.checkpoint import checkpoint_managers as policies

from face_jax.train.differences import differences
from face_jax.train.digests import corrupted, digests
from face_jax.train.distributed import from_host
from face_jax.train.state import Guard, TrainState, join_variables
from face_jax.types import PyTree, Variables

log = logging.getLogger("face_jax")

INFERENCE_ITEMS = ("params", "model_state", "frozen", "ema")
ITEMS = (*INFERENCE_ITEMS, "opt_state")
FOLDER = "checkpoints"


class CorruptCheckpointError(ValueError):
    """A checkpoint's arrays are not those that were written."""


class Checkpoints:
    """Writes the checkpoints of a run and finds the one to go on from.

    Args:
      workdir: folder of the run; checkpoints lie in ``checkpoints/<step>``.
      config: the resolved config, stored in each checkpoint.
      teachers: frozen networks that are left out.
      keep_latest: newest steps to keep.
      keep_best: best steps to keep besides, by ``best_metric``.
      best_metric: name of an evaluation figure, or None.
      best_mode: ``"max"`` or ``"min"``.
    """

    def __init__(
        self,
        workdir: Path,
        config: Mapping[str, Any],
        teachers: tuple[str, ...] = (),
        keep_latest: int = 2,
        keep_best: int = 1,
        best_metric: str | None = None,
        best_mode: str = "max",
    ):
        self._config, self._teachers = dict(config), teachers
        self._folder = Path(workdir).absolute() / FOLDER
        self._metric = best_metric
        self._manager = ocp.CheckpointManager(
            self._folder,
            options=_options(keep_latest, keep_best, best_metric, best_mode),
        )

    def save(self, state: TrainState, figures: Mapping[str, float]) -> None:
        """Starts writing the state; returns before the files are complete.

        Args:
          state: the state; it may be donated as soon as this returns.
          figures: evaluation figures of this step, to rank checkpoints by.
        """
        step = int(state.step)
        if step in self._manager.all_steps():
            return
        items = _items(state, self._teachers)
        meta = {"config": self._config, "step": step, "digests": digests(items)}
        saves = {name: ocp.args.PyTreeSave(tree) for name, tree in items.items()}
        value = figures.get(self._metric) if self._metric else None
        self._manager.save(
            step,
            args=ocp.args.Composite(meta=ocp.args.JsonSave(meta), **saves),
            metrics=None if value is None else {"value": float(value)},
        )

    def restore_newest(
        self, abstract: TrainState, shardings: TrainState, teachers: Variables
    ) -> TrainState | None:
        """The state of the newest intact checkpoint.

        Args:
          abstract: shapes and types of the state.
          shardings: where each array shall live; any mesh will do.
          teachers: variables of the networks that checkpoints leave out.

        Returns:
          The state, or None when there is no checkpoint.

        Raises:
          ValueError: there are checkpoints and none of them is intact, or they belong
            to another model.
        """
        steps = sorted(self._manager.all_steps(), reverse=True)
        for step in steps:
            try:
                return self._restore(step, abstract, shardings, teachers)
            except CorruptCheckpointError as error:
                log.warning("%s; trying the one before", error)
                self._set_aside(step)
        if steps:
            raise ValueError(f"{self._folder}: none of the checkpoints is intact")
        return None

    def close(self) -> None:
        """Waits until everything is written."""
        self._manager.close()

    def _restore(self, step, abstract, shardings, teachers) -> TrainState:
        folder = self._folder / str(step)
        meta = _read_meta(folder)
        check_same_model(meta["config"], self._config, folder)
        targets = _items(abstract, self._teachers)
        places = _items(shardings, self._teachers)
        items = read_items(folder, _targets(targets, places), meta["digests"])
        frozen = {**items["frozen"], **teachers}
        return abstract.replace(
            step=from_host(jnp.int32(meta["step"]), shardings.step),
            guard=from_host(Guard.clear(), shardings.guard),
            **{**items, "frozen": frozen},
        )

    def _set_aside(self, step: int) -> None:
        # Kept for whoever wants to look, and out of the way of the new step.
        if jax.process_index() == 0:
            source = self._folder / str(step)
            source.rename(self._folder / f"{step}.corrupt")
        self._manager.reload()


def save_variables(
    workdir: Path, variables: Variables, config: Mapping[str, Any]
) -> None:
    """Writes variables that no training has made as the checkpoint of step 0.

    Args:
      workdir: folder for it, as of a run.
      variables: by network.
      config: what ``load_variables`` will return beside them.
    """
    params = {name: tree["params"] for name, tree in variables.items()}
    others = {
        name: {key: leaf for key, leaf in tree.items() if key != "params"}
        for name, tree in variables.items()
    }
    state = TrainState(
        step=jnp.int32(0),
        params=params,
        model_state={name: tree for name, tree in others.items() if tree},
        frozen={},
        opt_state={},
        ema={},
        guard=Guard.clear(),
    )
    checkpoints = Checkpoints(workdir, config)
    checkpoints.save(jax.device_put(state), {})
    checkpoints.close()


def newest_step(workdir: str | Path) -> int:
    """Step of the newest checkpoint in a run's folder, intact or not.

    Raises:
      FileNotFoundError: there is none.
    """
    return int(_candidates(Path(workdir).absolute(), None)[0].name)


def stored_config(workdir: str | Path) -> dict[str, Any]:
    """Config of the newest checkpoint whose description can be read.

    Args:
      workdir: folder of a run, or its ``checkpoints`` folder.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: none has a description.
    """
    for folder in _candidates(Path(workdir).absolute(), None):
        try:
            return _read_meta(folder)["config"]
        except CorruptCheckpointError as error:
            log.warning("%s; trying the one before", error)
    raise ValueError(f"{workdir}: none of the checkpoints is intact")


def load_variables(
    workdir: str | Path, step: int | None = None, use_ema: bool = True
) -> tuple[Variables, dict[str, Any]]:
    """Variables of all networks in a checkpoint, for inference.

    Args:
      workdir: folder of a run, or its ``checkpoints`` folder.
      step: which checkpoint; the newest intact one by default.
      use_ema: take averaged parameters where the run kept any.

    Returns:
      Network to its variable dictionary, on the default device, and the config that
      the checkpoint was trained with.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: none of the checkpoints is intact.
    """
    for folder in _candidates(Path(workdir).absolute(), step):
        try:
            meta = _read_meta(folder)
            items = read_items(folder, None, meta["digests"], INFERENCE_ITEMS)
        except CorruptCheckpointError as error:
            log.warning("%s; trying the one before", error)
            continue
        ema = items.get("ema") or {}
        params = {**items["params"], **(ema if use_ema else {})}
        variables = join_variables(params, items["model_state"], items["frozen"])
        return variables, meta["config"]
    raise ValueError(f"{workdir}: none of the checkpoints is intact")


def load_system(
    workdir: str | Path, system: str, needed: Collection[str], step: int | None = None
) -> tuple[Variables, dict[str, Any]]:
    """As ``load_variables``, of a run of one system.

    Args:
      workdir: folder of a run, or its ``checkpoints`` folder.
      system: its name in ``face_jax.systems``.
      needed: networks that the checkpoint must hold.
      step: which checkpoint; the newest intact one by default.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: none is intact, it is of another system, or lacks a network.
    """
    variables, config = load_variables(workdir, step=step)
    if config["system"] != system:
        found = config["system"]
        raise ValueError(f"{workdir}: a checkpoint of {system} expected, got {found!r}")
    missing = [name for name in needed if name not in variables]
    if missing:
        raise ValueError(f"{workdir}: the checkpoint lacks {', '.join(missing)}")
    return variables, config


def load_network(workdir: str | Path, name: str) -> dict[str, Any]:
    """Variables of one network in a checkpoint, on the host.

    Args:
      workdir: folder of a run or of ``face-jax convert``.
      name: of the network.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: none is intact, or it lacks the network.
    """
    variables, _ = load_variables(workdir)
    if name not in variables:
        known = ", ".join(sorted(variables))
        raise ValueError(
            f"{workdir}: expected a checkpoint with {name}, it has {known}"
        )
    return jax.device_get(variables[name])


def read_items(
    folder: Path,
    targets: Mapping[str, PyTree] | None,
    expected: Mapping[str, int],
    names: tuple[str, ...] = ITEMS,
) -> dict[str, PyTree]:
    """Reads items of one checkpoint and compares their digests.

    Args:
      folder: the folder of the step.
      targets: item to abstract arrays with shardings; None puts everything whole on
        the default device.
      expected: digest of each array, by path.
      names: the items to read.

    Returns:
      Item to tree; an item that was empty when written is an empty dict.

    Raises:
      CorruptCheckpointError: files are missing or arrays differ from what was written.
    """
    items = {}
    for name in names:
        try:
            items[name] = _read_item(folder / name, targets and targets[name])
        except Exception as error:
            raise CorruptCheckpointError(
                f"{folder}: item {name!r} cannot be read ({_first_line(error)})"
            ) from error
    if bad := corrupted(items, expected):
        raise CorruptCheckpointError(
            f"{folder}: {len(bad)} arrays differ from what was written, first {bad[0]}"
        )
    return items


def check_same_model(
    stored: Mapping[str, Any], given: Mapping[str, Any], folder: Path
) -> None:
    """Refuses a checkpoint of another system or of other networks.

    Args:
      stored: the config in the checkpoint.
      given: the config of this run.
      folder: the checkpoint, for the message.

    Raises:
      ValueError: names the first key that differs.
    """
    for path, was, now in differences(_identity(stored), _identity(given)):
        raise ValueError(
            f"{folder} belongs to another config: {path} was {was!r} there and is "
            f"{now!r} now; choose another --workdir or the old value"
        )


def _identity(config: Mapping[str, Any]) -> dict[str, Any]:
    networks = config["task"].get("networks", {})  # not every system names any
    return {"system": config["system"], "task": {"networks": networks}}


def _options(keep_latest, keep_best, best_metric, best_mode):
    if best_mode not in ("max", "min"):
        raise ValueError(
            f"checkpoint.best_mode: expected 'max' or 'min', got {best_mode!r}"
        )
    rules: list[Any] = [policies.LatestN(keep_latest)]
    if best_metric:
        rules.append(
            policies.BestN(
                get_metric_fn=lambda figures: figures["value"],
                reverse=best_mode == "min",
                n=keep_best,
                keep_checkpoints_without_metrics=False,
            )
        )
    return ocp.CheckpointManagerOptions(
        preservation_policy=policies.AnyPreservationPolicy(rules)
    )


def _items(state: TrainState, teachers: tuple[str, ...]) -> dict[str, PyTree]:
    items = {name: getattr(state, name) for name in ITEMS}
    frozen = {n: v for n, v in items["frozen"].items() if n not in teachers}
    # Orbax refuses empty trees: an empty item is simply not there.
    return {n: t for n, t in {**items, "frozen": frozen}.items() if jax.tree.leaves(t)}


def _targets(items: Mapping[str, PyTree], places: Mapping[str, PyTree]):
    def target(leaf, place):
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place)

    return {
        name: jax.tree.map(target, items[name], places[name]) if name in items else None
        for name in ITEMS
    }


def _read_item(folder: Path, target: PyTree | None) -> PyTree:
    if not folder.exists():
        if target is not None:
            raise FileNotFoundError(f"{folder.name} is missing")
        return {}
    handler = ocp.PyTreeCheckpointHandler()
    with ocp.Checkpointer(handler) as reader:
        if target is None:
            place = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
            # Asked of the handler: an item alone has none of the metadata that the
            # reader would look for, and warn about.
            target = jax.tree.map(
                lambda m: jax.ShapeDtypeStruct(m.shape, m.dtype, sharding=place),
                handler.metadata(epath.Path(folder)).tree,
            )
        arguments = ocp.checkpoint_utils.construct_restore_args(target)
        return reader.restore(
            folder, args=ocp.args.PyTreeRestore(item=target, restore_args=arguments)
        )


def _read_meta(folder: Path) -> dict[str, Any]:
    try:
        with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as reader:
            return reader.restore(folder / "meta", args=ocp.args.JsonRestore())
    except Exception as error:
        raise CorruptCheckpointError(
            f"{folder}: meta cannot be read ({_first_line(error)})"
        ) from error


def _candidates(workdir: Path, step: int | None) -> list[Path]:
    root = workdir if workdir.name == FOLDER else workdir / FOLDER
    found = [p for p in root.glob("*") if p.name.isdigit()] if root.is_dir() else []
    if step is not None:
        found = [p for p in found if int(p.name) == step]
    if not found:
        wanted = "no checkpoint" if step is None else f"no checkpoint of step {step}"
        raise FileNotFoundError(f"{workdir}: {wanted} (expected {root}/<step>)")
    return sorted(found, key=lambda p: int(p.name), reverse=True)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
