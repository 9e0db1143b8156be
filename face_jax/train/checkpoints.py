"""Checkpoints of a run: separate Orbax items, digests, and the newest intact step.

Items of a step: ``params``, ``model_state``, ``frozen`` (without teachers),
``opt_state``, ``ema`` and ``meta`` (see ``checkpoint_meta.py``). Nothing of the data
stream is stored: it is a function of the step. Orbax does not notice flipped bits, so
each array's digest is stored and compared after reading.
"""

import contextlib
import logging
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from etils import epath
from orbax.checkpoint import checkpoint_managers as policies

from face_jax.train import checkpoint_meta
from face_jax.train.checkpoint_folders import FOLDER, newest_first
from face_jax.train.checkpoint_meta import CorruptCheckpointError, Meta, read_meta
from face_jax.train.differences import differences
from face_jax.train.distributed import everywhere, from_host, is_main_process
from face_jax.train.failures import CheckpointNotWrittenError, first_line
from face_jax.train.state import Guard, TrainState, join_variables
from face_jax.types import PyTree, Variables

log = logging.getLogger("face_jax")

INFERENCE_ITEMS = ("params", "model_state", "frozen", "ema")
ITEMS = (*INFERENCE_ITEMS, "opt_state")
SET_ASIDE = ".corrupt"


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
      verify: compare the digests of arrays that are read.

    Raises:
      OSError: the folder cannot be made.
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
        verify: bool = True,
    ):
        self._config, self._teachers = dict(config), teachers
        self._folder = Path(workdir).absolute() / FOLDER
        self._metric, self._verify = best_metric, verify
        self._manager = _Manager(
            self._folder,
            options=_options(keep_latest, keep_best, best_metric, best_mode),
        )

    def save(self, state: TrainState, figures: Mapping[str, float]) -> None:
        """Starts writing the state; returns before the files are complete.

        Args:
          state: the state; it may be donated as soon as this returns.
          figures: evaluation figures of this step, to rank checkpoints by.

        Raises:
          CheckpointNotWrittenError: this one or the one before cannot be written.
        """
        step = int(state.step)
        if step in self._manager.all_steps():
            return
        items = _items(state, self._teachers)
        meta = checkpoint_meta.make_meta(step, self._config, items)
        saves = {name: ocp.args.PyTreeSave(tree) for name, tree in items.items()}
        value = figures.get(self._metric) if self._metric else None
        with self._writing():
            self._manager.save(
                step,
                args=ocp.args.Composite(meta=ocp.args.JsonSave(meta), **saves),
                metrics=None if value is None else {"value": float(value)},
            )

    def restore_newest(
        self, abstract: TrainState, shardings: TrainState, teachers: Variables
    ) -> TrainState | None:
        """The state of the newest intact checkpoint.

        All processes of a run call this, and take the same one.

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
                aside = self._set_aside(step)
                log.warning("%s; set aside as %s, trying the one before", error, aside)
        if steps or any(self._folder.glob("*" + SET_ASIDE)):
            raise ValueError(
                f"{self._folder}: none of the checkpoints is intact; move the folder "
                "away to begin anew"
            )
        return None

    def wait(self) -> None:
        """Waits until the newest checkpoint is complete.

        Raises:
          CheckpointNotWrittenError: it cannot be written.
        """
        with self._writing():
            self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits until everything is written.

        Raises:
          CheckpointNotWrittenError: the last one cannot be written.
        """
        with self._writing():
            self._manager.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except jax.errors.JaxRuntimeError:
            raise  # another process is gone, or a device: no fault of the folder's
        except Exception as error:
            raise CheckpointNotWrittenError(
                f"{self._folder}: a checkpoint cannot be written ({first_line(error)}); "
                "those before it are as they were"
            ) from error

    def _restore(self, step, abstract, shardings, teachers) -> TrainState:
        folder = self._folder / str(step)
        meta, items = self._read(folder, abstract, shardings)
        if bad := checkpoint_meta.faults(items, meta, self._verify):
            raise CorruptCheckpointError(_differing(folder, bad))
        frozen = {**items["frozen"], **teachers}
        return abstract.replace(
            step=from_host(jnp.int32(meta["step"]), shardings.step),
            guard=from_host(Guard.clear(), shardings.guard),
            **{**items, "frozen": frozen},
        )

    def _read(self, folder, abstract, shardings) -> tuple[Meta, dict[str, PyTree]]:
        """What lies in a folder, where all processes can read it."""
        found, failed = None, None
        try:
            meta = read_meta(folder)
            check_same_model(meta["config"], self._config, folder)
            targets = _items(abstract, self._teachers)
            checkpoint_meta.check_same_arrays(meta, targets, folder)
            places = _items(shardings, self._teachers)
            found = meta, _read_items(folder, ITEMS, _targets(targets, places))
        except CorruptCheckpointError as error:
            failed = error
        if everywhere(found is not None) and found is not None:
            return found
        raise failed or CorruptCheckpointError(
            f"{folder}: another process cannot read it"
        )

    def _set_aside(self, step: int) -> str:
        # Kept for whoever wants to look, and out of the way of the new step.
        name = f"{step}{SET_ASIDE}"
        earlier = len(list(self._folder.glob(f"{step}*{SET_ASIDE}")))
        if earlier:
            name = f"{step}.{earlier + 1}{SET_ASIDE}"
        everywhere(True)  # all have counted
        if is_main_process():
            (self._folder / str(step)).rename(self._folder / name)
        everywhere(True)
        self._manager.reload()
        return name


class _Manager(ocp.CheckpointManager):
    """Orbax's manager, without a question of its own whether to stop.

    JAX counts such questions, and the train loop asks them (``interrupts.py``).
    """

    def reached_preemption(self, step: int) -> bool:
        """Never: whoever saves has been told."""
        del step
        return False


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
    return int(newest_first(Path(workdir).absolute(), None)[0].name)


def stored_config(workdir: str | Path) -> dict[str, Any]:
    """Config of the newest checkpoint whose description can be read.

    Args:
      workdir: folder of a run, or its ``checkpoints`` folder.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: none has a description.
    """
    for folder in newest_first(Path(workdir).absolute(), None):
        try:
            return read_meta(folder)["config"]
        except CorruptCheckpointError as error:
            log.warning("%s; trying the one before", error)
    raise ValueError(f"{workdir}: none of the checkpoints is intact")


def load_variables(
    workdir: str | Path,
    step: int | None = None,
    use_ema: bool = True,
    verify: bool = True,
) -> tuple[Variables, dict[str, Any]]:
    """Variables of all networks in a checkpoint, for inference.

    Args:
      workdir: folder of a run, or its ``checkpoints`` folder.
      step: which checkpoint; the newest intact one by default.
      use_ema: take averaged parameters where the run kept any.
      verify: compare the digests of the arrays with those that were written.

    Returns:
      Network to its variable dictionary, on the default device, and the config that
      the checkpoint was trained with.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: none of the checkpoints is intact.
    """
    for folder in newest_first(Path(workdir).absolute(), step):
        try:
            meta = read_meta(folder)
            items = _read_items(folder, INFERENCE_ITEMS)
            if bad := checkpoint_meta.faults(items, meta, verify):
                raise CorruptCheckpointError(_differing(folder, bad))
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
      system: its name in ``face_jax.systems``; trainings that are named after it, such
        as ``fsrt.distillation``, make models of it.
      needed: networks that the checkpoint must hold.
      step: which checkpoint; the newest intact one by default.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: none is intact, it is of another system, or lacks a network.
    """
    variables, config = load_variables(workdir, step=step)
    found = config["system"]
    if found != system and not found.startswith(f"{system}."):
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
        preservation_policy=policies.AnyPreservationPolicy(rules),
        # What a killed run has left half written would fill the disk in the end.
        cleanup_tmp_directories=True,
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


def _read_items(
    folder: Path,
    names: tuple[str, ...],
    targets: Mapping[str, PyTree] | None = None,
) -> dict[str, PyTree]:
    """Reads items of one checkpoint; nothing in them is compared yet.

    Args:
      folder: the folder of the step.
      names: the items to read.
      targets: item to abstract arrays with shardings, None for one that was empty;
        without it everything is put whole on the default device.

    Returns:
      Item to tree; an item that was empty when written is an empty dict.

    Raises:
      CorruptCheckpointError: files are missing or cannot be read.
    """
    items = {}
    for name in names:
        try:
            items[name] = _read_item(folder / name, targets and targets[name])
        except Exception as error:
            raise CorruptCheckpointError(
                f"{folder}: item {name!r} cannot be read ({first_line(error)})"
            ) from error
    return items


def _read_item(folder: Path, target: PyTree | None) -> PyTree:
    if not folder.exists():
        if target is not None:
            raise FileNotFoundError(f"{folder.name} is missing")
        return {}
    # Not through a Checkpointer: it would wait for other processes, which may fail.
    with contextlib.closing(ocp.PyTreeCheckpointHandler()) as handler:
        if target is None:
            target = _whole(handler.metadata(epath.Path(folder)).tree)
        arguments = ocp.checkpoint_utils.construct_restore_args(target)
        return handler.restore(
            epath.Path(folder),
            args=ocp.args.PyTreeRestore(item=target, restore_args=arguments),
        )


def _whole(metadata: PyTree) -> PyTree:
    """Targets of arrays that are wanted whole on the default device."""
    place = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.tree.map(
        lambda m: jax.ShapeDtypeStruct(m.shape, m.dtype, sharding=place), metadata
    )


def _differing(folder: Path, paths: list[str]) -> str:
    return (
        f"{folder}: {len(paths)} arrays differ from what was written, first {paths[0]}"
    )
