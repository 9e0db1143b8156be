"""Training the network that refines reconstructions, against two discriminators.

Every iteration moves the discriminators first, then the generator against the moved
ones. Source: Latent-OFER, arXiv 2307.11404, and its public code; pictures there are
whole faces with a hole, here faces with something before them and the hole where it is.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.latent_ofer.assembly_rules import Compat
from face_jax.latent_ofer.discriminators import FeatureDiscriminator, ImageDiscriminator
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.expression_task import NETWORK as EXPRESSION
from face_jax.latent_ofer.expression_task import expression_network, load_expression
from face_jax.latent_ofer.generator import ReconstructionGenerator
from face_jax.latent_ofer.judges import Eyes, Judges
from face_jax.latent_ofer.mae import masked_autoencoder
from face_jax.latent_ofer.mae_task import NETWORK as AUTOENCODER
from face_jax.latent_ofer.mae_task import load_autoencoder
from face_jax.latent_ofer.patch_labels import (
    COVERED_SHARE,
    covered_patches,
    patch_cover,
)
from face_jax.latent_ofer.perception import EXPRESSION_SIDE, feature_network
from face_jax.latent_ofer.pictures import pictures_of, sheet_of
from face_jax.latent_ofer.refinement import (
    Problem,
    Refinement,
    paint,
    pose_problem,
    reconstruct,
    refine,
    to_generator,
)
from face_jax.latent_ofer.refinement_losses import (
    GENERATOR_WEIGHTS,
    discriminator_loss,
    discriminator_terms,
    generator_loss,
    generator_terms,
)
from face_jax.latent_ofer.starting_weights import load_vgg16
from face_jax.metrics import image as image_metrics
from face_jax.nn.building import build_module
from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

GENERATOR = "generator"
DISCRIMINATORS = ("image_discriminator", "feature_discriminator")

SCHEDULE: Mapping[str, Any] = {
    "name": "constant_then_linear",
    "peak": 2e-4,
    "constant_steps": 18 * 12_271,
    "decay_steps": 101 * 12_271,
}
"""The published rate for RAF-DB at one picture in each batch: 120 epochs."""


@dataclasses.dataclass(frozen=True)
class RefinementTask(Task):
    """The refinement's training; every default is the published value.

    Attributes:
      size: of the autoencoder, see ``MaeTask``.
      network: its other fields.
      autoencoder: its weights: folder of a run, file of published weights, or
        ``"random"``. It must be named.
      side: height and width of the generator's pictures, pixels.
      generator: fields of ``ReconstructionGenerator``.
      image_discriminator: fields of ``ImageDiscriminator``.
      feature_discriminator: fields of ``FeatureDiscriminator``.
      expression: fields of ``ExpressionNetwork``.
      expression_weights: likewise, of the network whose expressions should stay the
        same. It must be named.
      expression_side: height and width of the pictures that it sees, pixels.
      vgg16_weights: file of torchvision's VGG-16, or ``"random"``; without it the
        expression network's features are compared instead.
      compat: ``reference`` trains as published code does; the labels of the data then
        take the place of the expressions seen.
      weights: of the generator's terms.
      covered_share: share of a patch's pixels from which on it belongs to the hole.
      optimizer: name and keywords of every network's optimizer.
      schedule: learning rate by global step.
    """

    size: str = "base"
    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    autoencoder: str | None = None
    side: int = 256
    generator: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    image_discriminator: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    feature_discriminator: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    expression: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    expression_weights: str | None = None
    expression_side: int = EXPRESSION_SIDE
    vgg16_weights: str | None = None
    compat: Compat = "fixed"
    weights: Mapping[str, float] = dataclasses.field(
        default_factory=lambda: dict(GENERATOR_WEIGHTS)
    )
    covered_share: float = COVERED_SHARE
    optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {"name": "adam", "b1": 0.5, "b2": 0.999}
    )
    schedule: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: dict(SCHEDULE)
    )

    @functools.cached_property
    def refinement(self) -> Refinement:
        """The autoencoder and the generator."""
        fields = {"compat": self.compat}
        generator = build_module(ReconstructionGenerator, fields, self.generator)
        autoencoder = masked_autoencoder(self.size, self.network)
        return Refinement(autoencoder, generator, self.side)

    @functools.cached_property
    def judges(self) -> Judges:
        """The networks that judge, and how."""
        return Judges(
            image=build_module(ImageDiscriminator, {}, self.image_discriminator),
            features=build_module(FeatureDiscriminator, {}, self.feature_discriminator),
            expression=self.expression_module,
            expression_side=self.expression_side,
            compat=self.compat,
            eyes=self.eyes,
        )

    @property
    def expression_module(self) -> ExpressionNetwork:
        """The expression network."""
        return expression_network(self.expression)

    @property
    def eyes(self) -> Eyes:
        """Whose features are compared."""
        return "expression" if self.vgg16_weights is None else "vgg16"

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random variables of all networks.

        Raises:
          ValueError: the data's pictures are of another size.
        """
        keys = iter(jax.random.split(key, 6))
        image = pictures_of(batch, "image")[:1]
        picture, hole = (
            jnp.zeros((1, self.side, self.side, 3)),
            jnp.zeros((1, self.side, self.side), bool),
        )
        nets, judges = self.refinement, self.judges
        variables = {
            AUTOENCODER: nets.autoencoder.init(next(keys), image),
            GENERATOR: nets.generator.init(next(keys), picture, picture, hole),
            EXPRESSION: judges.expression.init(
                next(keys), jnp.zeros((1, *(self.expression_side,) * 2, 3))
            ),
            "image_discriminator": judges.image.init(next(keys), picture),
        }
        if self.eyes == "vgg16":
            variables["vgg16"] = feature_network().init(next(keys), picture)
        seen = judges.perceive(variables, picture)
        variables["feature_discriminator"] = judges.features.init(
            next(keys), seen.pooled
        )
        return variables

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """The frozen networks.

        Raises:
          FileNotFoundError: there is no such run or file.
          ValueError: one is not named, or does not fit.
        """
        for field in ("autoencoder", "expression_weights"):
            if getattr(self, field) is None:
                raise ValueError(
                    f"task.{field}: expected the folder of a run, a file of published "
                    "weights or 'random', got None"
                )
        autoencoder, module = str(self.autoencoder), self.refinement.autoencoder
        weights = str(self.expression_weights)
        loaded = {
            AUTOENCODER: load_autoencoder("autoencoder", autoencoder, module),
            EXPRESSION: load_expression(
                "expression_weights",
                weights,
                self.expression_module,
                self.expression_side,
            ),
        }
        if self.vgg16_weights is not None:
            loaded["vgg16"] = load_vgg16("vgg16_weights", self.vgg16_weights)
        return loaded

    def teachers(self) -> tuple[str, ...]:
        """Networks that only losses need."""
        return (EXPRESSION, *(("vgg16",) if self.eyes == "vgg16" else ()))

    def optimizers(self):
        """One for each network that moves."""
        names = (GENERATOR, *DISCRIMINATORS)
        return {name: optim.optimizer(self.optimizer) for name in names}

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """The same rate for all of them."""
        rate = jnp.float32(optim.schedule(self.schedule)(step))
        return dict.fromkeys((GENERATOR, *DISCRIMINATORS), rate)

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """The discriminators', then the generator's."""
        del phase
        return (
            Update("discriminators", DISCRIMINATORS, self.discriminators_loss),
            Update(GENERATOR, (GENERATOR,), self.generator_loss),
        )

    def discriminators_loss(self, variables, batch, key, carry):
        """How badly made pictures are told from real ones; leaves the problem."""
        del key, carry
        problem, target = self._problem(variables, batch)
        made = refine(self.refinement, variables, problem).images
        terms = discriminator_terms(self.judges, variables, made, target)
        carry = {"problem": problem._asdict(), "target": target}
        return discriminator_loss(terms), Aux(metrics=terms, carry=carry)

    def generator_loss(self, variables, batch, key, carry):
        """What is wrong with the generator's pictures."""
        del key
        problem, target = Problem(**carry["problem"]), carry["target"]
        refined = refine(self.refinement, variables, problem)
        labels = batch["label"] if self.compat == "reference" else None
        terms = generator_terms(
            self.judges, variables, refined, problem.coarse, target, labels
        )
        return generator_loss(terms, self.weights), Aux(metrics=terms)

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Both reconstructions, [B, H, H, 3], in the true hole."""
        images, mask = pictures_of(batch, "image"), self._mask(batch)
        made = reconstruct(self.refinement, variables, images, mask)
        return {"coarse": made.coarse, "made": made.images, "mask": mask}

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """PSNR of both, dB, over whole pictures: not all of them have a hole."""
        target = pictures_of(batch, "clean_image")
        return {
            f"psnr_{name}": image_metrics.psnr(outputs[name], target)
            for name in ("coarse", "made")
        }

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Rows of what was given, both reconstructions, and the truth."""
        columns = {
            "given": np.asarray(batch["image"]),
            "transformer": viz.to_uint8(outputs["coarse"]),
            "refined": viz.to_uint8(outputs["made"]),
            "truth": np.asarray(batch["clean_image"]),
        }
        return {"reconstruction": sheet_of(columns)}

    def _problem(self, variables: Variables, batch: Batch) -> tuple[Problem, Array]:
        images, mask = pictures_of(batch, "image"), self._mask(batch)
        coarse, _ = paint(self.refinement, variables, images, mask)
        problem = pose_problem(self.refinement, coarse, mask)
        target = to_generator(pictures_of(batch, "clean_image"), self.side)
        return jax.lax.stop_gradient(problem), target

    def _mask(self, batch: Batch) -> Array:
        patch_size = self.refinement.autoencoder.patch_size
        cover = patch_cover(batch["occluder_mask"], patch_size)
        return covered_patches(cover, self.covered_share)
