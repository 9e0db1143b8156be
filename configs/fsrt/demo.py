"""A small FSRT for one clip: 64 x 64 pixels, minutes on a laptop's CPU.

face-jax train --config configs/fsrt/demo.py --workdir W
    a built-in, synthetic person
face-jax train --config configs/fsrt/demo.py:clip --workdir W \
    --set data.clips.path=me.mp4 --set data.clips.landmarks=me.npz
    a clip of one's own, with its landmark file

Held out are the last fifth of the clip and every fifth frame of the rest. Variants:
``clip`` (a video instead of the built-in person), ``flips`` (half of the items are
mirrored: twice as many poses, for short clips with large turns, and worth twice the
steps), ``learned`` (no landmarks: the detector is trained too), ``smoke``
(seconds).
"""

from ml_collections import ConfigDict, config_dict

from configs import common
from configs.fsrt import vox256

STEPS = 5000


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(
        argument, clip=False, flips=False, learned=False, smoke=False
    )
    config = common.base()
    config.system = "fsrt"
    config.run.steps = STEPS
    config.task = task("learned" if variant.learned else "landmarks")
    config.task.schedule.decay_steps = config.run.get_ref("steps")
    config.task.evaluate_ablations = True
    config.data = data("clips" if variant.clip else "synthetic")
    config.data.fsrt_item.flip_probability = 0.5 if variant.flips else 0.0
    config.run.update({"log_every": 50, "clip_norm": 1.0})
    config.run.best_metric = "tail/psnr"
    config.evals.tail = held_out(config.data, "tail")
    return smoke(config) if variant.smoke else config


def task(keypoints: str) -> ConfigDict:
    """Phase 1 alone, with settings that learn in minutes.

    Beside the sizes, six things differ from the published training: the optimizer, Muon,
    and its learning rate; expressions are kept apart across the batch (VICReg), because
    along each vector the terms are content with one expression for all frames; their
    weights, as the squared error of a small run is small; pixels near keypoints are
    drawn more often, as eyes and mouth are few of them; and encoder and decoder start
    balanced, without which the source image is hardly seen for thousands of steps.
    """
    config = vox256.task()
    config.networks = networks(keypoints)
    with config.ignore_type():
        config.optimizer = ConfigDict({"name": "muon"})
    config.schedule = ConfigDict(
        {
            "name": "warmup_cosine",
            "peak": 1e-3,
            "warmup_steps": 60,
            "decay_steps": STEPS,
            "end": 4e-5,
        }
    )
    with config.ignore_type():
        config.update({"phase2_start": None, "phase3_start": None})
    config.update(
        {
            "num_pixels": 256,
            "keypoint_focus": 0.0 if keypoints == "learned" else 8.0,
            "statistics": "vicreg",
            "invariance_weight": 0.02,
            "variance_weight": 0.02,
            "covariance_weight": 0.002,
            "color_jitter": False,
            "expression_dropout": 0.0,
        }
    )
    return config


def networks(keypoints: str) -> ConfigDict:
    """0.8 million parameters at 64 x 64 pixels."""
    return ConfigDict(
        {
            "image_size": 64,
            "keypoints": keypoints,
            "expression_size": 32,
            "keypoint_detector": {
                "block_expansion": 8,
                "num_blocks": 3,
                "max_features": 64,
                "scale_factor": 0.5,
                "head_padding": 3,
            },
            "expression_encoder": {"features_per_keypoint": 8, "hidden": (128,)},
            "encoder": {
                "patch_channels": ((24, 48), (48, 72), (72, 96)),
                "width": 96,
                "depth": 3,
                "num_heads": 4,
                "head_dim": 24,
                "mlp_dim": 192,
                "pixel_octaves": 6,
                "initialization": "balanced",
            },
            "decoder": {
                "input_hidden": 144,
                "width": 96,
                "depth": 2,
                "num_heads": 4,
                "head_dim": 24,
                "mlp_dim": 192,
                "render_hidden": (192, 192, 192),
                "pixel_octaves": 6,
                "output_bias": 0.5,
                "initialization": "balanced",
            },
        }
    )


def data(source: str) -> ConfigDict:
    """Eight driving frames share a source; the decoder dominates the cost."""
    return ConfigDict(
        {
            "source": source,
            "synthetic": common.synthetic_clips(),
            "clips": {
                "path": "clip.mp4",
                "landmarks": config_dict.placeholder(str),
                "crop": "clip",
                "frame_size": 64,
            },
            "item": "fsrt_item",
            "fsrt_item": {
                "num_sources": 1,
                "num_driving": 8,
                "size": 64,
                "mode": "train",
                "frame_selection": "train",
                "out_of_frame_probability": 0.3,
                "flip_probability": 0.0,
                "color_jitter": (0.0, 0.0, 0.0, 0.0),
                "expression_crop": True,
            },
        }
    )


def held_out(training: ConfigDict, selection: str) -> ConfigDict:
    """Driving frames of one hold-out, from the clip's first frame."""
    data = training.copy_and_resolve_references()
    common.follow(data, training, "source", "clips.path", "clips.landmarks")
    data.fsrt_item.update(
        {
            "mode": "plain",
            "frame_selection": selection,
            "evaluation_source_frames": (0,) * training.fsrt_item.num_sources,
            "evaluation_frames_per_clip": 32,
        }
    )
    return common.evaluation(data, every=500, batch_size=16)


def smoke(config: ConfigDict) -> ConfigDict:
    """Tiny networks and clips; two steps."""
    config.task.networks.update(vox256.small_networks(32))
    config.task.num_pixels = 32
    config.task.schedule.warmup_steps = 0
    config.loader.batch_size = 8
    evaluated = [evaluation.data for evaluation in config.evals.values()]
    for block in (config.data, *evaluated):
        block.synthetic = common.synthetic_clips(people=2, num_frames=20, size=32)
        block.clips.frame_size = 32
        block.fsrt_item.size = 32
    config.data.fsrt_item.num_driving = 2
    return common.smoke(config)
