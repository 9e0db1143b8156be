"""FSRT as published: VoxCeleb, 256 x 256 pixels, one source image.

face-jax train --config configs/fsrt/vox256.py --workdir W \
    --set data.clips.path=VOX --set data.clips.landmarks=LANDMARKS \
    --set task.keypoint_detector_weights=kp_detector.pt \
    --set task.vgg19_weights=vgg19.pth

VOX holds train/*.mp4 and val/*.mp4, named identity#video#start#end.mp4. What ``face-jax
prepare`` made of it, or of other clips, is read several times as fast: in the place of
the second line ``--set data.source=prepared_clips --set data.prepared_clips.path=RECORDS``.
The published run took 4,000,000 steps of batch 24. Variants: ``smoke`` (seconds, built-in faces),
``random_weights`` (frozen networks with random values: to time a step, not to train).
"""

from ml_collections import ConfigDict, config_dict

from configs import common

NUM_SOURCES = 1


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False, random_weights=False)
    config = common.base()
    config.system = "fsrt"
    config.task = task()
    config.data = data(NUM_SOURCES)
    config.run.steps = 4_000_000
    config.run.best_metric = "validation/psnr"
    config.loader.batch_size = 24
    config.loader.num_workers = 20
    validation = config.data.copy_and_resolve_references()
    shared = ("clips.path", "clips.landmarks", "prepared_clips.path", "source")
    common.follow(validation, config.data, *shared)
    validation.clips.split = "val"
    validation.prepared_clips.split = "validation"
    validation.fsrt_item.mode = "plain"
    config.evals.validation = common.evaluation(validation, every=5000, batch_size=24)
    if variant.random_weights or variant.smoke:
        config.task.keypoint_detector_weights = "random"
        config.task.vgg19_weights = "random"
    return smoke(config) if variant.smoke else config


def task() -> ConfigDict:
    """The published training."""
    return ConfigDict(
        {
            "networks": networks(),
            "optimizer": {"name": "adam", "b1": 0.9, "b2": 0.999, "eps": 1e-8},
            "schedule": {
                "name": "warmup_exponential",
                "peak": 1e-4,
                "warmup_steps": 2500,
                "decay_rate": 0.16,
                "decay_steps": 4_000_000,
            },
            "phase2_start": 200_000,
            "phase3_start": 500_000,
            "discriminator_warmup": 500,
            "num_pixels": 4096,
            "keypoint_focus": 0.0,
            "lattice_stride": 2,
            "lattice_sampling": True,
            "block_size": 4096,
            "first_view_share": 0.25,
            "color_jitter": True,
            "statistics": "published",
            "statistics_shards": 1,
            "mse_weight": 1.0,
            "invariance_weight": 1.0,
            "variance_weight": 0.2,
            "covariance_weight": 1.0,
            "identity_weight": 0.0,
            "pose_weight": 0.0,
            "perceptual_weights": (0.01,) * 5,
            "gan_weight": 0.001,
            "discriminator_weight": 0.001,
            "matching_weights": (0.01,) * 4,
            "start_from": config_dict.placeholder(str),
            "keypoint_detector_weights": config_dict.placeholder(str),
            "vgg19_weights": config_dict.placeholder(str),
        }
    )


def networks() -> ConfigDict:
    """The published sizes: only what one may want to switch."""
    return ConfigDict(
        {
            "image_size": 256,
            "keypoints": "published",
            "expression_size": 256,
            "small_decoder": False,
            "dtype": "float32",
            "remat": False,
            "keypoint_detector": {},
            "expression_encoder": {},
            "encoder": {"initialization": "published"},
            "decoder": {},
            "discriminator": {},
        }
    )


def data(num_sources: int) -> ConfigDict:
    """VoxCeleb's layout, with the published augmentation."""
    return ConfigDict(
        {
            "source": "clips",
            "clips": {
                "path": "vox",
                "split": "train",
                "landmarks": config_dict.placeholder(str),
            },
            "prepared_clips": {"path": "records", "split": "train"},
            "item": "fsrt_item",
            "fsrt_item": {
                "num_sources": num_sources,
                "num_driving": 1,
                "size": 256,
                "mode": "train",
                "out_of_frame_probability": 0.5,
                "flip_probability": 0.5,
                "color_jitter": (0.1, 0.1, 0.1, 0.1),
                "expression_crop": True,
                "evaluation_frames_per_clip": 1,
            },
        }
    )


def smoke(config: ConfigDict) -> ConfigDict:
    """Tiny networks on the built-in faces; one step in each of phases 1 and 3."""
    config.task.networks.update(small_networks(32))
    config.task.phase2_start, config.task.phase3_start = 1, 1
    config.task.discriminator_warmup = 0
    config.task.num_pixels = 64
    config.loader.update({"batch_size": 8, "num_workers": 0})
    config.data.source = "synthetic"
    for data_block in (config.data, config.evals.validation.data):
        data_block.synthetic = common.synthetic_clips(2, num_frames=20, size=32)
        data_block.fsrt_item.size = 32
    config.evals.validation.batch_size = 8
    return common.smoke(config)


def small_networks(image_size: int) -> ConfigDict:
    """Networks that compile in seconds."""
    return ConfigDict(
        {
            "image_size": image_size,
            "expression_size": 8,
            "keypoint_detector": {
                "block_expansion": 4,
                "num_blocks": 2,
                "max_features": 16,
                "scale_factor": 0.5,
                "head_padding": 3,
            },
            "expression_encoder": {"features_per_keypoint": 2, "hidden": (16,)},
            "encoder": {
                "patch_channels": ((8, 8), (8, 8), (8, 16)),
                "width": 16,
                "depth": 1,
                "num_heads": 2,
                "head_dim": 8,
                "mlp_dim": 32,
            },
            "decoder": {
                "input_hidden": 16,
                "width": 16,
                "depth": 1,
                "num_heads": 2,
                "head_dim": 8,
                "mlp_dim": 32,
                "render_hidden": (16,),
            },
            "discriminator": {
                "block_expansion": 4,
                "max_features": 16,
                "image_size": 64,
            },
        }
    )
