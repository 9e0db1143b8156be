"""A toy system whose hooks fit a sphere around all rows, before and after training."""

import dataclasses
import itertools

import jax.numpy as jnp
import numpy as np

from face_jax.train.distributed import to_host
from tests.train.toy import WIDTH, ToyTask

BATCHES = 3


@dataclasses.dataclass(frozen=True)
class SphereTask(ToyTask):
    """A centre before training, a radius after it; ``calls`` says what was called."""

    calls: list = dataclasses.field(default_factory=list)
    crash: bool = False

    def init(self, key, batch):
        fit = {"centre": jnp.zeros(WIDTH), "radius": jnp.zeros(())}
        return {**super().init(key, batch), "sphere": {"fit": fit}}

    def before_training(self, variables, batches):
        self.calls.append("before")
        centre = np.mean(rows(batches), axis=0)
        return {"sphere": {"fit": {**variables["sphere"]["fit"], "centre": centre}}}

    def after_training(self, variables, batches):
        self.calls.append("after")
        if self.crash:
            raise KeyboardInterrupt
        fit = to_host(variables["sphere"]["fit"])
        distances = np.linalg.norm(rows(batches) - fit["centre"], axis=1)
        # Of the trained parameters too, so that it tells which ones it has seen.
        radius = np.max(distances) + last_kernel(variables)
        return {"sphere": {"fit": {**fit, "radius": radius}}}


@dataclasses.dataclass(frozen=True)
class Returning(ToyTask):
    """Its first hook returns what it is told to."""

    changes: dict = dataclasses.field(default_factory=dict)

    def before_training(self, variables, batches):
        return self.changes


def rows(batches):
    """The first batches of a stream, and of the same one opened again."""
    first = [to_host(batch["x"]) for batch in itertools.islice(batches(), BATCHES)]
    again = next(batches())
    np.testing.assert_array_equal(first[0], to_host(again["x"]))
    return np.concatenate(first)


def last_kernel(variables):
    return np.sum(to_host(variables["line"]["params"]["Dense_1"]["kernel"]))
