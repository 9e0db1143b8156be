"""What every config shares: the blocks of a run, and the parser of variants."""

from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict, config_dict


def variants(argument: str, **known: Any) -> ConfigDict:
    """Reads the text behind the colon of ``--config file.py:smoke,size=128``.

    Args:
      argument: comma-separated names; ``name`` alone means True, ``name=value`` takes
        the type of the default.
      **known: the names that this config understands, with their defaults.

    Returns:
      Name to value.

    Raises:
      ValueError: a name is unknown, or its value has another type.
    """
    values = ConfigDict(known)
    for part in filter(None, argument.split(",")):
        name, _, text = part.partition("=")
        if name not in known:
            raise ValueError(
                f"config variant {part!r}: expected one of {sorted(known)}"
            )
        values[name] = _typed(name, text or "true", known[name])
    return values


def base() -> ConfigDict:
    """The blocks that the train loop reads, with a laptop's values.

    ``run`` holds the fields of ``face_jax.train.loop.Trainer``; ``loader`` says how
    batches are made; ``mesh`` how devices are arranged; ``data`` is what
    ``data_pipelines.build`` takes; ``evals`` names evaluations; ``kind`` and ``uses`` are
    for stages, see ``pipeline``; ``reports`` are evaluations of ``face-jax evaluate``.
    """
    config = ConfigDict({"kind": "train", "uses": {}})
    config.system = config_dict.placeholder(str)
    config.task = ConfigDict()
    config.run = ConfigDict(
        {
            "steps": 1000,
            "seed": 0,
            "log_every": 10,
            "save_every": 1000,
            "stop_after": config_dict.placeholder(int),
            "accumulation": 1,
            "clip_norm": config_dict.placeholder(float),
            "ema_decay": config_dict.placeholder(float),
            "fsdp_min_bytes": 4 << 20,
            "tensorboard": False,
            "keep_latest": 2,
            "keep_best": 1,
            "best_metric": config_dict.placeholder(str),
            "best_mode": "max",
            "verify_digests": True,
            "profile_at": config_dict.placeholder(int),
            "profile_steps": 3,
        }
    )
    config.loader = ConfigDict({"batch_size": 1, "num_workers": 0})
    config.mesh = ConfigDict({"data": -1, "fsdp": 1, "tensor": 1})
    config.data = ConfigDict()
    config.evals = ConfigDict()
    config.reports = reports()
    return config


def reports(every: int = 0) -> ConfigDict:
    """Evaluations of ``face-jax evaluate`` on checkpoints of the run.

    Args:
      every: iterations between two; 0 for the end only.

    Returns:
      The block. ``tasks`` holds words and flags of ``face-jax evaluate`` without
      ``--checkpoint`` and ``--out``, such as ``"held-out --frames 24"``; what they find
      goes to ``reports/<step>/<task>`` in the run's folder, or for all stages together
      to ``reports/finished/<task>``.
    """
    return ConfigDict({"tasks": (), "every": every})


def pipeline(stages: Mapping[str, ConfigDict]) -> ConfigDict:
    """Several configs as the stages of one; ``face-jax train`` runs them in order.

    Args:
      stages: name to the whole config of that stage, first to last. Its block ``uses``
        repeats keys of the config with the name of an earlier stage:
        with ``uses.task.mae = "mae"`` the value of ``task.mae`` becomes the folder of
        stage ``mae``, and with ``"mae/x"`` a folder in it. Its ``kind``
        names what is done (``face_jax.cli.stages``).

    Returns:
      A config with ``stages`` and their ``order``; its ``reports`` are made when all
      stages are finished.
    """
    config = ConfigDict({"order": tuple(stages), "stages": ConfigDict()})
    config.reports = reports()
    for name, stage in stages.items():
        # Not copied: values that follow others keep on doing so.
        config.stages[name] = stage
    return config


def smoke(config: ConfigDict) -> ConfigDict:
    """Cuts a run down to two steps, with everything in it happening once."""
    for stage in config.get("stages", {}).values():
        smoke(stage)
    if "run" not in config:
        return config
    config.run.steps = 2
    config.run.log_every = 1
    config.run.save_every = 1
    for evaluation in config.evals.values():
        evaluation.every = 1
    return config


def evaluation(data: ConfigDict, every: int, batch_size: int) -> ConfigDict:
    """One entry of ``evals``.

    Args:
      data: what ``data_pipelines.build_evaluation`` takes.
      every: iterations between two evaluations; 0 for the end only.
      batch_size: rows of an evaluation batch.

    Returns:
      The block.
    """
    return ConfigDict({"data": data, "every": every, "batch_size": batch_size})


def synthetic_clips(
    people: int = 1, num_frames: int = 350, size: int = 64, frame_rate: float = 25.0
) -> ConfigDict:
    """Built-in people; rendered once, into the cache.

    Args:
      people: persons of all splits; of ten, eight are for training.
      num_frames: frames of each clip.
      size: side of the frames, pixels.
      frame_rate: frames of a second.

    Returns:
      The block ``synthetic``. ``path`` names the folder of a data set that
      ``face-jax prepare synthetic`` wrote, instead of the built-in one.
    """
    built_in = {
        "people": people,
        "num_frames": num_frames,
        "frame_rate": frame_rate,
        "size": size,
    }
    return ConfigDict(
        {
            "path": config_dict.placeholder(str),
            "split": "train",
            "built_in": built_in,
        }
    )


def follow(block: ConfigDict, leader: ConfigDict, *keys: str) -> None:
    """Makes values of a block follow another's, command-line changes included.

    Args:
      block: changed in place.
      leader: a block with the same keys.
      *keys: dotted names, such as ``clips.path``.
    """
    for key in keys:
        *parents, last = key.split(".")
        mine, theirs = block, leader
        for parent in parents:
            mine, theirs = mine[parent], theirs[parent]
        del mine[last]
        mine[last] = theirs.get_ref(last)


def _typed(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError(f"config variant {name}: expected true or false")
        return text.lower() == "true"
    try:
        return type(default)(text)
    except ValueError as error:
        kind = type(default).__name__
        raise ValueError(
            f"config variant {name}: expected {kind}, got {text!r}"
        ) from error
