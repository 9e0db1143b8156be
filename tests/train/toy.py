"""A fourth system, as small as one can be: two networks, two updates, two phases."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update

ROWS, WIDTH = 16, 8


class Line(nn.Module):
    """A hidden layer with batch norm, then one number per row."""

    hidden: int = 32

    @nn.compact
    def __call__(self, x, train=False):
        x = nn.BatchNorm(use_running_average=not train)(nn.Dense(self.hidden)(x))
        return nn.Dense(1)(nn.tanh(x))


@dataclasses.dataclass(frozen=True)
class ToyTask(Task):
    """Regression, and from ``critic_from`` on a critic of the regression's output."""

    hidden: int = 32
    critic_from: int = 5
    learning_rate: float = 1e-2
    explode_at: int = -1

    def init(self, key, batch):
        keys = jax.random.split(key, 3)
        return {
            "line": Line(self.hidden).init(keys[0], batch["x"]),
            "critic": nn.Dense(1).init(keys[1], batch["y"]),
            "teacher": nn.Dense(1).init(keys[2], batch["x"]),
        }

    def pretrained(self):
        kernel = np.linspace(-1, 1, WIDTH, dtype=np.float32)[:, None]
        bias = np.zeros(1, np.float32)
        return {"teacher": {"params": {"kernel": kernel, "bias": bias}}}

    def teachers(self):
        return ("teacher",)

    def optimizers(self):
        adam = optim.optimizer({"name": "adam"})
        return {"line": adam, "critic": adam}

    def learning_rates(self, step):
        rate = jnp.where(step == self.explode_at, jnp.inf, self.learning_rate)
        return {"line": rate, "critic": jnp.float32(self.learning_rate)}

    def phase(self, step):
        name = "critic" if step >= self.critic_from else "plain"
        return Phase(step=name, data="train")

    def updates(self, phase):
        updates = (Update("line", ("line",), self.line_loss),)
        if phase.step == "critic":
            updates += (Update("critic", ("critic",), self.critic_loss),)
        return updates

    def line_loss(self, variables, batch, key, carry):
        noise = 0.01 * jax.random.normal(key, batch["x"].shape)
        y, state = Line(self.hidden).apply(
            variables["line"], batch["x"] + noise, train=True, mutable=["batch_stats"]
        )
        teacher = nn.Dense(1).apply(variables["teacher"], batch["x"])
        mse = jnp.mean((y - batch["y"]) ** 2) + 0.1 * jnp.mean((y - teacher) ** 2)
        return mse, Aux({"mse": mse}, {"line": state}, {"y": y})

    def critic_loss(self, variables, batch, key, carry):
        difference = nn.Dense(1).apply(variables["critic"], carry["y"] - batch["y"])
        loss = jnp.mean((difference - 1) ** 2)
        return loss, Aux({"critic": loss})

    def predict(self, variables, batch):
        return {"y": Line(self.hidden).apply(variables["line"], batch["x"])}

    def metrics(self, batch, outputs):
        return {"mse": jnp.mean((outputs["y"] - batch["y"]) ** 2, axis=-1)}

    def pictures(self, batch, outputs):
        return {"y": np.full((4, 4, 3), 7, np.uint8)}


def toy_batch(seed: int, rows: int = ROWS) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.standard_normal((rows, WIDTH)).astype(np.float32)
    return {"x": x, "y": np.sin(x.sum(-1, keepdims=True)).astype(np.float32)}


class ToyStreams:
    """Batches that are a function of the step."""

    def __init__(self, broken_at: int = -1):
        self.broken_at = broken_at

    def spec(self):
        shapes = {name: rows.shape for name, rows in toy_batch(0).items()}
        return {n: jax.ShapeDtypeStruct(s, jnp.float32) for n, s in shapes.items()}

    def training(self, name, step):
        while True:
            batch = toy_batch(step)
            yield (
                {**batch, "y": batch["y"] * np.nan} if step == self.broken_at else batch
            )
            step += 1

    def evaluations(self):
        padded = {**toy_batch(-1 % 1000), "mask": np.r_[np.ones(11), np.zeros(5)]}
        return {"heldout": (4, lambda: [padded])}
