"""FSRT for people it has never seen: 1000 synthetic persons, 64 x 64 pixels, a CPU.

face-jax train --config configs/fsrt/people64.py --workdir W
    renders 1250 persons first, some minutes, unless they are in the cache

face-jax evaluate people --checkpoint W --out W/people
    measures what it makes of persons that are not among them

Of ten persons eight are for training; during training one in ten is watched, and the
last one in ten is left for the evaluation. Variant: ``smoke`` (seconds).
"""

from ml_collections import ConfigDict

from configs import common
from configs.fsrt import clips64, demo

STEPS = 9000
PEOPLE, FRAMES, FRAME_RATE = 1250, 12, 1.0
"""Twelve seconds of each person, in few frames: many persons are worth more than many
pictures of each. Of 200 the networks learn by heart what they look like, and what they
make of others stops to improve after 3000 steps."""


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False)
    config = clips64.get_config()
    config.run.steps = STEPS
    config.data.source = "synthetic"
    config.data.synthetic = common.synthetic_clips(
        PEOPLE, FRAMES, frame_rate=FRAME_RATE
    )
    config.data.fsrt_item.frame_selection = "all"
    # Keypoints tell the pose; an expression that tells it too turns the head of whoever
    # is given it (without this term by a third of what the driver turns).
    config.task.update({"pose_weight": 0.02, "variance_weight": 0.02})
    # A grain of 4 x 4 pixels: faces that were never seen are not known by heart.
    config.task.networks.encoder.patch_channels = ((32, 64), (64, 96))
    config.loader.batch_size = 6
    config.data.fsrt_item.num_driving = 2
    config.data.fsrt_item.out_of_frame_probability = 0.0
    del config.evals.tail
    config.evals.unseen = unseen(config.data)
    config.run.best_metric = "unseen/psnr"
    return smoke(config) if variant.smoke else config


def unseen(training: ConfigDict) -> ConfigDict:
    """Self-reenactment of the persons for validation, from their first frames."""
    data = training.copy_and_resolve_references()
    common.follow(data, training, "synthetic.path")
    data.synthetic.split = "validation"
    data.fsrt_item.update(
        {
            "mode": "plain",
            "evaluation_source_frames": (0,) * training.fsrt_item.num_sources,
            "evaluation_frames_per_clip": 4,
        }
    )
    return common.evaluation(data, every=1000, batch_size=16)


def smoke(config: ConfigDict) -> ConfigDict:
    """Tiny networks, five persons, the last of them for validation; two steps."""
    config = demo.smoke(config)
    for block in (config.data, config.evals.unseen.data):
        block.synthetic.built_in.people = 5
    config.evals.unseen.data.synthetic.split = "validation"
    return config
