"""A small Latent-OFER on built-in faces: 64 x 64 pixels, all stages, a laptop's CPU.

face-jax train --config configs/latent_ofer/synthetic64.py --workdir W
    renders the faces first, some minutes, unless they are in the cache

Patches are 8 x 8 pixels, on a grid of 8 x 8. Of ten persons eight are for training, one
is watched and one is for the evaluation. Things that hide faces are of other kinds in
training than in the evaluation. There are no weights of VGG-16: its features' place is
taken by those of the expression network. Variant: ``smoke`` (seconds).
"""

from collections.abc import Sequence

from ml_collections import ConfigDict, config_dict

from configs import common
from face_jax.latent_ofer.refinement_losses import GENERATOR_WEIGHTS

PEOPLE, PICTURES, PICTURE_SIZE, OCCLUDED = 2500, 8, 96, 0.6
SIDE, PATCH, GRID, DECODER_WIDTH = 64, 8, 8, 64
UNCOVERED = "none"
FEATURE_WEIGHTS = {
    "feature_adversarial": 0.0,
    "assembled": 0.0,
    "decoded": 0.0,
    "semantic": 0.1,
}
"""Of the generator's terms that compare what the expression network sees."""
KINDS = ("hand", "block", "texture", "sunglasses")
"""What hides faces in training; hands look like the faces' own skin."""
UNSEEN_KINDS = ("mask", "cup", "scarf", "glasses")
"""What does so in the evaluation alone; cups are held by hands."""


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False)
    config = common.pipeline(
        {
            "autoencoder": autoencoder(),
            "detector": detector("soft_boundary"),
            "detector_one_class": detector("one_class"),
            "expression": expression(),
            "refinement": refinement(),
            "latents": latents(),
            "recognizer": recognizer(),
        }
    )
    first = config.stages.autoencoder.data
    for block in blocks(config)[1:]:
        common.follow(block, first, "synthetic_images.path")
    return smoke(config) if variant.smoke else config


def autoencoder() -> ConfigDict:
    """The masked autoencoder, on faces with and without something before them.

    It predicts the faces behind, so that its latents tell what is no face.
    """
    config = stage("autoencoder", steps=5000, batch_size=64, peak=2e-3)
    config.task.update(network_fields())
    config.task.update({"target": "clean_image", "mask_ratio": 0.5})
    config.task.optimizer = adam_w(0.05)
    config.data = faces("train", (UNCOVERED, *KINDS), jitter=0.1, rotation=15.0)
    config.evals.unseen = common.evaluation(faces("validation"), 2000, 32)
    return config


def detector(objective: str) -> ConfigDict:
    """Deep SVDD, and kernel SVDD beside it; the soft boundary decides later on.

    Faces are upright and in the middle, so that each place shows the same part. Things
    before them cover several patches; a few of a bare face seem covered, mostly alone.
    """
    config = stage("detector", steps=500, batch_size=32, peak=1e-4)
    config.task.update(network_fields())
    config.task.update(
        {
            "autoencoder": config_dict.placeholder(str),
            "latent_source": "encoder",
            "standards": "places",
            "features": (256, 128),
            "objective": objective,
            "nu": 0.02,
            "smallest_group": 4,
            "radius_start": 100,
            "optimizer": {"name": "adam", "weight_decay": 1e-6},
            "fit_batches": 200,
            "kernel_samples": 2048,
        }
    )
    config.uses = ConfigDict({"task": {"autoencoder": "autoencoder"}})
    config.data = faces("train", (UNCOVERED, *KINDS), mode="plain")
    unseen = faces("validation", (UNCOVERED, *KINDS))
    config.evals.unseen = common.evaluation(unseen, 0, 32)
    return config


def expression() -> ConfigDict:
    """DAN on uncovered faces."""
    config = stage("expression", steps=1500, batch_size=64, peak=2e-3)
    config.task.update(
        {
            "network": expression_fields(),
            "dataset": "synthetic",
            "side": SIDE,
            "picture": "clean_image",
            "optimizer": adam_w(0.01),
        }
    )
    config.data = faces("train", class_balanced=True)
    config.evals.unseen = common.evaluation(faces("validation"), 0, 32)
    return config


def refinement() -> ConfigDict:
    """The generator against its discriminators.

    It corrects the transformer's pictures instead of making its own, and learns faster
    than the published one. Three terms only are reported, as in the published training:
    features of the small expression network, in VGG-16's place, lead away from the truth.
    """
    config = stage("refinement", steps=1500, batch_size=16, peak=2e-3)
    config.task.update(network_fields())
    config.task.update(
        {
            "autoencoder": config_dict.placeholder(str),
            "side": SIDE,
            "generator": {"width": 16, "levels": 6, "residual": True},
            "image_discriminator": {"width": 16, "halvings": 2},
            "feature_discriminator": {"width": 64},
            "expression": expression_fields(),
            "expression_weights": config_dict.placeholder(str),
            "expression_side": SIDE,
            "weights": {**GENERATOR_WEIGHTS, **FEATURE_WEIGHTS},
            "optimizer": {"name": "adam", "b1": 0.5, "b2": 0.999},
        }
    )
    uses = {"autoencoder": "autoencoder", "expression_weights": "expression"}
    config.uses = ConfigDict({"task": uses})
    config.data = faces("train", KINDS)
    unseen = faces("validation", UNSEEN_KINDS)
    config.evals.unseen = common.evaluation(unseen, 0, 32)
    return config


def latents() -> ConfigDict:
    """What the stages before make of all pictures, for the recogniser.

    Three in ten pictures of the training are covered, so that it learns what a face looks
    like whose covered parts were painted.
    """
    runs = {name: config_dict.placeholder(str) for name in LATENT_STAGES}
    sets = {
        "train": faces("train", KINDS),
        "validation": faces("validation", occluders=False),
        "covered": faces("test", UNSEEN_KINDS + KINDS),
        "uncovered": faces("test", occluders=False),
    }
    sets["train"].synthetic_images.uncover_others = True
    for block in sets.values():
        block.latent_ofer_item.mode = "plain"
    return ConfigDict(
        {
            "kind": "latents",
            "runs": runs,
            "uses": {"runs": {name: name for name in LATENT_STAGES}},
            "method": "deep",
            "batch_size": 64,
            "sets": sets,
        }
    )


LATENT_STAGES = ("detector", "expression", "refinement")


def recognizer() -> ConfigDict:
    """The recogniser, on pictures without what covered them and on relevant latents.

    Its image branch goes on from the expression network, in the place of a trunk that
    knows photographs of celebrities.
    """
    config = stage("recognizer", steps=750, batch_size=64, peak=1e-3)
    config.task.update(
        {
            "network": {
                **expression_fields(),
                "latent_features": (512, 256, 128, 64),
                "fusion_features": (128, 64),
            },
            "dataset": "synthetic",
            "side": SIDE,
            "grid": GRID,
            "token_width": DECODER_WIDTH,
            "selection": "relevant",
            "relevant_share": 0.5,
            "image_branch_from": config_dict.placeholder(str),
            "optimizer": adam_w(0.01),
        }
    )
    config.data = cached("train")
    config.data.latent_item.update(
        {"class_balanced": True, "erasing_probability": 0.0, "color_changes": True}
    )
    config.evals.unseen = common.evaluation(cached("plain"), 500, 32)
    config.uses = ConfigDict(
        {
            "task": {"image_branch_from": "expression"},
            "data": {"latents": {"path": "latents/train"}},
            "evals": {"unseen": {"data": {"latents": {"path": "latents/validation"}}}},
        }
    )
    return config


def stage(name: str, steps: int, batch_size: int, peak: float) -> ConfigDict:
    """A stage's config without its data; the rate falls along a cosine."""
    config = common.base()
    config.system = f"latent_ofer.{name}"
    config.run.update({"steps": steps, "log_every": 50})
    config.loader.batch_size = batch_size
    config.task.schedule = {
        "name": "warmup_cosine",
        "peak": peak,
        "warmup_steps": 100,
        "decay_steps": config.run.get_ref("steps"),
        "end": 0.02 * peak,
    }
    return config


def network_fields() -> ConfigDict:
    """The masked autoencoder: 0.8 million parameters."""
    fields = {
        "image_size": SIDE,
        "patch_size": PATCH,
        "width": 96,
        "depth": 6,
        "num_heads": 4,
        "decoder_width": DECODER_WIDTH,
        "decoder_depth": 2,
        "decoder_heads": 4,
    }
    return ConfigDict({"size": "tiny", "network": fields})


def expression_fields() -> dict:
    """The image branch: a trunk that ends with 4 x 4 places."""
    return {
        "num_heads": 4,
        "spatial_hidden": 64,
        "channel_hidden": 16,
        "depths": (2, 2, 2),
        "width": 32,
    }


def adam_w(weight_decay: float) -> ConfigDict:
    """AdamW as masked autoencoders are trained with it."""
    return ConfigDict(
        {"name": "adamw", "b1": 0.9, "b2": 0.95, "weight_decay": weight_decay}
    )


def faces(
    split: str,
    kinds: Sequence[str] | None = None,
    occluders: bool = True,
    **changes: object,
) -> ConfigDict:
    """Pictures of one split of the built-in persons; random changes in training."""
    built_in = {
        "people": PEOPLE,
        "images_per_person": PICTURES,
        "size": PICTURE_SIZE,
        "occluded": OCCLUDED,
    }
    item = {"size": SIDE, "mode": "train" if split == "train" else "plain", **changes}
    images = {
        "path": config_dict.placeholder(str),
        "split": split,
        "occluders": occluders,
        "kinds": kinds,
        "built_in": built_in,
    }
    return ConfigDict(
        {
            "source": "synthetic_images",
            "synthetic_images": images,
            "item": "latent_ofer_item",
            "latent_ofer_item": item,
        }
    )


def cached(mode: str) -> ConfigDict:
    """What the stage ``latents`` wrote."""
    item = {"size": SIDE, "grid": GRID, "width": DECODER_WIDTH, "mode": mode}
    return ConfigDict(
        {
            "source": "latents",
            "latents": {"path": config_dict.placeholder(str)},
            "item": "latent_item",
            "latent_item": item,
        }
    )


def blocks(config: ConfigDict) -> list[ConfigDict]:
    """All blocks of data that read pictures of faces."""
    found = []
    for name in config.order:
        part = config.stages[name]
        if "sets" in part:
            found += list(part.sets.values())
            continue
        found += [part.data, *(block.data for block in part.evals.values())]
    return [block for block in found if block.source == "synthetic_images"]


def smoke(config: ConfigDict) -> ConfigDict:
    """Tiny networks and few persons; two steps of every stage."""
    stages = config.stages
    small = {
        "width": 16,
        "depth": 1,
        "num_heads": 2,
        "decoder_width": 8,
        "decoder_depth": 1,
        "decoder_heads": 2,
    }
    expressions = {"num_heads": 2, "spatial_hidden": 4, "channel_hidden": 2, "width": 4}
    detectors = ("detector", "detector_one_class")
    for name in ("autoencoder", "refinement", *detectors):
        stages[name].task.network.update(small)
    for name in detectors:
        stages[name].task.update(
            {
                "features": (8, 4),
                "fit_batches": 1,
                "kernel_samples": 16,
                "radius_start": 1,
            }
        )
    stages.expression.task.network.update(expressions)
    stages.refinement.task.expression.update(expressions)
    stages.refinement.task.generator.width = 2
    stages.refinement.task.image_discriminator.width = 2
    stages.refinement.task.feature_discriminator.width = 4
    stages.recognizer.task.network.update(
        {**expressions, "latent_features": (8, 4), "fusion_features": (8,)}
    )
    stages.recognizer.task.token_width = 8
    recognizer = stages.recognizer
    for block in (recognizer.data, recognizer.evals.unseen.data):
        block.latent_item.width = 8
    for block in blocks(config):
        block.synthetic_images.built_in.update(
            {"people": 10, "images_per_person": 7, "size": 48}
        )
    stages.latents.batch_size = 4
    for name in config.order:
        if name == "latents":
            continue
        stages[name].task.schedule.warmup_steps = 0
        stages[name].loader.batch_size = 8
        stages[name].evals.unseen.batch_size = 8
    return common.smoke(config)
