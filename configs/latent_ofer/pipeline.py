"""Latent-OFER at its published sizes: 224 x 224 pixels, all stages in order.

face-jax train --config configs/latent_ofer/pipeline.py --workdir W \
    --set stages.autoencoder.data.synthetic_images.path=DATA \
    --set stages.autoencoder.task.start_from=mae_visualize_vit_base.pth

DATA is what ``face-jax prepare synthetic --size 256`` wrote; mae_visualize_vit_base.pth
are the masked autoencoder's published weights for pixels. The papers train each stage on
its own: the autoencoder on ImageNet for 800 epochs (here it goes on from there, on faces),
the refinement on RAF-DB for 120 epochs at one picture a batch, the expression networks for
40 and 60 epochs. What they leave open is as in the stages' own descriptions. Without
``stages.refinement.task.vgg16_weights`` features are compared as the expression network
sees them; set ``stages.refinement.task.weights.semantic`` to 1 then. Variants: ``smoke``
(seconds); ``prepared=RECORDS``: expressions are those of a data set that ``face-jax
prepare`` stored with them, such as RAF-DB, by RAF-DB's classes. What covers faces is
synthetic in any case, as the detector and the refinement must know the truth.
"""

from ml_collections import ConfigDict, config_dict

from configs import common
from configs.latent_ofer import synthetic64
from face_jax.latent_ofer import labels
from face_jax.latent_ofer.refinement_losses import GENERATOR_WEIGHTS

SIDE, REFINED_SIDE, GRID = 224, 256, 14
EPOCH = 12_271
"""Pictures of RAF-DB's training list."""
RAF_DB = labels.RAF_DB.classes


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False, prepared="")
    config = synthetic64.get_config("smoke" if variant.smoke else "")
    config = config if variant.smoke else published(config)
    if variant.prepared:
        _use_prepared(config, variant.prepared)
    return config


def published(config: ConfigDict) -> ConfigDict:
    """Gives the stages of the small pipeline their published sizes and schedules."""
    stages = config.stages
    for block in synthetic64.blocks(config):
        block.latent_ofer_item.size = SIDE
        block.synthetic_images.built_in.size = 256
    _autoencoder(stages.autoencoder)
    for name in ("detector", "detector_one_class"):
        _detector(stages[name])
    _expression(stages.expression)
    _refinement(stages.refinement)
    stages.latents.batch_size = 32
    _recognizer(stages.recognizer)
    return config


def _autoencoder(stage: ConfigDict) -> None:
    stage.task.size, stage.task.network = "base", ConfigDict()
    stage.task.start_from = config_dict.placeholder(str)
    stage.run.steps, stage.loader.batch_size = 20_000, 256
    stage.task.schedule.update({"peak": 1.5e-4, "warmup_steps": 1000, "end": 0.0})


def _detector(stage: ConfigDict) -> None:
    stage.task.size, stage.task.network = "base", ConfigDict()
    # A matrix for each of 196 places would take half a gigabyte.
    stage.task.standards = "components"
    stage.task.update({"fit_batches": 64, "kernel_samples": 4096, "radius_start": 960})
    stage.run.steps, stage.loader.batch_size = 14_400, 128


def _expression(stage: ConfigDict) -> None:
    stage.task.network, stage.task.side = ConfigDict(), SIDE
    stage.task.optimizer = sgd()
    stage.run.steps, stage.loader.batch_size = 40 * EPOCH // 256, 256
    stage.task.schedule = ConfigDict({"name": "constant", "peak": 0.1})
    stage.data.latent_ofer_item.erasing_probability = 0.5


def _refinement(stage: ConfigDict) -> None:
    task = stage.task
    task.size, task.network, task.side = "base", ConfigDict(), REFINED_SIDE
    task.expression, task.expression_side = ConfigDict(), SIDE
    for name in ("generator", "image_discriminator", "feature_discriminator"):
        task[name] = ConfigDict()
    # So that features of the generator and of the network that judges them agree.
    task.generator.width = 32
    task.vgg16_weights = config_dict.placeholder(str)
    task.weights.update(GENERATOR_WEIGHTS)
    task.schedule = ConfigDict(
        {
            "name": "constant_then_linear",
            "peak": 2e-4,
            "constant_steps": 18 * EPOCH,
            "decay_steps": 101 * EPOCH,
        }
    )
    stage.run.steps, stage.loader.batch_size = 119 * EPOCH, 1


def _recognizer(stage: ConfigDict) -> None:
    task = stage.task
    task.network, task.selection = ConfigDict(), "static"
    task.update({"side": SIDE, "grid": GRID, "token_width": 512})
    task.optimizer = sgd()
    task.schedule = ConfigDict(
        {
            "name": "steps",
            "peak": 0.1,
            "boundaries": tuple(96 * epoch for epoch in (10, 20, 30, 40, 50)),
            "factor": 0.1,
        }
    )
    stage.data.latent_item.update(
        {
            "rotation_probability": 0.2,
            "erasing_probability": 0.5,
            "color_changes": False,
        }
    )
    stage.run.steps, stage.loader.batch_size = 60 * 96, 128
    stage.mesh.fsdp = 1
    for block in (stage.data, stage.evals.unseen.data):
        block.latent_item.update({"size": SIDE, "grid": GRID, "width": 512})


def _use_prepared(config: ConfigDict, folder: str) -> None:
    """Expressions of prepared pictures, and what the stages before make of these."""
    stages = config.stages
    for name in ("expression", "recognizer"):
        stages[name].task.dataset = "raf_db"
    _read_prepared(stages.expression.data, folder, "train")
    _read_prepared(stages.expression.evals.unseen.data, folder, "test")
    sets = stages.latents.sets
    for name in ("covered", "uncovered"):
        del sets[name]
    _read_prepared(sets.train, folder, "train")
    _read_prepared(sets.validation, folder, "test")


def _read_prepared(block: ConfigDict, folder: str, split: str) -> None:
    """Takes the pictures of a data block from a prepared data set."""
    del block["synthetic_images"]
    block.source = "prepared_faces"
    block.prepared_faces = ConfigDict(
        {"path": folder, "split": split, "label_names": RAF_DB, "labelled": True}
    )


def sgd() -> ConfigDict:
    """As the expression networks are trained."""
    return ConfigDict({"name": "sgd", "momentum": 0.9, "weight_decay": 1e-4})
