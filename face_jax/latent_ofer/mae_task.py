"""Training the masked autoencoder, the first stage: predict patches from the others.

Source: masked autoencoders, arXiv 2111.06377, whose ImageNet weights Latent-OFER
(arXiv 2307.11404) starts from; here it may be trained on faces from the start.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.latent_ofer.mae import MaskedAutoencoder, masked_autoencoder
from face_jax.latent_ofer.mae_table import masked_autoencoder_table
from face_jax.latent_ofer.pictures import check_picture, pictures_of, sheet_of
from face_jax.latent_ofer.reconstruction import (
    coarse_images,
    patch_targets,
    random_mask,
    reconstruction_loss,
)
from face_jax.latent_ofer.starting_weights import load_network
from face_jax.metrics import image as image_metrics
from face_jax.nn.apply import apply
from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

NETWORK = "autoencoder"
"""Name of the network in this run, and in all that take it from here."""

SCHEDULE: Mapping[str, Any] = {
    "name": "warmup_cosine",
    "peak": 2.4e-3,
    "warmup_steps": 12_500,
    "decay_steps": 250_000,
    "end": 0.0,
}
"""The published rate, 1.5e-4 for each 256 pictures of a batch of 4096, for 40 of 800
epochs of ImageNet growing."""


@dataclasses.dataclass(frozen=True)
class MaeTask(Task):
    """A masked autoencoder's training; every default is the published value.

    Attributes:
      size: ``tiny``, ``base`` or ``large``.
      network: other fields of ``MaskedAutoencoder``.
      picture: which of an item's pictures it sees: ``image``, or ``clean_image``
        without what covers the face.
      target: which of them it predicts; None for the one that it sees, as published.
        Where it sees ``image`` and predicts ``clean_image``, its latents must tell what
        is covered, as nothing about the face may be concluded from there.
      mask_ratio: share of the patches that are masked.
      normalized_targets: predict patches of mean 0 and variance 1. Latent-OFER needs
        pixels.
      optimizer: its name and keywords.
      schedule: learning rate by global step.
      start_from: folder of a run, or file of published weights; None begins with
        random weights.
    """

    size: str = "base"
    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    picture: str = "image"
    target: str | None = None
    mask_ratio: float = 0.75
    normalized_targets: bool = False
    optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {
            "name": "adamw",
            "b1": 0.9,
            "b2": 0.95,
            "weight_decay": 0.05,
        }
    )
    schedule: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: dict(SCHEDULE)
    )
    start_from: str | None = None

    def __post_init__(self) -> None:
        check_picture("picture", self.picture)
        check_picture("target", self._target)

    @functools.cached_property
    def module(self) -> MaskedAutoencoder:
        """The network."""
        return masked_autoencoder(self.size, self.network)

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random variables.

        Raises:
          ValueError: the data's pictures are of another size.
        """
        image = pictures_of(batch, self.picture)[:1]
        return {NETWORK: self.module.init(key, image)}

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """What the run begins with.

        Raises:
          FileNotFoundError: there is no such run or file.
          ValueError: it does not fit.
        """
        if self.start_from is None:
            return {}
        return {
            NETWORK: load_autoencoder("start_from", self.start_from, self.module),
        }

    def optimizers(self):
        """One, of the network's parameters; tables of positions are none."""
        return {NETWORK: optim.optimizer(self.optimizer)}

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """The network's rate."""
        return {NETWORK: jnp.float32(optim.schedule(self.schedule)(step))}

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """One update."""
        del phase
        return (Update(NETWORK, (NETWORK,), self.loss),)

    def loss(self, variables, batch, key, carry):
        """Squared error of masked patches."""
        del carry
        images = pictures_of(batch, self.picture)
        noise = jax.random.uniform(key, (len(images), self.module.num_patches))
        mask, kept = random_mask(noise, self.mask_ratio)
        made = apply(
            self.module,
            variables[NETWORK],
            images,
            kept,
            method=self.module.from_kept,
        )
        targets = self._targets(batch)
        loss = reconstruction_loss(made.patches, targets, mask)
        return loss, Aux(metrics={"reconstruction": loss})

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Pictures whose patches are masked at random, the same ones in every batch.

        ``masked`` is what the network sees, ``image`` what it should predict with what
        it did predict in its place, ``error`` as in the loss.
        """
        images = pictures_of(batch, self.picture)
        shape = (len(images), self.module.num_patches)
        mask, _ = random_mask(
            jax.random.uniform(jax.random.key(0), shape), self.mask_ratio
        )
        made = apply(self.module, variables[NETWORK], images, mask)
        grey = jnp.zeros_like(made.patches)
        return {
            "masked": coarse_images(images, grey, mask),
            "image": coarse_images(
                pictures_of(batch, self._target), made.patches, mask
            ),
            "error": jax.vmap(reconstruction_loss)(
                made.patches[:, None],
                self._targets(batch)[:, None],
                mask[:, None],
            ),
        }

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """``error`` of masked patches in the loss's units, and PSNR in dB."""
        target = pictures_of(batch, self._target)
        found = {"error": outputs["error"]}
        if not self.normalized_targets:
            found["psnr"] = image_metrics.psnr(outputs["image"], target)
        return found

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Rows of photograph, what was shown, and what was made."""
        columns = {
            "photograph": viz.to_uint8(np.asarray(batch[self.picture])),
            "shown": viz.to_uint8(outputs["masked"]),
            "made": viz.to_uint8(outputs["image"]),
        }
        return {"patches": sheet_of(columns)}

    @property
    def _target(self) -> str:
        return self.target or self.picture

    def _targets(self, batch: Batch) -> Array:
        """Patches to predict, [B, L, P * P * 3]."""
        images = pictures_of(batch, self._target)
        return patch_targets(images, self.module.patch_size, self.normalized_targets)


def load_autoencoder(
    field: str, source: str, module: MaskedAutoencoder
) -> dict[str, Any]:
    """Variables of an autoencoder, see ``starting_weights.load_network``."""
    side = module.image_size
    image = jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32)
    return load_network(
        field, source, NETWORK, module, (image,), masked_autoencoder_table
    )
