"""The toy system of ``tests/train/toy.py`` as a config of ``face-jax train``."""

from configs import common


def get_config(argument=""):
    common.variants(argument)
    config = common.base()
    config.system = "toy"
    config.task = {"hidden": 32, "critic_from": 5, "explode_at": -1}
    config.run.update({"steps": 40, "log_every": 5, "save_every": 10})
    config.run.update({"best_metric": "heldout/mse", "best_mode": "min"})
    config.loader.batch_size = 16
    return config
