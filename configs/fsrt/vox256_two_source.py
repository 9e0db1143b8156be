"""FSRT as published with two source images of the person; see ``vox256.py``.

face-jax train --config configs/fsrt/vox256_two_source.py --workdir W ...
"""

from ml_collections import ConfigDict

from configs.fsrt import vox256


def get_config(argument: str = "") -> ConfigDict:
    """The config; the same variants as ``vox256.py``."""
    config = vox256.get_config(argument)
    config.data.fsrt_item.num_sources = 2
    config.evals.validation.data.fsrt_item.num_sources = 2
    return config
