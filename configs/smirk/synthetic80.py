"""A small SMIRK on built-in faces: 80 x 80 pixels, all stages, a laptop's CPU.

face-jax train --config configs/smirk/synthetic80.py --workdir W
    renders the faces first, half an hour on two cores, unless they are in the cache

Three stages: ``encoders`` learn from pictures and landmarks; then the ``generator`` alone,
by both paths, from what they see; then ``paths``: both together. The encoders of W/encoders
are whole already; W/paths has the generator besides.

In MICA's place stands a teacher who knows the true identity but for noise of
``identity_noise`` standard deviations (``--set stages.encoders.task.identity_noise=0`` for
none, likewise of ``paths``). There are no perceptual and emotion terms, as these need
weights; what ImageNet's weights are to the published encoders, landmarks taught to learned
points are here. Crops are closer than published, so that few pixels show more of a face. Of
ten persons eight are for training and one is watched. Variants: ``one_look`` (generator and
both paths see 3,000 persons who differ in the shape of their heads alone: how much skin,
hair and light hide from a generator; ``stages.generator.data.synthetic_images.path`` is
theirs), ``smoke`` (minutes, most of them for compiling three stages).
"""

from collections.abc import Sequence

from ml_collections import ConfigDict, config_dict

from configs import common
from configs.smirk import train

PEOPLE, PICTURES = 16_000, 1
PEOPLE_ALIKE = 3_000
"""Persons of the variant ``one_look``: a generator needs fewer of them."""
SIDE, DRAWN_SIDE = 80, 160
"""Pixels of crops, and of the pictures that they are cut from."""
TRAIN_SCALES, PLAIN_SCALE = (1.1, 1.4), 1.25
ENCODERS = ("pose_encoder", "shape_encoder", "expression_encoder")
NO_TEACHERS = {"perceptual": 0.0, "emotion": 0.0}
NUM_SHAPE = 57
"""Identity coefficients of the built-in head."""


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False, one_look=False)
    config = common.pipeline(
        {"encoders": encoders(), "generator": generator(), "paths": paths()}
    )
    alike = config.order[1:] if variant.one_look else ()
    for name in alike:
        make_alike(config.stages[name])
    for names in ([name for name in config.order if name not in alike], alike):
        share_pictures(blocks(config, names))
    return smoke(config) if variant.smoke else config


def make_alike(stage: ConfigDict) -> None:
    """Gives a stage persons who differ in the shape of their heads alone."""
    for block in (stage.data, stage.evals.unseen.data):
        alike = {"people": PEOPLE_ALIKE, "one_look": True}
        block.synthetic_images.built_in.update(alike)
    stage.data.smirk_item.color_changes = False


def share_pictures(sharing: Sequence[ConfigDict]) -> None:
    """Makes data blocks read what the first one reads."""
    for block in sharing[1:]:
        common.follow(block, sharing[0], "synthetic_images.path")


def encoders() -> ConfigDict:
    """Pretraining, the longest stage."""
    config = stage(steps=7200, batch_size=32, peak=3e-3, end=4e-5, every=1800)
    config.task.pretraining_steps = None
    config.run.best_metric, config.run.best_mode = "unseen/nme", "min"
    return config


def generator() -> ConfigDict:
    """Both paths with encoders that stay as they are: every turn is the generator's.

    A generator that knows nothing would only mislead them.
    """
    config = stage(steps=400, batch_size=16, peak=6e-3, end=1e-5)
    config.task.trained_encoders = ()
    config.uses = ConfigDict({"task": {"start_from": "encoders"}})
    return config


def paths() -> ConfigDict:
    """The published main stage: generator and encoders in turns."""
    config = stage(steps=200, batch_size=16, peak=1e-3, end=1e-5)
    config.task.encoder_rate = 0.3
    config.uses = ConfigDict({"task": {"start_from": "generator"}})
    return config


def stage(
    steps: int, batch_size: int, peak: float, end: float, every: int = 0
) -> ConfigDict:
    """What the stages share; each looks at unseen persons, at its end or more often."""
    config = common.base()
    config.system = "smirk"
    config.run.update({"steps": steps, "log_every": 50})
    config.task = task()
    config.task.schedule.update({"peak": peak, "warmup_steps": 100, "end": end})
    config.task.schedule.decay_steps = config.run.get_ref("steps")
    config.data = data("train", "train")
    config.loader.batch_size = batch_size
    unseen = data("validation", "plain")
    config.evals.unseen = common.evaluation(unseen, every=every, batch_size=16)
    return config


def task() -> ConfigDict:
    """Small networks, and expressions that are facial actions from 0 to 1."""
    config = train.task()
    config.networks.update(networks())
    with config.ignore_type():
        config.expression_bounds = (0.0, 1.0)
    config.update(
        {
            "trained_encoders": (*ENCODERS, "joint_head"),
            "encoder_rate": 2.0,
            # Of the encoders the second path's gradient is then a fifth of the first's; of
            # the generator up to twice as large, a fifth at most at the published 0.1.
            "cycle_weight": 8.0,
            "cycle_clip_norm": 1.0,
            "expression_spread": 0.3,
            "mask_ratio": 0.02,
            "mask_radius": 4,
            "hole_radius": 2,
            "identity_teacher": "truth",
            "identity_metric": "vertices",
            "identity_noise": 0.3,
        }
    )
    # By Adam the same networks need nearly half as many steps again.
    config.encoder_optimizer = muon("head")
    config.generator_optimizer = muon("out")
    # The published weights are for coefficients of variance 1; here it is 0.04.
    config.pretraining_weights.expression *= 25
    config.cycle_weights.expression *= 25
    # Squares of errors below a pixel would be nothing beside the other terms.
    for name in ("contour", "landmarks"):
        config.pretraining_weights[name] *= 10
    config.pretraining_weights.update({"points": 100.0, "heatmaps": 0.3})
    # Of two directions that move the same landmarks the errors of these tell little.
    config.pretraining_weights.fitted_expression = 250.0
    config.fit_priors = {"landmarks": 0.003, "shape": 0.3, "expression": 0.2}
    # The main stage adds pictures to what pretraining knows.
    config.weights.update({**config.pretraining_weights.to_dict(), **NO_TEACHERS})
    return config


def muon(last: str) -> ConfigDict:
    """For networks whose layer ``last`` it leaves to Adam."""
    return ConfigDict(
        {
            "name": "muon",
            "rms": 0.3,
            # After five iterations, as usual, networks know no more.
            "iterations": 3,
            "convolutions": True,
            "without": (last,),
        }
    )


def networks() -> ConfigDict:
    """Encoders that keep 5 x 5 pixels to the end, a generator for squares of 2 x 2."""
    return ConfigDict(
        {
            "image_size": SIDE,
            "head": "procedural",
            # Its expressions open the mouth and close the lids; in no picture do the
            # joint and the lids' own directions so besides.
            "use_jaw": False,
            "use_eyelids": False,
            "pose_encoder": {
                "variant": "patches_small",
                "cells": 5,
                "points": 128,
                "gains": (0.05, 0.05, 0.05, 0.5, 0.005, 0.005),
            },
            "shape_encoder": {
                "variant": "patches",
                "cells": 5,
                "points": 128,
                "gain": 0.5,
            },
            "expression_encoder": {
                "variant": "patches",
                "cells": 5,
                "points": 128,
                "gain": 0.05,
            },
            "joint_head": True,
            "generator": {
                "patch": 2,
                "features": 16,
                "levels": 3,
                "residual_blocks": 2,
            },
        }
    )


def data(split: str, mode: str) -> ConfigDict:
    """Pictures of one split of the built-in persons."""
    truth = {"shape_params": NUM_SHAPE} if mode == "train" else {}
    built_in = {
        "people": PEOPLE,
        "images_per_person": PICTURES,
        "size": DRAWN_SIDE,
        "free_expressions": 0.5,
    }
    return ConfigDict(
        {
            "source": "synthetic_images",
            "synthetic_images": {
                "path": config_dict.placeholder(str),
                "split": split,
                "built_in": built_in,
            },
            "item": "smirk_item",
            "smirk_item": {
                "size": SIDE,
                "mode": mode,
                "train_scales": TRAIN_SCALES,
                "plain_scale": PLAIN_SCALE,
                "truth": truth,
            },
        }
    )


def blocks(config: ConfigDict, names: Sequence[str]) -> list[ConfigDict]:
    """What these stages read, that of the first one's training first."""
    stages = [config.stages[name] for name in names]
    return [b for stage in stages for b in (stage.data, stage.evals.unseen.data)]


def smoke(config: ConfigDict) -> ConfigDict:
    """Tiny networks and few persons; two steps of each stage, one for each turn."""
    small = {
        "networks": train.small_networks(32),
        "mask_radius": 1,
        "hole_radius": 1,
        "mask_ratio": 0.05,
    }
    adam = train.task()
    for stage in config.stages.values():
        stage.task.update(small)
        for name in ENCODERS:
            stage.task.networks[name].update(
                {"variant": "patches", "cells": 1, "points": 122}
            )
        # Muon would add up to a minute to the compilation of every phase.
        stage.task.encoder_optimizer = adam.encoder_optimizer
        stage.task.generator_optimizer = adam.generator_optimizer
        stage.task.schedule.warmup_steps = 0
        stage.loader.batch_size = 8
        stage.evals.unseen.batch_size = 8
    for block in blocks(config, config.order):
        block.smirk_item.size = 32
        block.synthetic_images.built_in.update(
            {"people": 10, "images_per_person": 7, "size": 48}
        )
    return common.smoke(config)
