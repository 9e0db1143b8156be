"""A transformer block and FSRT's last layers, as a task: planned in tests for pods."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from face_jax.fsrt.task import FsrtTask
from face_jax.nn.attention import SelfAttentionBlock
from face_jax.nn.layers import Mlp
from face_jax.train import optim
from face_jax.train.task import Aux, Task, Update

TOKENS, WIDTH, HEADS = 64, 128, 4


class Network(nn.Module):
    """Tokens to colours."""

    @nn.compact
    def __call__(self, tokens):
        block = SelfAttentionBlock(HEADS, WIDTH // HEADS, 4 * WIDTH, name="block")
        return Mlp((4 * WIDTH, 3), name="render")(block(tokens))


@dataclasses.dataclass(frozen=True)
class AttentionTask(Task):
    """Regression of colours."""

    def init(self, key, batch):
        return {"decoder": Network().init(key, batch["tokens"])}

    def optimizers(self):
        return {"decoder": optim.optimizer({"name": "adam"})}

    def learning_rates(self, step):
        return {"decoder": jnp.float32(1e-3)}

    def updates(self, phase):
        return (Update("decoder", ("decoder",), self.loss),)

    def loss(self, variables, batch, key, carry):
        made = Network().apply(variables["decoder"], batch["tokens"])
        loss = jnp.mean((made - batch["colors"]) ** 2)
        return loss, Aux({"mse": loss})

    def partition_rules(self):
        return FsrtTask().partition_rules()

    def predict(self, variables, batch):
        return {"colors": Network().apply(variables["decoder"], batch["tokens"])}

    def metrics(self, batch, outputs):
        return {}


@dataclasses.dataclass(frozen=True)
class AttentionStreams:
    """Shapes of batches; there are none."""

    rows: int

    def spec(self):
        widths = {"tokens": WIDTH, "colors": 3}
        return {
            name: jax.ShapeDtypeStruct((self.rows, TOKENS, width), jnp.float32)
            for name, width in widths.items()
        }
