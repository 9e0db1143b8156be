"""FSRT's small decoder, taught by the large one of a trained model.

face-jax train --config configs/fsrt/distilled.py:of=people64 --workdir W \
    --set task.teacher=RUN

RUN is the folder of a model that the config ``of`` trained (vox256 by default, or of
converted weights); data, pictures' size and evaluations are that config's. What comes
out is a model like any other of FSRT. Everything but the decoder is the teacher's and
stays as it is. Variants: ``of=NAME`` (a config beside this one), ``smoke`` (seconds).
"""

import importlib

from ml_collections import ConfigDict, config_dict

from configs import common

TRAINED_BY = (
    "clips64",
    "clips_and_people64",
    "demo",
    "people64",
    "vox256",
    "vox256_two_source",
)
"""Configs of teachers."""
STEPS = 100_000
SMALL_STEPS = 1500
"""Of models of 64 x 64 pixels, on a laptop."""
SMALL_FIELDS = {"num_heads": 2, "mlp_dim": 96, "render_hidden": (192, 96)}
"""The small decoder's share of the large one's heads and widths, at 64 x 64 pixels."""


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, of="vox256", smoke=False)
    if variant.of not in TRAINED_BY:
        known = ", ".join(TRAINED_BY)
        raise ValueError(f"config variant of={variant.of}: expected one of {known}")
    source = importlib.import_module(f"configs.fsrt.{variant.of}")
    config = source.get_config("smoke" if variant.smoke else "")
    published = variant.of.startswith("vox256")
    if not variant.smoke:
        config.run.steps = STEPS if published else SMALL_STEPS
    config.system = "fsrt.distillation"
    config.task = task(config.task)
    if variant.smoke:
        config.task.teacher = "random"
        config.task.schedule.warmup_steps = 0
    if published:
        config.task.networks.small_decoder = True
    else:
        config.task.networks.decoder.update(SMALL_FIELDS)
    config.task.schedule.decay_steps = config.run.get_ref("steps")
    return config


def task(trained: ConfigDict) -> ConfigDict:
    """The same networks, optimizer and pictures as of the task that trained them."""
    config = ConfigDict({"teacher": config_dict.placeholder(str)})
    for name in ("networks", "optimizer", "num_pixels", "color_jitter", "block_size"):
        if name in trained:
            config[name] = trained[name]
    config.schedule = ConfigDict(
        {
            "name": "warmup_cosine",
            "peak": trained.schedule.peak,
            "warmup_steps": min(500, trained.schedule.warmup_steps),
            "decay_steps": STEPS,
            "end": trained.schedule.peak / 25,
        }
    )
    return config
