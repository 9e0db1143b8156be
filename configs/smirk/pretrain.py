"""SMIRK's pretraining as published: the encoders alone, by landmarks and MICA.

face-jax train --config configs/smirk/pretrain.py --workdir W \
    --set task.networks.head=flame2020.npz --set task.mica_weights=mica.npz

The encoders start from timm's ImageNet weights where their files are given:
``--set "task.backbone_weights={'small': 'small.pth', 'large': 'large.pth'}"``. The
published run took 300 epochs of 1562 steps of batch 32. Data and variants as in
configs/smirk/train.py.
"""

from ml_collections import ConfigDict

from configs import common
from configs.smirk import train

STEPS = 300 * 1562


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False, prepared="")
    config = train.get_config(
        f"prepared={variant.prepared}" if variant.prepared else ""
    )
    config.run.steps = STEPS
    with config.ignore_type():
        config.task.pretraining_steps = None
    config.task.schedule.update({"peak": 2e-4, "end": 2e-6})
    config.data.smirk_item.recognition_image = True
    return train.smoke(config) if variant.smoke else config
