"""A small FSRT for several clips together: 64 x 64 pixels, for a laptop's CPU.

face-jax train --config configs/fsrt/clips64.py --workdir W \
    --set data.clips.path=FOLDER --set data.clips.landmarks=LANDMARKS

FOLDER holds one clip for each person, LANDMARKS a file of the same stem for each clip.
With few persons, keypoints and expressions give away who is seen, and a decoder that
knows by heart what each looks like has no need of the source image. What keeps it from
that here: the source and the target share one strong colour change that the driving
frame does not show; crops and flips move faces to places where they never were;
expressions are small and kept from telling persons apart; and the encoder starts with
its image as loud as its encodings.

Variants: ``smoke`` (seconds, built-in faces).
"""

from ml_collections import ConfigDict

from configs import common
from configs.fsrt import demo

STEPS = 6000


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False)
    config = demo.get_config("clip")
    config.task.networks.expression_size = 8
    config.task.update(
        {
            "color_jitter": True,
            "statistics": "per_item",
            "variance_weight": 0.01,
            "identity_weight": 0.1,
        }
    )
    config.data.clips.path = "clips"
    config.data.fsrt_item.update(
        {
            "num_driving": 3,
            "out_of_frame_probability": 0.5,
            "flip_probability": 0.5,
            "color_jitter": (0.3, 0.3, 0.3, 0.1),
        }
    )
    config.loader.batch_size = 4
    config.run.steps = STEPS
    config.evals.tail = demo.held_out(config.data, "tail")
    config.evals.tail.data.fsrt_item.evaluation_frames_per_clip = 8
    return smoke(config) if variant.smoke else config


def smoke(config: ConfigDict) -> ConfigDict:
    """Tiny networks, two built-in persons; two steps."""
    config = demo.smoke(config)
    config.data.source = "synthetic"
    return config
