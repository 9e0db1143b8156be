"""Configs with stages: several trainings in order, a later one reading an earlier one.

``config.stages`` has a whole config for each stage and ``config.order`` their names, first
to last (``configs.common.pipeline`` makes such a config).
"""

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from face_jax.cli.config import locate, plain
from face_jax.cli.latents import store_latents
from face_jax.cli.reports import make_reporter
from face_jax.cli.runs import make_trainer, prepare
from face_jax.train.interrupts import asked_to_stop
from face_jax.train.stages import Stage, run_stages

INCIDENTAL = (
    "mesh",
    "loader.num_workers",
    "reports",
    "run.fsdp_min_bytes",
    "run.keep_latest",
    "run.log_every",
    "run.profile_at",
    "run.profile_steps",
    "run.save_every",
    "run.stop_after",
    "run.tensorboard",
    "run.verify_digests",
)
"""Values that a finished stage does not depend on: they may change from start to start."""


def train_stage(config: ConfigDict, folder: Path) -> bool:
    """Trains what the config of a stage describes.

    Args:
      config: a config with the blocks of ``configs/common.py``.
      folder: work directory of the stage.

    Returns:
      Whether its last step is done; False also when a signal came during the last
      evaluation, so that no other stage begins.

    Raises:
      ValueError: the config is not consistent with itself, the devices or the folder.
      FileNotFoundError: what it goes on from does not exist.
    """
    prepare(config)
    with asked_to_stop() as stop:
        state = make_trainer(config, folder).run()
    return int(state.step) >= config.run.steps and not stop()


FINISHED = "finished"
"""Folder of what evaluations of all stages together find."""

STAGE_KINDS: dict[str, Callable[[ConfigDict, Path], bool]] = {
    "train": train_stage,
    "latents": store_latents,
}
"""``kind`` of a stage to what does its work in its folder, and says whether it is done."""


def train_stages(config: ConfigDict, workdir: Path, until: str | None = None) -> bool:
    """Runs the stages of a config in order, without those that are finished.

    Args:
      config: with ``stages`` and ``order``.
      workdir: each stage has the folder ``<workdir>/<name>``.
      until: the last stage that is to be done; None for all of them, and the evaluations
        of all together.

    Returns:
      Whether these are finished, and reported on; False when a run was asked to stop.

    Raises:
      ValueError: the config is not consistent with itself, or with what is finished, or
        has no such stage.
    """
    report = make_reporter(config.reports.tasks, workdir)
    stages = make_stages(config, workdir)
    if not run_stages(stages[: _number_of(stages, until)], workdir):
        return False
    if report is not None and until is None:
        report(FINISHED)
    return True


def _number_of(stages: Sequence[Stage], last: str | None) -> int:
    """How many stages there are up to the last one that is to be done."""
    names = [stage.name for stage in stages]
    if last is None:
        return len(names)
    if last not in names:
        raise ValueError(f"--until: expected one of {names}, got {last!r}")
    return names.index(last) + 1


def make_stages(config: ConfigDict, workdir: Path) -> list[Stage]:
    """The stages of a config, first to last; nothing is written yet.

    Args:
      config: with ``stages`` and ``order``.
      workdir: folder of all stages.

    Returns:
      The stages; in their configs stand the folders of the stages that they use.

    Raises:
      ValueError: ``order`` does not name each stage once; a stage uses one that is not
        before it, or for a key that it does not have; its kind is unknown.
    """
    _check_order(config)
    stages = []
    for position, name in enumerate(config.order):
        stage = config.stages[name]
        kind = stage.kind
        if kind not in STAGE_KINDS:
            raise ValueError(
                f"stages.{name}.kind: expected one of {sorted(STAGE_KINDS)}, got {kind!r}"
            )
        complete = _with_folders(stage, name, config.order[:position], workdir)
        run = functools.partial(STAGE_KINDS[kind], complete)
        stages.append(Stage(name, _settings(stage), run))
    return stages


def _check_order(config: ConfigDict) -> None:
    order, known = tuple(config.order), sorted(config.stages)
    if sorted(order) != known:
        raise ValueError(
            f"config.order: expected each of the stages {known} once, got {list(order)}"
        )


def _with_folders(
    config: ConfigDict, name: str, earlier: tuple[str, ...], workdir: Path
) -> ConfigDict:
    """The config of a stage with the folders of earlier ones, where it uses them."""
    config = config.copy_and_resolve_references()
    for key, other in _flat(config.uses):
        source = f"stages.{name}.uses.{key}"
        if other.partition("/")[0] not in earlier:
            raise ValueError(
                f"{source}: expected a stage before {name!r}, one of {list(earlier)}, "
                f"got {other!r}"
            )
        _put(config, key, str(workdir / other), source)
    return config


def _put(config: ConfigDict, key: str, folder: str, source: str) -> None:
    block, last = locate(config, key, source)
    try:
        with block.unlocked():
            block[last] = folder
    except TypeError as error:
        raise ValueError(f"{source}: {key} takes no folder: {error}") from error


def _flat(block: Any, parents: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for key, value in block.items():
        if isinstance(value, ConfigDict):
            yield from _flat(value, (*parents, key))
        else:
            yield ".".join((*parents, key)), value


def _settings(config: ConfigDict) -> dict[str, Any]:
    """What the result of a stage depends on; other stages by name, not by folder."""
    return without(plain(config), INCIDENTAL)


def without(settings: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """A copy of nested settings that lacks some, which are named by dotted keys."""
    left = copy.deepcopy(dict(settings))
    for key in keys:
        *parents, last = key.split(".")
        block = functools.reduce(lambda b, p: b.get(p, {}), parents, left)
        block.pop(last, None)
    return left
