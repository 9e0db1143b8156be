"""SMIRK's main stage as published: 224 x 224 pixels, FLAME, both paths.

face-jax train --config configs/smirk/train.py --workdir W \
    --set task.networks.head=flame2020.npz --set task.start_from=PRETRAINED \
    --set task.vgg16_weights=vgg16.pth --set task.emotion_weights=emotion.npz \
    --set task.templates=expression_templates_famos

flame2020.npz is what ``face-jax prepare head`` writes, PRETRAINED the work directory of
configs/smirk/pretrain.py. The published run took 50 epochs of 1562 steps of batch 32, and
restarted the learning rate's fall with every epoch; here it falls once. Folders of the
data: ``--set data.mixture.ffhq.faces.path=...`` and so on. Variants: ``smoke`` (seconds,
built-in faces); ``prepared=RECORDS``: the folders lrs3, mead, ffhq and celeba in RECORDS
are those of ``face-jax prepare``.
"""

from ml_collections import ConfigDict, config_dict

from configs import common

STEPS = 50 * 1562

VALIDATION_PERSONS = ("M013", "M023", "M042", "W018", "W028")
# fmt: off
TRAINING_PERSONS = (
    "M003", "M007", "M009", "M011", "M012", "M019", "M024", "M025", "M026", "M027",
    "M029", "M030", "M031", "M032", "M033", "M034", "M035", "M037", "M039", "M040",
    "M041", "W009", "W011", "W014", "W015", "W016", "W019", "W021", "W023", "W024",
    "W025", "W026", "W035", "W036", "W037", "W038", "W040",
)
"""Of MEAD."""
# fmt: on


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False, prepared="")
    config = common.base()
    config.system = "smirk"
    config.run.steps = STEPS
    config.run.best_metric, config.run.best_mode = "validation/nme", "min"
    config.task = task()
    config.task.schedule.decay_steps = config.run.get_ref("steps")
    config.data = data()
    config.loader.update({"batch_size": 32, "num_workers": 8})
    config.evals.validation = common.evaluation(validation(), every=1562, batch_size=32)
    if variant.prepared:
        use_prepared(config, variant.prepared)
    return smoke(config) if variant.smoke else config


def task() -> ConfigDict:
    """The published training."""
    adam = {"name": "adam", "b1": 0.9, "b2": 0.999, "eps": 1e-8}
    return ConfigDict(
        {
            "networks": networks(),
            "compat": "fixed",
            "pretraining_steps": 0,
            "trained_encoders": ("expression_encoder",),
            "encoder_optimizer": adam,
            "generator_optimizer": {**adam, "b1": 0.5},
            "schedule": {
                "name": "warmup_cosine",
                "peak": 1e-3,
                "warmup_steps": 0,
                "decay_steps": STEPS,
                "end": 1e-5,
            },
            "encoder_rate": 0.25,
            "joint_rate": 0.25,
            "pretraining_weights": {
                "contour": 100.0,
                "landmarks": 100.0,
                "expression": 1e-2,
                "identity": 10.0,
            },
            "weights": {
                "contour": 100.0,
                "landmarks": 100.0,
                "perceptual": 10.0,
                "reconstruction": 10.0,
                "emotion": 1.0,
                "expression": 1e-3,
                "jaw": 1e-2,
            },
            "cycle_weight": 1.0,
            "cycle_weights": {
                "expression": 1.0,
                "jaw": 10.0,
                "eyelid": 10.0,
                "shape": 1.0,
            },
            "cycle_copies": 1,
            "cycle_clip_norm": 0.1,
            "mask_ratio": 0.01,
            "mask_radius": 10,
            "hole_radius": 5,
            "expression_spread": 1.0,
            "expression_bounds": config_dict.placeholder(tuple),
            "templates": config_dict.placeholder(str),
            "perceptual_squeezed": True,
            "perceptual_side": 224,
            "emotion_distance": "l2",
            "identity_teacher": "mica",
            "identity_metric": "coefficients",
            "identity_noise": 0.0,
            "start_from": config_dict.placeholder(str),
            "regularize_towards_start": False,
            "backbone_weights": {},
            "vgg16_weights": config_dict.placeholder(str),
            "emotion_weights": config_dict.placeholder(str),
            "mica_weights": config_dict.placeholder(str),
        }
    )


def networks() -> ConfigDict:
    """The published sizes: only what one may want to switch."""
    return ConfigDict(
        {
            "image_size": 224,
            "head": "flame2020.npz",
            "triangle_masks": config_dict.placeholder(str),
            "num_shape": config_dict.placeholder(int),
            "num_expression": config_dict.placeholder(int),
            "use_jaw": True,
            "use_eyelids": True,
            "pose_encoder": {},
            "shape_encoder": {},
            "expression_encoder": {},
            "joint_head": False,
            "generator": {},
            "dtype": "float32",
        }
    )


def data() -> ConfigDict:
    """The published mixture; a folder for each data set."""
    return ConfigDict(
        {
            "mixture": {
                "lrs3": part(0.2, "lrs3", split="trainval"),
                "mead": part(
                    0.1, "mead/front", people="prefixes", names=TRAINING_PERSONS
                ),
                "ffhq": part(0.3, "ffhq"),
                "celeba": part(0.3, "celeba"),
                "mead_sides": part(
                    0.1, "mead/sides", people="prefixes", names=TRAINING_PERSONS
                ),
            },
            "item": "smirk_item",
            "smirk_item": {"size": 224, "mode": "train", "recognition_image": False},
        }
    )


def part(weight: float, path: str, **faces) -> dict:
    """One data set of the mixture; landmark files lie beside its pictures and clips."""
    return {"weight": weight, "source": "faces", "faces": {"path": path, **faces}}


def validation() -> ConfigDict:
    """MEAD's persons for validation, a few frames of each clip."""
    faces = {"path": "mead/front", "people": "prefixes", "names": VALIDATION_PERSONS}
    return ConfigDict(
        {
            "source": "faces",
            "faces": faces,
            "item": "smirk_item",
            "smirk_item": {
                "size": 224,
                "mode": "plain",
                "recognition_image": False,
                "evaluation_frames_per_clip": 2,
            },
        }
    )


PREPARED = {"lrs3": 0.2, "mead": 0.2, "ffhq": 0.3, "celeba": 0.3}
"""Weights of the mixture's data sets, MEAD's views in one."""


def use_prepared(config: ConfigDict, folder: str) -> None:
    """Takes the mixture, and MEAD's persons for validation, from prepared data sets."""
    config.data.mixture = {
        name: {"weight": weight, **_records(f"{folder}/{name}", "train")}
        for name, weight in PREPARED.items()
    }
    block = config.evals.validation.data
    del block["faces"]
    block.update(_records(f"{folder}/mead", "validation"))


def _records(path: str, split: str) -> dict:
    return {
        "source": "prepared_faces",
        "prepared_faces": {"path": path, "split": split},
    }


def smoke(config: ConfigDict) -> ConfigDict:
    """Tiny networks on the built-in faces; one step in each phase."""
    config.task.networks.update(small_networks(32))
    config.task.update({"mask_ratio": 0.05, "mask_radius": 1})
    config.loader.update({"batch_size": 8, "num_workers": 0})
    config.evals.validation.batch_size = 8
    config.data = synthetic(config.data, "train")
    evaluated = config.evals.validation
    evaluated.data = synthetic(evaluated.data, "validation")
    return common.smoke(config)


def small_networks(image_size: int) -> ConfigDict:
    """Networks that compile in seconds, for the head that needs no files."""
    return ConfigDict(
        {
            "image_size": image_size,
            "head": "procedural",
            "pose_encoder": {"variant": "tiny"},
            "shape_encoder": {"variant": "tiny"},
            "expression_encoder": {"variant": "tiny"},
            "generator": {"features": 4, "levels": 2, "residual_blocks": 1},
        }
    )


def synthetic(block: ConfigDict, split: str) -> ConfigDict:
    """A data block with five built-in persons in the place of its data."""
    return ConfigDict(
        {
            "source": "synthetic_images",
            "synthetic_images": {
                "split": split,
                "built_in": {"people": 10, "images_per_person": 7, "size": 48},
            },
            "item": "smirk_item",
            "smirk_item": {**block.smirk_item.to_dict(), "size": 32},
        }
    )
