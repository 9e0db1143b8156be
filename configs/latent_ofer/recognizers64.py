"""Other recognisers on what a pipeline of synthetic64.py has made, to compare them.

face-jax train --config configs/latent_ofer/recognizers64.py:given=all,pipeline=P \
    --workdir W --set run.seed=1
face-jax evaluate occlusion --checkpoint P --recognizers W... --out REPORT

P is the pipeline's work directory. ``given`` says what a recogniser sees: ``relevant`` (as in
the pipeline), ``all`` or ``none`` of the latents, with pictures whose covered parts are
painted; or pictures as they are: ``uncovered``, trained on such faces as usual, and
``covered``, trained on covered ones like the others. All go on from the pipeline's
expression network for equally many steps.
"""

from ml_collections import ConfigDict

from configs import common
from configs.latent_ofer import synthetic64

SELECTIONS, PICTURES = ("relevant", "all", "none"), ("uncovered", "covered")


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file.

    Raises:
      ValueError: a variant is unknown.
    """
    variant = common.variants(argument, pipeline="runs/ofer", given="relevant")
    if variant.given in SELECTIONS:
        return with_latents(variant.pipeline, variant.given)
    if variant.given not in PICTURES:
        known = ", ".join(SELECTIONS + PICTURES)
        raise ValueError(f"given: expected one of {known}, got {variant.given!r}")
    return pictures_alone(variant.pipeline, variant.given == "covered")


def with_latents(pipeline: str, selection: str) -> ConfigDict:
    """A recogniser of the stored pictures and of some of their latents."""
    config = synthetic64.recognizer()
    config.uses = ConfigDict()
    config.task.selection = selection
    config.task.image_branch_from = f"{pipeline}/expression"
    config.data.latents.path = f"{pipeline}/latents/train"
    config.evals.unseen.data.latents.path = f"{pipeline}/latents/validation"
    return config


def pictures_alone(pipeline: str, covered: bool) -> ConfigDict:
    """The expression network for as many steps more."""
    config, last = synthetic64.expression(), synthetic64.recognizer()
    config.run.steps = last.run.steps
    config.task.schedule = last.task.schedule
    config.task.start_from = f"{pipeline}/expression"
    if covered:
        config.task.picture = "image"
        config.data = synthetic64.faces("train", synthetic64.KINDS, class_balanced=True)
        config.data.synthetic_images.uncover_others = True
    return config
