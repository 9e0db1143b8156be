"""FSRT for pods: 2.9e9 parameters in encoder and decoder, 64 times as many.

face-jax train --config configs/fsrt/scaled.py --workdir W --set mesh.fsdp=16 ...

Everything but the sizes of encoder and decoder is as in configs/fsrt/vox256.py, whose
further settings it needs. Parameters and moments are 35 GB: on chips with less memory
they must be split over ``fsdp`` (``face-jax plan`` says over how many). Blocks compute in
bfloat16 and are computed again in the backward pass. No run of this size is known;
the sizes are ours. Variants as in configs/fsrt/vox256.py.
"""

from ml_collections import ConfigDict

from configs import common
from configs.fsrt import vox256


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False, random_weights=False)
    config = vox256.get_config("random_weights" if variant.random_weights else "")
    config.task.networks.update({"dtype": "bfloat16", "remat": True})
    config.task.networks.encoder.update(
        {
            "width": 4096,
            "depth": 12,
            "num_heads": 32,
            "head_dim": 128,
            "mlp_dim": 16384,
        }
    )
    config.task.networks.decoder.update(
        {
            "input_hidden": 2048,
            "width": 2048,
            "depth": 4,
            "num_heads": 16,
            "head_dim": 128,
            "mlp_dim": 8192,
            "render_hidden": (8192, 8192, 8192, 8192),
        }
    )
    config.mesh.fsdp = 16
    return vox256.get_config("smoke") if variant.smoke else config
